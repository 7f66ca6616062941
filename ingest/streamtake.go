package ingest

import (
	"bytes"
	"fmt"
)

// take walks over a batch of an answer.
func (s *stream) take(a *incoming, b *batch) error {
	a.taken = true
	each := func(query int, w *wireSeries) error {
		if query != 0 {
			return corrupt("frame", "query_index is %d, the request had one query", query)
		}
		return s.takeWire(a, w)
	}
	if b.sampled {
		return s.takeSampled(a, b.buf)
	}
	start := 0
	for _, end := range b.ends {
		if err := walkFrame(b.buf[start:end], &s.wire, each); err != nil {
			return err
		}
		start = end
	}
	return nil
}

// identify gives the series of some Label fields and its number.
func (s *stream) identify(key []byte) (*identity, int, error) {
	if s.lastN >= 0 && bytes.Equal(key, s.lastKey) {
		return s.lastID, s.lastN, nil
	}
	id, err := s.names.find(key)
	if err != nil {
		return nil, 0, err
	}
	n := s.numbers.of(id)
	s.lastKey, s.lastID, s.lastN = append(s.lastKey[:0], key...), id, n
	s.stats.Series = len(s.numbers.list)
	return id, n, nil
}

// takeWire hands over the chunks of a series that belong to the answer's window. One that begins before it was in the answer
// before, where there was one.
func (s *stream) takeWire(a *incoming, w *wireSeries) error {
	id, n, err := s.identify(w.labels)
	if err != nil {
		return err
	}
	for i := range w.chunks {
		in := &w.chunks[i]
		if err := in.check(id.full); err != nil {
			return err
		}
		if in.maxt < a.from || in.mint > a.to || in.mint < a.from && a.from > s.sel.From {
			continue
		}
		size := len(in.data)
		c := chunk{mint: in.mint, maxt: in.maxt, enc: in.enc, size: size, padded: in.data[:size+slack]}
		s.stats.Chunks++
		s.read += int64(c.samples())
		s.r.noteNewest(min(in.maxt, a.to))
		if err := s.chunk(n, id, &c); err != nil {
			return fmt.Errorf("series %s: %w", id.full, err)
		}
	}
	return nil
}

// takeSampled hands over an unpacked sampled answer, series by series.
func (s *stream) takeSampled(a *incoming, plain []byte) error {
	c := newCollector(a.from, a.to, &budget{}, s.names)
	defer c.release()
	if err := walkSampled(plain, []*collector{c}); err != nil {
		return err
	}
	for _, m := range c.list {
		n := s.numbers.of(m.id)
		s.stats.Series = len(s.numbers.list)
		for i := range m.chunks {
			s.stats.Chunks++
			s.read += int64(m.chunks[i].samples())
			if err := s.chunk(n, m.id, &m.chunks[i]); err != nil {
				return fmt.Errorf("series %s: %w", m.id.full, err)
			}
		}
	}
	return nil
}
