package models

import (
	"math"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch"
)

// TestEdgeIsWhereTheSurpriseIs: short of an edge the score's formula stays below the limit, and beyond it no longer.
func TestEdgeIsWhereTheSurpriseIs(t *testing.T) {
	const near = 3e-4
	smoothly, all := 0, 0
	for seed := range uint64(6) {
		m, err := newRows(Config{Kind: "seasonal", Rows: 1, Step: 5 * time.Minute}, seasonalChannels)
		if err != nil {
			t.Fatal(err)
		}
		w, s, r, ev := &m.one[0], m.settings, newCounter(seed), make([]tidewatch.Event, 1)
		for i := range 6000 {
			x := 100 - math.Log(r.unit()/r.unit())
			if seed%2 == 1 && r.unit() < 0.02 { // tails that only counts can tell of
				x += 60 * r.unit()
			}
			m.Advance(int64(i)*s.step, []float64{x}, make([]tidewatch.Verdict, 1), ev)
			if i < 600 || i%131 != 0 {
				continue
			}
			for _, limit := range []float64{2.5, 3, 3.9, 5} {
				expected := w.expect(s, s.clock.at(int64(i+1)*s.step))
				e := w.edgesOf(s, limit, &expected)
				for _, side := range []int{tailAbove, tailBelow} {
					_, ok := e.smoothly(side)
					if all++; ok {
						smoothly++
					}
					at := func(z float64) float64 {
						r := z * expected.residual
						if side == tailBelow {
							r = -r
						}
						record := w.recordDecades(s, z, w.recordUnit(expected.hour))
						if far := w.leapt(r, expected.mid+r-w.noise.last); far > 0 {
							record = max(record, w.leapDecades(s, far))
						}
						return supported(w.common(w.tails.at(side).surprise(z, 2)), record)
					}
					z := e.at(side)
					if below, above := at(z*(1-near)), at(z*(1+near)); below > limit || above < limit {
						t.Fatalf("seed %d, point %d, limit %g: %.6f just short of the edge at %g, %.6f just beyond (smoothly: %t)", seed, i, limit, below, z, above, ok)
					}
				}
			}
		}
	}
	if smoothly < all/4 || smoothly == all {
		t.Errorf("%d of %d edges are smooth, want some and not all", smoothly, all)
	}
}
