package notify

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
)

// maxMagnitude bounds what is drawn; beyond it the axis' arithmetic would overflow.
const maxMagnitude = 1e300

// chartData is a chart made ready to draw: thinned out, with its ranges.
type chartData struct {
	t                    []int64
	y, mid, lower, upper []float64
	anomalous            []bool
	stat                 []float64 // nil: no second panel
	t0, t1               float64
	lo, hi               float64
	statLo, statHi       float64
	step                 int64 // the usual distance of two points, ms
	empty                bool  // no finite observation
	loc                  *time.Location
}

func newChartData(c *alerting.Chart) (*chartData, error) {
	n := len(c.T)
	for _, s := range []struct {
		name string
		n    int
	}{{"Y", len(c.Y)}, {"Mid", len(c.Mid)}, {"Lower", len(c.Lower)}, {"Upper", len(c.Upper)}, {"Anomalous", len(c.Anomalous)}} {
		if s.n != n {
			return nil, fmt.Errorf("chart %q: %s has %d points where T has %d", c.Title, s.name, s.n, n)
		}
	}
	if len(c.Statistic) != 0 && len(c.Statistic) != n {
		return nil, fmt.Errorf("chart %q: Statistic has %d points where T has %d", c.Title, len(c.Statistic), n)
	}
	for i := 1; i < n; i++ {
		if c.T[i] <= c.T[i-1] {
			return nil, fmt.Errorf("chart %q: T[%d] = %d does not follow T[%d] = %d", c.Title, i, c.T[i], i-1, c.T[i-1])
		}
	}
	d := &chartData{t: c.T, y: c.Y, mid: c.Mid, lower: c.Lower, upper: c.Upper, anomalous: c.Anomalous, loc: zone(c.Timezone)}
	if len(c.Statistic) > 0 {
		d.stat = c.Statistic
	}
	d.step = usualStep(c.T)
	d.times()
	d.values()
	if d.stat != nil {
		d.statistic(c.Limit)
	}
	if n > maxChartPoints {
		d.thin()
	}
	return d, nil
}

// usualStep is the median distance of neighbours, 0 for fewer than two points.
func usualStep(t []int64) int64 {
	if len(t) < 2 {
		return 0
	}
	steps := make([]int64, len(t)-1)
	for i := range steps {
		steps[i] = t[i+1] - t[i]
	}
	slices.Sort(steps)
	return steps[len(steps)/2]
}

func (d *chartData) times() {
	if len(d.t) == 0 {
		d.t0, d.t1 = 0, 3600e3
		return
	}
	d.t0, d.t1 = float64(d.t[0]), float64(d.t[len(d.t)-1])
	if d.t0 == d.t1 {
		d.t0, d.t1 = d.t0-1800e3, d.t1+1800e3
	}
}

// values finds the range of the value axis. All observations are shown; a band that is very much wider than they are is cut
// off, because it would press them into a line.
func (d *chartData) values() {
	lo, hi, ok := extent(d.y)
	d.empty = !ok
	for _, s := range [][]float64{d.lower, d.mid, d.upper} {
		l, h, has := extent(s)
		switch {
		case !has:
		case !ok:
			lo, hi, ok = l, h, true
		case hi > lo:
			room := 1.5 * (hi - lo)
			lo, hi = math.Min(lo, math.Max(l, lo-room)), math.Max(hi, math.Min(h, hi+room))
		default:
			lo, hi = math.Min(lo, l), math.Max(hi, h)
		}
	}
	d.lo, d.hi = padded(lo, hi, ok)
}

func (d *chartData) statistic(limit float64) {
	lo, hi, ok := extent(d.stat)
	if finite(limit) {
		if !ok {
			lo, hi, ok = limit, limit, true
		}
		lo, hi = math.Min(lo, limit), math.Max(hi, limit)
	}
	d.statLo, d.statHi = padded(math.Min(lo, 0), math.Max(hi, 0), ok)
}

// padded gives an axis room above and below; zero is included if it is near, and not crossed if nothing lies beyond it.
func padded(lo, hi float64, ok bool) (low, high float64) {
	if !ok {
		return 0, 1
	}
	floor, ceiling := lo >= 0, hi <= 0
	pad := 0.07 * (hi - lo)
	if hi-lo <= 1e-12*math.Max(math.Abs(lo), math.Abs(hi)) {
		pad = math.Max(0.1*math.Abs(hi), 1e-9)
		if hi == 0 {
			pad = 1
		}
	}
	if floor && lo-pad < 0.3*hi && hi-lo > 0.2*hi {
		lo, pad = 0, 0.07*hi
	}
	low, high = lo-pad, hi+pad
	if floor {
		low = math.Max(low, 0)
	}
	if ceiling {
		high = math.Min(high, 0)
	}
	if low == high {
		high = low + 1
	}
	return low, high
}

// extent is the range of the finite values; ok is false if there are none.
func extent(s []float64) (lo, hi float64, ok bool) {
	for _, v := range s {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		v = clampValue(v)
		if !ok {
			lo, hi, ok = v, v, true
			continue
		}
		lo, hi = math.Min(lo, v), math.Max(hi, v)
	}
	return lo, hi, ok
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func clampValue(v float64) float64 { return math.Max(-maxMagnitude, math.Min(maxMagnitude, v)) }
