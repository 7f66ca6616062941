package engine

import (
	"math"
	"testing"
	"unsafe"

	"github.com/tidewatch/tidewatch/internal/quality"
)

// TestWindows compares a row's windows with the values that were pushed, across a restore, also of a count that was never cut.
func TestWindows(t *testing.T) {
	w := newWindows(5, 2)
	var all []float32
	for i := range 300 {
		x := float32(i * 37 % 101)
		all = append(all, x)
		w.last().push(x)
		w.ranks().push(-x)
		if i%7 == 3 {
			e, again := encoder{}, newWindows(5, 2)
			e.f32s(w.last().v)
			e.uint(i + 1)
			e.window(w.ranks())
			d := decoder{b: e.b}
			d.window(again.last())
			if d.window(again.ranks()); d.err != nil {
				t.Fatal(d.err)
			}
			w = again
		}
		newest := all[max(0, len(all)-5):]
		largest := newest[0]
		for _, v := range newest {
			largest = max(largest, v)
		}
		if got := w.last(); got.len() != len(newest) || got.newest() != x || got.rank(1) != largest {
			t.Fatalf("after %d: %d values, newest %g, largest %g, want %d, %g, %g", i, got.len(), got.newest(), got.rank(1), len(newest), x, largest)
		}
		if want := -max(x, all[max(0, len(all)-2)]); i > 0 && w.ranks().lowest() != want {
			t.Fatalf("after %d: the lowest rank is %g, want %g", i, w.ranks().lowest(), want)
		}
	}
}

// TestComparedWithYesterday: of many series only some are, and others take the places of those that are gone.
func TestComparedWithYesterday(t *testing.T) {
	const most = 256
	m, all := quality.New(quality.Expect{Step: 300e9, Min: math.Inf(-1), Max: math.Inf(1)}), make([]quality.Series, most+50)
	compared := func(from int) (n int) {
		ms := make([]quality.Member, 0, len(all))
		for i := range all[from:] {
			ms = append(ms, quality.Member{S: &all[from+i], X: float64(i)})
		}
		m.Column(int64(from+1)*300_000, ms)
		for i := range all[from:] {
			if len(all[from+i].AppendState(nil)) > 4*48 { // half hours of a day
				n++
			}
		}
		return n
	}
	for _, from := range []int{0, 30} {
		if n := compared(from); n != most {
			t.Errorf("%d of %d series are compared with yesterday, want %d", n, len(all)-from, most)
		}
	}
}

// TestWhatFewSeriesHaveTakesNoRoom: a series' alarm and what the data checks remember of it fit the allocator's class of 288 bytes, and one that
// is neither young nor has ever alarmed has nothing besides.
func TestWhatFewSeriesHaveTakesNoRoom(t *testing.T) {
	if n := unsafe.Sizeof(group{}); n > 288 {
		t.Errorf("a group takes %d bytes, want at most 288", n)
	}
	c := testCore(t, 1, testDetector("D"))
	if _, err := c.Train(world("D", 5, 3)); err != nil {
		t.Fatal(err)
	}
	calm := 0
	for _, g := range c.engine.find("D").groups {
		k := g.rows[0].few()
		if k == (rowSeldom{}) {
			calm++
		}
		if (g.rows[0].seldom == nil) != (k == (rowSeldom{})) || g.seldom != nil {
			t.Errorf("series %016x keeps room for nothing: %+v", g.id(), k)
		}
	}
	if calm == 0 {
		t.Error("no series is calm")
	}
}
