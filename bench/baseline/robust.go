package baseline

import (
	"math"
	"time"

	"github.com/tidewatch/tidewatch/models"
)

var robustSpec = univariate("promql-robust", "grafana/promql-anomaly-detection, robust rules: distance of the hour's median from the day's in half widths of the band.",
	func(c models.Config, _ int) (judge, int) {
		const quarter = 15 * time.Minute
		return &robust{
			day: newSorted(points(c, day)), distances: newSorted(points(c, day)),
			hour: newSorted(points(c, hour)), hourDistances: newSorted(points(c, hour)),
			past: newLookBack(points(c, day-quarter), points(c, week-quarter)),
		}, rulesWarmUp(c)
	})

// robust records its figures at every point, as rules do: each distance is from the median of its own time.
type robust struct {
	domain              domain
	day, distances      sorted // anomaly:robust:select[1d], abs_dev_lt[1d]
	hour, hourDistances sorted // select[1h], abs_dev_seasonality[1h] before its offset
	past                lookBack
}

func (r *robust) score(_ int64, x float64) float64 {
	v := r.domain.selected(x)
	level := r.hour.medianWith(v)
	if math.IsNaN(level) {
		return 0
	}
	b := r.band(v)
	if !r.domain.signed && x >= 0 {
		b.lower = max(0, b.lower)
	}
	return b.of(level)
}

// band is the band, not clamped, at a point whose own selected value is x.
func (r *robust) band(x float64) band {
	mid := r.day.medianWith(x)
	half := bandWidth * r.distances.medianWith(math.Abs(x-mid))
	b := newBand(mid)
	b.widen(mid-half, mid+half)
	r.past.widen(&b)
	return b
}

func (r *robust) learn(_ int64, x float64) {
	r.domain.learn(x)
	v := r.domain.selected(x)
	r.day.push(v)
	r.distances.push(math.Abs(v - r.day.median()))
	r.hour.push(v)
	level := r.hour.median()
	r.hourDistances.push(math.Abs(v - level))
	r.past.push(level, bandWidth*r.hourDistances.median())
}
