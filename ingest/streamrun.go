package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// stream is one stream under way: requests for window after window, the answer at hand and, in spare slots, those to the next.
type stream struct {
	r     *Remote
	sel   Selection
	chunk func(n int, id *identity, c *chunk) error
	stats StreamStats

	matchers []*labels.Matcher
	names    *interner
	numbers  numbering
	wire     wireSeries
	lastKey  []byte // the Label fields of the series met last,
	lastID   *identity
	lastN    int // and its number

	read    int64 // samples of the batch at hand
	window  int64 // milliseconds of one request
	next    int64 // where the next request begins
	queue   []*incoming
	running sync.WaitGroup
}

func newStream(r *Remote, sel Selection) *stream {
	return &stream{r: r, sel: sel, next: sel.From, lastN: -1}
}

// callerError is what the consumer of a stream failed with, as opposed to the stream.
type callerError struct{ err error }

func (e *callerError) Error() string { return e.err.Error() }
func (e *callerError) Unwrap() error { return e.err }

func ofCaller(err error) error {
	if err == nil {
		return nil
	}
	return &callerError{err}
}

// named gives the error of a stream its kind and counts it; the consumer's own goes back as it was.
func (s *stream) named(ctx context.Context, err error) error {
	var own *callerError
	var damage *corruptError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return own.err
	case ErrorKind(err) != KindNone:
	case errors.As(err, &damage):
		err = s.r.damaged(err)
	case ctx.Err() != nil:
		err = &Error{Kind: transportKind(ctx, ctx.Err()), Source: s.r.cfg.Name, Op: s.op(), Err: ctx.Err()}
	default:
		err = &Error{Kind: KindLimit, Source: s.r.cfg.Name, Op: s.op(), URL: s.r.shown, Err: err}
	}
	s.r.countFailure(err)
	return err
}

func (s *stream) op() string { return "stream " + matcherString(s.sel.Matchers) }

// run reads everything; what was asked for ahead is given up with an error.
func (s *stream) run(ctx context.Context) error {
	if len(s.sel.Matchers) == 0 || s.sel.To < s.sel.From {
		return queryError(matcherString(s.sel.Matchers), fmt.Errorf("nothing to stream: %d matchers, range %d to %d", len(s.sel.Matchers), s.sel.From, s.sel.To))
	}
	if err := s.r.knowExternal(ctx); err != nil {
		return err
	}
	var strip []string
	s.matchers, strip = withExternal(s.sel.Matchers, s.r.external(), s.r.cfg.DropLabels)
	s.names = s.r.names.of(strip)
	s.window = s.r.cfg.Window.Milliseconds()
	defer s.giveUp()
	for len(s.queue) > 0 || s.next <= s.sel.To {
		if len(s.queue) == 0 {
			if err := s.r.slots.take(ctx); err != nil {
				return err
			}
			s.start(ctx)
		}
		if err := s.consume(ctx, s.queue[0]); err != nil && !s.again(s.queue[0], err) {
			return err
		}
	}
	if len(s.numbers.list) == 0 {
		s.r.foundNothing()
	}
	return nil
}

// start sends the next request; it holds a slot of the source until its answer is read.
func (s *stream) start(ctx context.Context) {
	if s.r.sampled.Load() {
		s.window = min(s.window, sampledWindow.Milliseconds())
	}
	ctx, cancel := context.WithCancel(ctx)
	a := &incoming{
		r: s.r, from: s.next, to: min(s.sel.To, s.next+s.window-1), cancel: cancel,
		batches: make(chan *batch, aheadBatches),
	}
	s.next = a.to + 1
	s.queue = append(s.queue, a)
	s.stats.Requests++
	s.running.Go(func() {
		defer s.r.slots.give()
		a.fetch(ctx, s.matchers)
	})
}

// ahead sends further requests where slots are free, so that the server works on the next answer while this one is decoded.
func (s *stream) ahead(ctx context.Context) {
	for len(s.queue) < s.r.cfg.Concurrency && s.next <= s.sel.To && s.r.slots.tryTake() {
		s.start(ctx)
	}
}

// consume hands over one answer and takes it off the queue.
func (s *stream) consume(ctx context.Context, a *incoming) error {
	for {
		select {
		case b, more := <-a.batches:
			if !more {
				s.stats.Bytes += a.bytes
				if a.err == nil {
					s.queue = s.queue[1:]
				}
				return a.err
			}
			err := s.take(a, b)
			a.done(b)
			s.r.countSamples(s.read)
			s.read = 0
			if err != nil {
				return err
			}
			s.ahead(ctx)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// again says whether the answer's error can be avoided by asking for less at a time, and does so.
func (s *stream) again(a *incoming, err error) bool {
	length := a.to - a.from + 1
	limited := isOwnLimit(err) || ErrorKind(err) == KindLimit && isSampleLimit(err)
	if !limited || a.taken || length < 2*smallestWindow.Milliseconds() {
		return false
	}
	s.giveUp()
	s.window, s.next = (length+1)/2, a.from
	s.r.countSplit(err)
	s.r.cfg.Logger.Debug("window halved", "source", s.r.cfg.Name, "window", time.Duration(s.window)*time.Millisecond, "reason", err)
	return true
}

// giveUp ends all requests under way and waits for them.
func (s *stream) giveUp() {
	for _, a := range s.queue {
		a.cancel()
		for b := range a.batches {
			a.done(b)
		}
	}
	s.running.Wait()
	s.queue = nil
}
