package engine

import (
	"math"
	"testing"

	"github.com/tidewatch/tidewatch"
)

// TestAnomalyScore: what counts and what is shown, of a surprise of 4 at a limit of 2, expectation 10.
func TestAnomalyScore(t *testing.T) {
	for _, c := range []struct {
		name      string
		direction Direction
		deviation float64
		x         float64
		side      int8
		surprise  float64
		score     float64
	}{
		{"above, and evidence of above", Both, 0, 12, 1, 4, 2},
		{"evidence without a side", Both, 0, 12, 0, 4, 2},
		{"back below, while the evidence is of above", Both, 0, 8, 1, 0, 1},
		{"the other side than the direction", Below, 0, 12, 1, 0, 0},
		{"back below with a direction", Above, 0, 8, 1, 0, 1},
		{"nearer than min_deviation", Both, 5, 12, 1, 0, 0},
		{"back below with a min_deviation", Both, 1, 8, 1, 0, 0},
		{"missing", Both, 0, math.NaN(), 1, 0, 0},
	} {
		d := &detector{Detector: Detector{Direction: c.direction, Deviation: Deviation{Value: c.deviation}}}
		s := tidewatch.Score{Surprise: 4, Mid: 10, Base: 10, Side: c.side, Ready: true}
		surprise := d.policySurprise(s, c.x)
		if score := d.anomalyScore(s, c.x, surprise, 2); surprise != c.surprise || score != c.score {
			t.Errorf("%s: surprise %g and score %g, want %g and %g", c.name, surprise, score, c.surprise, c.score)
		}
	}
}
