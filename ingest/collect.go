package ingest

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// budget bounds what one window of a read may hold. Zero fields are no bound.
type budget struct {
	maxBytes   int64
	maxSamples int64
	bytes      int64
	samples    int64
}

// limitError says that a window of a read is over one of this source's own limits; a smaller window may not be.
type limitError struct{ msg string }

func (e *limitError) Error() string { return e.msg }

func (b *budget) add(size, samples int64) error {
	b.bytes += size
	b.samples += samples
	if b.maxBytes > 0 && b.bytes > b.maxBytes {
		return &limitError{fmt.Sprintf("more than %d bytes of raw data in one window, the part of one read (raise max_bytes_in_flight, lower concurrency, or select less)", b.maxBytes)}
	}
	if b.maxSamples > 0 && b.samples > b.maxSamples {
		return &limitError{fmt.Sprintf("more than %d raw samples in one window (raise max_samples, or select less)", b.maxSamples)}
	}
	return nil
}

// collector gathers the answers to one selection, over any number of frames and requests, into series.
type collector struct {
	mint, maxt int64
	names      *interner
	numbers    numbering
	list       []*series // by number
	last       *series   // most frames go on with the series of the one before
	lastKey    []byte
	arena      arena
	budget     *budget
}

// newCollector prepares a collector for samples in [mint, maxt]; it and all that it gathers may be given back by release.
func newCollector(mint, maxt int64, b *budget, names *interner) *collector {
	c := collectors.Get().(*collector) //nolint:errcheck // nothing else is put there
	c.mint, c.maxt, c.budget, c.names = mint, maxt, b, names
	return c
}

// seriesOverhead is what a series costs beside its chunks, roughly: labels, slice headers, map entry.
const seriesOverhead = 256

// find gives the series with the given Label fields, a new one when there is none.
func (c *collector) find(key []byte) (*series, error) {
	if c.last != nil && bytes.Equal(c.lastKey, key) {
		return c.last, nil
	}
	id, err := c.names.find(key)
	if err != nil {
		return nil, err
	}
	n := c.numbers.of(id)
	if n == len(c.list) {
		s := c.arena.series()
		s.id, s.lset, s.mint, s.maxt = id, id.full, c.mint, c.maxt
		c.list = append(c.list, s)
		if err := c.budget.add(seriesOverhead+2*int64(len(key)), 0); err != nil {
			return nil, err
		}
	}
	s := c.list[n]
	c.last, c.lastKey = s, append(c.lastKey[:0], key...)
	return s, nil
}

// addWire takes one series of a frame. Chunks that lie wholly outside of the range are dropped.
func (c *collector) addWire(w *wireSeries) error {
	s, err := c.find(w.labels)
	if err != nil {
		return err
	}
	s.chunks = c.arena.grow(s.chunks, len(w.chunks))
	for i := range w.chunks {
		in := &w.chunks[i]
		if err := in.check(s.lset); err != nil {
			return err
		}
		if in.maxt < c.mint || in.mint > c.maxt {
			continue
		}
		kept := chunk{mint: in.mint, maxt: in.maxt, enc: in.enc, size: len(in.data), padded: c.arena.keep(in.data)}
		if err := c.budget.add(kept.memory(), int64(kept.samples())); err != nil {
			return err
		}
		s.chunks = append(s.chunks, kept)
	}
	return nil
}

// finish puts every series in order, removes the labels that the read removes and gives the series sorted by their labels.
// Series that become equal by it are replicas of each other and are merged.
func (c *collector) finish() ([]*series, error) {
	for _, s := range c.list {
		grown, err := s.order()
		if err != nil {
			return nil, fmt.Errorf("series %s: %w", s.lset, err)
		}
		if err := c.budget.add(grown, 0); err != nil {
			return nil, err
		}
	}
	out := make([]*series, 0, len(c.list))
	for _, s := range c.list {
		if len(s.chunks) > 0 {
			out = append(out, s)
		}
	}
	sortSeries(out)
	if len(c.names.strip) == 0 {
		return out, nil
	}
	for _, s := range out {
		s.lset = s.id.bare
	}
	// Stable: of equal series, the replica whose removed labels come first in the order stays the first.
	sortSeries(out)
	return mergeReplicas(out, c.budget)
}

// sortSeries sorts by labels, as most servers do already.
func sortSeries(list []*series) {
	byLabels := func(a, b *series) int { return labels.Compare(a.lset, b.lset) }
	if !slices.IsSortedFunc(list, byLabels) {
		slices.SortStableFunc(list, byLabels)
	}
}
