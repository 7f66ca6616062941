package engine

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// A shard is a sequence of frames: a detector's name, a number of its groups, and these after their length in bytes. A detector may have
// any number of frames.

// frameBytes is the length at which a frame is written. What a snapshot takes in memory is a frame for each worker, however many groups
// there are.
const frameBytes = 256 << 10

// writeShards writes all groups in so many shards of equal numbers, in the order of detectors and ids.
func (e *Engine) writeShards(shards int, put func(shard int, write func(io.Writer) error) error) error {
	workers := e.opts.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	total := 0
	for _, d := range e.detectors {
		total += len(d.groups)
	}
	var next atomic.Int64
	errs := make([]error, min(workers, shards))
	work := func(w int) {
		f := frameWriter{groups: encoder{b: make([]byte, 0, frameBytes+frameBytes/8)}}
		for i := int(next.Add(1)) - 1; i < shards; i = int(next.Add(1)) - 1 {
			err := put(i, func(w io.Writer) error { return f.shard(w, e.detectors, total*i/shards, total*(i+1)/shards) })
			if err != nil {
				errs[w] = fmt.Errorf("shard %d: %w", i, err)
				next.Store(int64(shards)) // the others need not go on
				return
			}
		}
	}
	var wg sync.WaitGroup
	for w := range errs {
		wg.Go(func() { work(w) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// frameWriter encodes shards, one after the other, in the same memory.
type frameWriter struct {
	head, groups encoder
	n            int // groups in the frame
}

// shard writes the groups from up to to, counted over all detectors.
func (f *frameWriter) shard(w io.Writer, ds []*detector, from, to int) error {
	for _, d := range ds {
		for _, g := range d.groups[min(max(from, 0), len(d.groups)):min(max(to, 0), len(d.groups))] {
			g.append(&f.groups, d.step())
			if d.Own {
				f.groups.own(g.own())
			}
			f.n++
			if len(f.groups.b) >= frameBytes {
				if err := f.flush(w, d.Name); err != nil {
					return err
				}
			}
		}
		if err := f.flush(w, d.Name); err != nil {
			return err
		}
		from, to = from-len(d.groups), to-len(d.groups)
	}
	return nil
}

// flush writes the frame, unless it is empty, and begins another.
func (f *frameWriter) flush(w io.Writer, detector string) error {
	if f.n == 0 {
		return nil
	}
	f.head.str(detector)
	f.head.uint(f.n)
	f.head.uint(len(f.groups.b))
	_, err := w.Write(f.head.b)
	if err == nil {
		_, err = w.Write(f.groups.b)
	}
	f.head.b, f.groups.b, f.n = f.head.b[:0], f.groups.b[:0], 0
	return err
}

// shardReader loads shards, one after the other, through the same memory.
type shardReader struct {
	engine *Engine
	kept   map[string]bool // detectors that go on; the groups of others are left out
	in     bufio.Reader
	body   bytes.Buffer
}

// load reads a shard to its end.
func (r *shardReader) load(shard io.Reader) error {
	r.in.Reset(shard)
	for {
		if _, err := r.in.Peek(1); errors.Is(err, io.EOF) {
			return nil
		}
		if err := r.frame(); err != nil {
			return err
		}
	}
}

// frame reads one frame.
func (r *shardReader) frame() error {
	name, err := r.text()
	if err != nil {
		return err
	}
	n, err := r.length()
	if err != nil {
		return err
	}
	detector := string(name) // the next call reuses its memory
	body, err := r.text()
	if err != nil || !r.kept[detector] {
		return err
	}
	det, d := r.engine.find(detector), decoder{b: body}
	for range n {
		g, err := det.loadGroup(&d)
		if err != nil {
			return fmt.Errorf("detector %s: %w", detector, err)
		}
		det.groups = append(det.groups, g)
	}
	return nil
}

func (r *shardReader) length() (int, error) {
	v, err := binary.ReadUvarint(&r.in)
	if err != nil || v > math.MaxInt32 {
		return 0, cmp.Or(unlessShort(err), errShort)
	}
	return int(v), nil
}

// text reads bytes after their length. They are valid until the next call, and memory grows no faster than they arrive, whatever length is
// claimed.
func (r *shardReader) text() ([]byte, error) {
	n, err := r.length()
	if err != nil {
		return nil, err
	}
	r.body.Reset()
	if _, err := io.CopyN(&r.body, &r.in, int64(n)); err != nil {
		return nil, cmp.Or(unlessShort(err), errShort)
	}
	return r.body.Bytes(), nil
}

// unlessShort is err, unless it says that there is no more.
func unlessShort(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}
