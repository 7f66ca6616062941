package ingest

import (
	"bytes"
	"fmt"
	"io"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// feedSet gives the series of one selector in one window as its answer comes. A series is valid until the next.
type feedSet struct {
	f     *feed
	index int // among the plan's selectors
	a     *incoming
	names *interner
	err   error
	ended bool // the answer

	b     *batch // the frames at hand
	frame int    // of b, the next to look into
	rest  []byte // of the frame at hand
	wire  wireSeries
	met   bool // wire is a series that is not given out yet

	one    series
	key    []byte // its Label fields
	last   *identity
	listed []*series // of a sampled answer
	read   int64     // samples of the batch at hand
}

// Next moves to the next series that has a chunk in the window.
func (s *feedSet) Next() bool {
	if s.err != nil {
		return false
	}
	more, err := s.next()
	if s.err = s.f.r.unreadable(s.a, err); s.err != nil {
		return false
	}
	return more
}

// At is the current series.
func (s *feedSet) At() storage.Series {
	if s.listed != nil {
		return s.listed[0]
	}
	return &s.one
}

// Err is what ended the answer.
func (s *feedSet) Err() error { return s.err }

// Warnings is always empty.
func (*feedSet) Warnings() annotations.Annotations { return nil }

func (s *feedSet) next() (bool, error) {
	if s.a == nil {
		if err := s.begin(); err != nil {
			return false, err
		}
	}
	for s.listed == nil {
		found, err := s.gather()
		if err != nil || !found && s.listed == nil {
			return false, err
		}
		if found && len(s.one.chunks) > 0 {
			return true, s.order()
		}
	}
	s.listed = s.listed[min(1, len(s.listed)):]
	return len(s.listed) > 0, nil
}

// begin takes the answer that is at hand, which is the selector's if the plan takes them as it did when it was surveyed.
func (s *feedSet) begin() error {
	f := s.f
	if f.drawn >= len(f.takes) || f.takes[f.drawn].index != s.index {
		return fmt.Errorf("selector %d of %d was not expected", s.index, len(f.takes))
	}
	f.at, s.names = s, f.takes[f.drawn].names
	f.drawn++
	a, err := f.line.head(f.ctx)
	if err == nil && a == nil {
		err = io.ErrUnexpectedEOF
	}
	s.a = a
	return err
}

// gather collects the chunks of the next series from the frames that hold it.
func (s *feedSet) gather() (found bool, err error) {
	s.f.room.bytes.reset(1)
	s.one = series{mint: s.a.from, maxt: s.a.to, chunks: s.f.room.chunks[:0]}
	defer func() { s.f.room.chunks = s.one.chunks }()
	bound := s.f.r.bound()
	for {
		if !s.met {
			if s.met, err = s.wireNext(); err != nil || !s.met {
				return found, err
			}
		}
		if found && !bytes.Equal(s.key, s.wire.labels) {
			return true, nil
		}
		if !found {
			if err := s.identify(); err != nil {
				return false, err
			}
		}
		found, s.met = true, false
		if err := s.keep(bound); err != nil {
			return false, err
		}
	}
}

// identify begins a series.
func (s *feedSet) identify() error {
	id, err := s.names.find(s.wire.labels)
	if err != nil {
		return err
	}
	if s.last != nil && labels.Compare(s.last.bare, id.bare) >= 0 {
		return errOutOfOrder
	}
	s.key = append(s.key[:0], s.wire.labels...)
	s.one.id, s.one.lset, s.last = id, id.bare, id
	return nil
}

// keep copies the chunks at hand that are in the window.
func (s *feedSet) keep(bound *budget) error {
	for i := range s.wire.chunks {
		in := &s.wire.chunks[i]
		if err := in.check(s.one.id.full); err != nil {
			return err
		}
		if in.maxt < s.a.from || in.mint > s.a.to {
			continue
		}
		c := chunk{mint: in.mint, maxt: in.maxt, enc: in.enc, size: len(in.data), padded: s.f.room.keep(in.data)}
		s.read += int64(c.samples())
		if err := bound.add(c.memory(), int64(c.samples())); err != nil {
			return err
		}
		s.one.chunks = append(s.one.chunks, c)
	}
	return nil
}

func (s *feedSet) order() error {
	if _, err := s.one.order(); err != nil {
		return fmt.Errorf("series %s: %w", s.one.id.full, err)
	}
	s.f.r.noteNewest(min(s.one.chunks[len(s.one.chunks)-1].maxt, s.one.maxt))
	return nil
}
