package engine

import "runtime"

// A point is pushed for every series at every grid time, and read back for few of them. So the rings of many series lie side by side, one
// column for each grid time: the points of a tick are written one after the other, and what was written before need not be in memory.

// shelf is room for the rings of so many rows.
type shelf struct {
	b             []byte // columns × rows slots, a column after the other
	columns, rows int
}

// The rows of a detector's first shelf, and the most of one: each has twice as many as the one before.
const (
	firstShelf = 4
	mostShelf  = 256
)

// shelves are those of a detector.
type shelves struct {
	columns int
	memory  func(n int) (b []byte, release func())
	last    *shelf
	used    int      // rows of the last one
	free    []recent // rings given back
	given   []recent // the same, since the last settle
}

// take lends an empty ring.
func (s *shelves) take() recent {
	if n := len(s.free); n > 0 {
		r := s.free[n-1]
		s.free = s.free[:n-1]
		return r
	}
	if s.last == nil || s.used == s.last.rows {
		rows := firstShelf
		if s.last != nil {
			rows = min(2*s.last.rows, mostShelf)
		}
		s.last, s.used = s.build(rows), 0
	}
	s.used++
	return recent{shelf: s.last, place: uint32(s.used - 1)}
}

func (s *shelves) build(rows int) *shelf {
	n := s.columns * rows * slotSize
	if s.memory != nil {
		if b, release := s.memory(n); len(b) >= n {
			f := &shelf{b[:n:n], s.columns, rows}
			runtime.AddCleanup(f, func(free func()) { free() }, release)
			return f
		}
	}
	return &shelf{make([]byte, n), s.columns, rows}
}

// give takes a ring back. It is not lent again before settle: what the block that is run has decided may still be read from it.
func (s *shelves) give(r recent) { s.given = append(s.given, recent{shelf: r.shelf, place: r.place}) }

// settle makes what was given back free for others.
func (s *shelves) settle() { s.free, s.given = append(s.free, s.given...), nil }
