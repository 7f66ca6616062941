package baseline

import (
	"math"

	"github.com/tidewatch/tidewatch/models"
)

// What the two rule files of grafana/promql-anomaly-detection have in common.
const (
	bandWidth = 2   // stddev_multiplier, mad_multiplier
	margin    = 0.5 // margin_multiplier
)

// domain is what the rules make of a value: their select keeps values above 0 and their lower band is clamped to 0. They are
// written for metrics that are never negative; where a negative value has been seen they would judge nonsense, so that from
// there on nothing is dropped or clamped.
type domain struct{ signed bool }

func (d *domain) learn(x float64) { d.signed = d.signed || x < 0 }

// selected is x or, where the rules drop it, NaN.
func (d *domain) selected(x float64) float64 {
	if x == 0 && !d.signed {
		return math.NaN()
	}
	return x
}

// band is the rules' band around a middle.
type band struct{ mid, lower, upper float64 }

// newBand has the margin as its least width.
func newBand(mid float64) band {
	m := margin * math.Abs(mid)
	return band{mid, mid - m, mid + m}
}

// widen takes an interval in; one with a NaN end is not there.
func (b *band) widen(lower, upper float64) {
	if !math.IsNaN(lower) && !math.IsNaN(upper) {
		b.lower, b.upper = min(b.lower, lower), max(b.upper, upper)
	}
}

// of is how far the level lies from the middle, in distances between middle and edge: above 1 is outside.
func (b *band) of(level float64) float64 {
	if level >= b.mid {
		return ratio(level-b.mid, b.upper-b.mid)
	}
	return ratio(b.mid-level, b.mid-b.lower)
}

// lookBack remembers recorded bands for the rules' offsets.
type lookBack struct {
	lags         [2]int
	lower, upper ring
}

func newLookBack(dayLag, weekLag int) lookBack {
	return lookBack{lags: [2]int{dayLag, weekLag}, lower: newRing(max(dayLag, weekLag)), upper: newRing(max(dayLag, weekLag))}
}

func (l *lookBack) push(mid, half float64) {
	l.lower.push(mid - half)
	l.upper.push(mid + half)
}

func (l *lookBack) widen(b *band) {
	for _, k := range l.lags {
		b.widen(l.lower.lag(k), l.upper.lag(k))
	}
}

// rulesWarmUp is 26 hours, the adaptive rules' longest window but for the offset of a week.
func rulesWarmUp(c models.Config) int { return max(32, points(c, 26*hour)) }
