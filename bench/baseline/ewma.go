package baseline

import (
	"math"

	"github.com/tidewatch/tidewatch/models"
)

var ewmaSpec = univariate("ewma", "Distance from the exponentially weighted mean of an hour in standard deviations of that distance over a day.",
	func(c models.Config, _ int) (judge, int) {
		return &ewma{fast: weight(points(c, hour)), slow: weight(points(c, day)), mean: math.NaN()}, warmUp(c)
	})

// weight is the newest value's of an average over n points: the one whose values have the same mean age as n equal weights.
func weight(n int) float64 { return 2 / (float64(n) + 1) }

type ewma struct {
	fast, slow     float64
	mean, variance float64
	n              float64 // residuals
	floor          floor
}

func (e *ewma) score(_ int64, x float64) float64 {
	return ratio(math.Abs(x-e.mean), e.floor.under(math.Sqrt(e.variance)))
}

func (e *ewma) learn(_ int64, x float64) {
	switch {
	case math.IsNaN(x):
		return
	case math.IsNaN(e.mean):
		e.mean = x
		return
	}
	r := x - e.mean
	e.n++
	e.variance += float64(max(e.slow, 1/e.n) * (float64(r*r) - e.variance))
	e.mean += float64(e.fast * r)
	e.floor.learn(math.Sqrt(e.variance))
}
