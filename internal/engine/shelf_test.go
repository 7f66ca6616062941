package engine

import (
	"math"
	"sync/atomic"
	"testing"

	"github.com/tidewatch/tidewatch"
)

// TestRingsShareShelves fills the rings of many series side by side and reads back the newest points of each, from lent memory, from a
// ring that had another owner, and after a restart with fewer columns.
func TestRingsShareShelves(t *testing.T) {
	const columns, rows, step = 7, 700, int64(60_000)
	lent := 0
	var released atomic.Int32 // by the collector, in goroutines of its own
	s := &shelves{columns: columns, memory: func(n int) ([]byte, func()) {
		if lent++; lent == 2 {
			return nil, nil // the heap has to do
		}
		b := make([]byte, n)
		for i := range b {
			b[i] = 0xff // what is in it at first does not matter
		}
		return b, func() { released.Add(1) }
	}}
	rings := make([]recent, rows)
	for i := range rings {
		rings[i] = s.take()
	}
	value := func(i, k int) float64 { return float64(1000*i + k) }
	fill := func(from, to int) {
		for k := from; k < to; k++ {
			for i := range rings {
				v := value(i, k)
				rings[i].push(int64(k)*step, step, v, tidewatch.Band{Lower: v - 1, Mid: v, Upper: v + 1}, 0.25)
			}
		}
	}
	check := func(rings []recent, from, to int) {
		t.Helper()
		for i := range rings {
			v := rings[i].view(step, math.MinInt64/2, math.MaxInt64/2)
			if len(v.T) != to-from || v.T[0] != int64(from)*step {
				t.Fatalf("ring %d has the times %v, want %d to %d", i, v.T, from, to-1)
			}
			for n, y := range v.Y {
				if want := value(i, from+n); y != want || v.Lower[n] != want-1 || v.Upper[n] != want+1 || v.Score[n] != 0.25 {
					t.Fatalf("ring %d, point %d: %g in [%g, %g], want %g", i, n, y, v.Lower[n], v.Upper[n], want)
				}
			}
		}
	}
	fill(0, 5)
	check(rings, 0, 5)
	fill(5, 23)
	check(rings, 16, 23)

	s.give(rings[3])
	if again := s.take(); again.shelf == rings[3].shelf && again.place == rings[3].place {
		t.Error("a ring was lent again before the block was over")
	}
	s.settle()
	if again := s.take(); again.place != rings[3].place || again.held != 0 {
		t.Errorf("a ring that was given back is lent with %d points at place %d, want none at %d", again.held, again.place, rings[3].place)
	}
	if n := released.Load(); lent < 3 || n != 0 {
		t.Errorf("memory was lent %d times and released %d times while in use", lent, n)
	}

	fewer := &shelves{columns: 4}
	restored := make([]recent, rows)
	for i := range rings {
		var e encoder
		e.recent(&rings[i], step)
		restored[i] = fewer.take()
		d := decoder{b: e.b}
		if d.recent(&restored[i], step); d.err != nil || len(d.b) != 0 {
			t.Fatalf("ring %d: %v, %d bytes left", i, d.err, len(d.b))
		}
	}
	check(restored, 19, 23)
}
