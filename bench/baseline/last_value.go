package baseline

import (
	"math"

	"github.com/tidewatch/tidewatch/models"
)

var lastValueSpec = univariate("last-value", "Change since the last value over its standard deviation in the last day.",
	func(c models.Config, _ int) (judge, int) {
		return &lastValue{last: math.NaN(), changes: newWindow(points(c, day))}, warmUp(c)
	})

type lastValue struct {
	last    float64
	changes window
	floor   floor
}

func (l *lastValue) score(_ int64, x float64) float64 {
	return ratio(math.Abs(x-l.last), l.floor.under(l.changes.moments().sd()))
}

func (l *lastValue) learn(_ int64, x float64) {
	change := x - l.last // NaN where there is no x or no last
	l.changes.push(change)
	l.floor.learn(l.changes.moments().sd())
	if !math.IsNaN(x) {
		l.last = x
	}
}
