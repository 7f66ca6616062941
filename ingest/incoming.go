package ingest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
)

const (
	batchBytes = 256 << 10 // frames are handed from the connection to the consumer in batches of this size or the frame's
	aheadBytes = 2 << 20   // of one answer may wait, or one batch that is larger
)

// incoming is the answer to a request for one selection, read by a goroutine of its own.
type incoming struct {
	part
	r       *Remote
	cancel  context.CancelFunc
	batches chan *batch // closed at the end
	waiting *flight     // what of it was read and is not done with
	taken   bool        // something of it was handed over

	// To be read when batches is closed.
	bytes int64
	err   error
}

func newIncoming(r *Remote, p part, cancel context.CancelFunc) *incoming {
	return &incoming{r: r, part: p, cancel: cancel, batches: make(chan *batch, 2*aheadBytes/batchBytes), waiting: newFlight(min(aheadBytes, r.share()))}
}

// batch is some whole frames, or an unpacked sampled answer. buf goes on for slack bytes beyond its end.
type batch struct {
	buf     []byte
	ends    []int // of the frames
	sampled bool
}

var batches = sync.Pool{New: func() any { return &batch{} }}

func newBatch() *batch { return batches.Get().(*batch) } //nolint:errcheck // nothing else is put there

// add copies a frame to the batch's end.
func (b *batch) add(frame []byte) {
	if need := len(b.buf) + len(frame) + slack; cap(b.buf) < need {
		grown := make([]byte, len(b.buf), max(need, batchBytes+batchBytes/4))
		copy(grown, b.buf)
		b.buf = grown
	}
	b.buf = append(b.buf, frame...)
	b.ends = append(b.ends, len(b.buf))
}

// done gives a batch back.
func (a *incoming) done(b *batch) {
	a.waiting.leave(len(b.buf))
	a.r.inFlight().Sub(float64(len(b.buf)))
	if cap(b.buf) <= keepFrame {
		b.buf, b.ends, b.sampled = b.buf[:0], b.ends[:0], false
		batches.Put(b)
	}
}

// fetch reads the answer; the time that the consumer takes does not count against the time-out.
func (a *incoming) fetch(ctx context.Context) {
	defer close(a.batches)
	defer a.cancel()
	ctx, stop := withPace(ctx, a.r.timeout)
	defer stop()
	parts := []part{a.part}
	a.err = a.r.call(ctx, "read "+partsString(parts), func(ctx context.Context) (int, error) {
		return a.r.exchange(ctx, parts, func(resp *http.Response) error { return a.read(ctx, resp) })
	})
}

func (a *incoming) read(ctx context.Context, resp *http.Response) error {
	streamed, err := isStreamed(resp)
	switch {
	case err != nil:
		return err
	case !streamed:
		return a.readSampled(ctx, resp.Body)
	}
	a.r.sampled.Store(false)
	frames := newFrameReader(resp.Body, a.r.share())
	defer func() {
		a.r.metrics.bytes.WithLabelValues(a.r.name).Add(float64(frames.bytes))
		frames.release()
	}()
	p, b := paceOf(ctx), newBatch()
	for {
		p.wait()
		payload, err := frames.next()
		p.rest(len(payload))
		a.bytes = frames.bytes
		if errors.Is(err, io.EOF) {
			return a.send(ctx, b)
		}
		if err != nil {
			return err
		}
		b.add(payload)
		if len(b.buf) >= batchBytes {
			if err := a.send(ctx, b); err != nil {
				return err
			}
			b = newBatch()
		}
	}
}

func (a *incoming) readSampled(ctx context.Context, body io.Reader) error {
	a.r.sampled.Store(true)
	plain, packed, err := a.r.readSampled(body, a.r.share())
	paceOf(ctx).rest(int(packed))
	a.bytes = packed
	if err != nil {
		return err
	}
	return a.send(ctx, &batch{buf: plain, sampled: true})
}

// send waits for the consumer, while the server waits for us.
func (a *incoming) send(ctx context.Context, b *batch) error {
	if len(b.buf) == 0 {
		return nil
	}
	if err := a.waiting.enter(ctx, len(b.buf)); err != nil {
		return err
	}
	a.r.inFlight().Add(float64(len(b.buf)))
	select {
	case a.batches <- b:
		return nil
	case <-ctx.Done():
		a.done(b)
		return ctx.Err()
	}
}

// unreadable names the answer that cannot be made out, though it came as a whole.
func (r *Remote) unreadable(a *incoming, err error) error {
	var damage *corruptError
	if !errors.As(err, &damage) || ErrorKind(err) != KindNone {
		return err
	}
	return r.failure(context.Background(), "read "+matcherString(a.matchers), http.StatusOK, err)
}
