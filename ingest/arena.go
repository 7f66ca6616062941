package ingest

import (
	"slices"
	"sync"
)

// slab hands out runs of elements of large blocks: one allocation for hundreds of small slices.
type slab[T any] struct {
	blocks [][]T
	at     int // the block in use
	used   int // elements of it
}

// take gives n elements, in whatever state an earlier user left them. size is a block's length; runs longer than a quarter of
// it get memory of their own.
func (s *slab[T]) take(n, size int) []T {
	if n > size/4 {
		return make([]T, n)
	}
	if s.at < len(s.blocks) && len(s.blocks[s.at])-s.used < n {
		s.at, s.used = s.at+1, 0
	}
	if s.at == len(s.blocks) {
		s.blocks = append(s.blocks, make([]T, size))
	}
	out := s.blocks[s.at][s.used : s.used+n : s.used+n]
	s.used += n
	return out
}

// reset takes everything back and lets go of all blocks but the first few.
func (s *slab[T]) reset(keep int) {
	if len(s.blocks) > keep {
		clear(s.blocks[keep:])
		s.blocks = s.blocks[:keep]
	}
	s.at, s.used = 0, 0
}

// arena keeps what a read gathers. Every copy of a chunk's bytes is followed by slack readable bytes, as decodeXOR needs.
type arena struct {
	bytes  slab[byte]
	sets   slab[series]
	chunks slab[chunk]
}

// Elements of a block, and blocks that an arena keeps for the next read: together 4 MiB, a tick of some thousand series.
const (
	arenaBytes, keepBytes   = 64 << 10, 40
	arenaSeries, keepSeries = 64, 80
	arenaChunks, keepChunks = 128, 80
)

// keep copies b and gives a slice that is slack bytes longer than b.
func (a *arena) keep(b []byte) []byte {
	out := a.bytes.take(len(b)+slack, arenaBytes)
	copy(out, b)
	return out
}

// series gives an empty series.
func (a *arena) series() *series {
	s := &a.sets.take(1, arenaSeries)[0]
	*s = series{}
	return s
}

// grow makes room for n more chunks: in a block where they are few and the first ones, as in a tick.
func (a *arena) grow(list []chunk, n int) []chunk {
	if len(list) > 0 {
		return slices.Grow(list, n)
	}
	return a.chunks.take(n, arenaChunks)[:0]
}

// reset makes everything that the arena gave out free to be used again.
func (a *arena) reset() {
	for _, b := range a.chunks.blocks {
		clear(b) // they refer to decoded samples
	}
	a.bytes.reset(keepBytes)
	a.sets.reset(keepSeries)
	a.chunks.reset(keepChunks)
}

var collectors = sync.Pool{New: func() any { return &collector{} }}

// release gives the collector, its series and their chunks back. Labels stay valid.
func (c *collector) release() {
	c.arena.reset()
	c.numbers.reset(keepSeries * arenaSeries)
	if len(c.list) > keepSeries*arenaSeries {
		c.list = nil
	}
	clear(c.list)
	c.list, c.last, c.lastKey, c.names, c.budget = c.list[:0], nil, c.lastKey[:0], nil, nil
	collectors.Put(c)
}
