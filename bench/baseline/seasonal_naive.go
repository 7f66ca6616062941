package baseline

import (
	"math"

	"github.com/tidewatch/tidewatch/models"
)

var seasonalNaiveSpec = univariate("seasonal-naive", "Distance from the value a day before over its root mean square in the last day.",
	func(c models.Config, _ int) (judge, int) {
		n := points(c, day)
		return &seasonalNaive{past: newRing(n), squares: newWindow(n)}, n + warmUp(c)
	})

type seasonalNaive struct {
	past    ring // of a day
	squares window
	floor   floor
}

// distance is NaN where there was no value a day before.
func (s *seasonalNaive) distance(x float64) float64 {
	return math.Abs(x - s.past.lag(len(s.past.values)))
}

// scale is the root mean square of the distances.
func (s *seasonalNaive) scale() float64 { return math.Sqrt(s.squares.moments().mean) }

func (s *seasonalNaive) score(_ int64, x float64) float64 {
	return ratio(s.distance(x), s.floor.under(s.scale()))
}

func (s *seasonalNaive) learn(_ int64, x float64) {
	d := s.distance(x)
	s.squares.push(float64(d * d))
	s.floor.learn(s.scale())
	s.past.push(x)
}
