package notify

import (
	"math"
	"slices"
)

// maxChartPoints is how many points are drawn one by one; more are gathered, each group into its lowest and its highest, so
// that no spike is lost.
const maxChartPoints = 1600

// thin gathers neighbouring points so that at most maxChartPoints remain.
func (d *chartData) thin() {
	group := 2 * ((len(d.t) + maxChartPoints - 1) / maxChartPoints)
	out := &chartData{}
	for from := 0; from < len(d.t); from += group {
		to := min(len(d.t), from+group)
		first, second := d.lowest(from, to)
		for _, i := range []int{first, second} {
			out.t = append(out.t, d.t[i])
			out.y = append(out.y, d.y[i])
			out.mid = append(out.mid, d.mid[i])
			out.lower = append(out.lower, d.lower[i])
			out.upper = append(out.upper, d.upper[i])
			out.anomalous = append(out.anomalous, slices.Contains(d.anomalous[from:to], true))
			if d.stat != nil {
				out.stat = append(out.stat, d.stat[i])
			}
			if first == second {
				break
			}
		}
	}
	d.t, d.y, d.mid, d.lower, d.upper, d.anomalous, d.stat = out.t, out.y, out.mid, out.lower, out.upper, out.anomalous, out.stat
	d.step = usualStep(d.t)
	if d.stat != nil && len(d.stat) == 0 {
		d.stat = nil
	}
}

// lowest returns the indices of the lowest and the highest value of [from, to), in order of time. NaN counts as neither; a
// group of NaN gives its first point.
func (d *chartData) lowest(from, to int) (first, second int) {
	lo, hi := -1, -1
	for i := from; i < to; i++ {
		if math.IsNaN(d.y[i]) {
			continue
		}
		if lo < 0 || d.y[i] < d.y[lo] {
			lo = i
		}
		if hi < 0 || d.y[i] > d.y[hi] {
			hi = i
		}
	}
	if lo < 0 {
		return from, from
	}
	return min(lo, hi), max(lo, hi)
}

// run is a stretch [from, to] of points that belong together.
type run struct{ from, to int }

// runs splits the points where ok fails and where time leaps.
func (d *chartData) runs(ok func(i int) bool) []run {
	var out []run
	open := -1
	for i := range d.t {
		leap := i > 0 && d.step > 0 && d.t[i]-d.t[i-1] > 3*d.step
		if open >= 0 && (!ok(i) || leap) {
			out = append(out, run{open, i - 1})
			open = -1
		}
		if open < 0 && ok(i) {
			open = i
		}
	}
	if open >= 0 {
		out = append(out, run{open, len(d.t) - 1})
	}
	return out
}
