package baseline

import (
	"math"
	"time"

	"github.com/tidewatch/tidewatch/models"
)

var adaptiveSpec = univariate("promql-adaptive", "grafana/promql-anomaly-detection, adaptive rules: distance from the hour's mean in half widths of the band.",
	func(c models.Config, _ int) (judge, int) {
		const half = 30 * time.Minute
		return &adaptive{
			hour: newWindow(points(c, hour)), spread: newWindow(points(c, 26*hour)),
			past: newLookBack(points(c, day-half), points(c, week-half)),
		}, rulesWarmUp(c)
	})

// covarThreshold is threshold_by_covar: calmer hours than this say nothing about the spread.
const covarThreshold = 0.5

type adaptive struct {
	domain domain
	hour   window // anomaly:adaptive:select[1h]
	spread window // anomaly:adaptive:stddev_1h:filtered[26h]
	past   lookBack
}

// filtered is stddev_1h:filtered.
func filtered(h moments) float64 {
	if h.n > 0 && h.sd() > covarThreshold*math.Abs(h.mean) {
		return h.sd()
	}
	return math.NaN()
}

func (a *adaptive) score(_ int64, x float64) float64 {
	level := a.domain.selected(x)
	if math.IsNaN(level) {
		return 0
	}
	b := a.band(level)
	return b.of(level)
}

// band is the band at a point whose own value is x: the rules' windows hold it.
func (a *adaptive) band(x float64) band {
	h := a.hour.with(x)
	b := newBand(h.mean)
	if s := a.spread.with(filtered(h)); s.n > 0 {
		b.widen(h.mean-bandWidth*s.mean, h.mean+bandWidth*s.mean)
	}
	a.past.widen(&b)
	if !a.domain.signed && x > 0 {
		b.lower = max(0, b.lower)
	}
	return b
}

func (a *adaptive) learn(_ int64, x float64) {
	a.domain.learn(x)
	a.hour.push(a.domain.selected(x))
	h := a.hour.moments()
	a.spread.push(filtered(h))
	if h.n == 0 {
		h.mean = math.NaN()
	}
	a.past.push(h.mean, bandWidth*h.sd())
}
