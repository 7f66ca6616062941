package alerting

import (
	"cmp"
	"math"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

const (
	causeLag  = 5 * 60_000 // how long a trouble may take from one series to the next, milliseconds
	causeLags = 3          // grid points by which residuals may follow each other
)

// causePair is two alarms that can have one cause, and how much in step they were: step[k] is m(k) of Causes.
type causePair struct {
	a, b int // a < b, indices of alarms
	rare int // series and alarms that have the rarest label that both share
	step []float64
}

// causePairs are the pairs that can have one cause, and how many were beyond MaxCausePairs.
func causePairs(in CauseInput) (pairs []causePair, left int) {
	past := causePasts(in)
	known := slices.DeleteFunc(indices(len(in.Alarms)), func(i int) bool { return past[i] == nil })
	count := labelCounts(in)
	for x, i := range known {
		for _, j := range known[x+1:] {
			a, b := &in.Alarms[i], &in.Alarms[j]
			if float64(b.Onset-a.Onset) > causeLag+2*math.Hypot(float64(a.Spread), float64(b.Spread)) {
				continue
			}
			if rare := rarestShared(a.Labels, b.Labels, count); rare > 0 {
				pairs = append(pairs, causePair{a: i, b: j, rare: rare})
			}
		}
	}
	slices.SortStableFunc(pairs, func(p, q causePair) int { return cmp.Compare(p.rare, q.rare) })
	left = max(0, len(pairs)-MaxCausePairs)
	pairs = pairs[:len(pairs)-left]
	for i := range pairs {
		pairs[i].step = inStep(past[pairs[i].a], past[pairs[i].b])
	}
	return pairs, left
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// causePasts are the residuals of each alarm before the earliest onset, made comparable; nil where there are too few.
func causePasts(in CauseInput) [][]float64 {
	out := make([][]float64, len(in.Alarms))
	if len(in.Alarms) == 0 || in.Step <= 0 {
		return out
	}
	end, n := int64(math.MaxInt64), 0
	for _, a := range in.Alarms {
		end, n = min(end, a.Onset-2*a.Spread), max(n, len(a.Past))
	}
	if end <= in.From {
		return out
	}
	n = int(min(int64(n), (end-in.From+in.Step-1)/in.Step))
	first := max(0, n-MaxCausePast)
	for i, a := range in.Alarms {
		x := make([]float64, n-first)
		for t := range x {
			x[t] = math.NaN()
			if first+t < len(a.Past) {
				x[t] = a.Past[first+t]
			}
		}
		if unitResiduals(x) {
			out[i] = x
		}
	}
	return out
}

// unitResiduals takes the median from x, winsorises at four deviations, takes out what each value owes to the one before and
// scales to unit length; what is missing becomes 0. It returns false if there is too little, or nothing that moves.
func unitResiduals(x []float64) bool {
	var have []float64
	for _, v := range x {
		if isFinite(v) {
			have = append(have, v)
		}
	}
	if len(have) < minCausePast {
		return false
	}
	mid := medianOf(have)
	for i := range have {
		have[i] = math.Abs(have[i] - mid)
	}
	limit := 4 * 1.4826 * medianOf(have)
	if limit == 0 {
		limit = math.Inf(1) // more than half are equal: what moves is rare, and all there is
	}
	for i, v := range x {
		x[i] = 0
		if isFinite(v) {
			x[i] = max(-limit, min(limit, v-mid))
		}
	}
	whiten(x)
	length := math.Sqrt(sumOfProducts(x, x))
	if length == 0 || !isFinite(length) {
		return false
	}
	for i := range x {
		x[i] /= length
	}
	return true
}

// whiten leaves of each value what the one before does not foretell, with the correlation of neighbours.
func whiten(x []float64) {
	all := sumOfProducts(x, x)
	if all == 0 || !isFinite(all) {
		return
	}
	phi := sumOfProducts(x[1:], x) / all
	for i := len(x) - 1; i > 0; i-- {
		x[i] -= float64(phi * x[i-1])
	}
}

// sumOfProducts is over the length of x; y is at least as long.
func sumOfProducts(x, y []float64) (sum float64) {
	for i, v := range x {
		sum += float64(v * y[i])
	}
	return sum
}

func medianOf(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	return s[len(s)/2]
}

// inStep is m(k) of Causes for every circular shift k.
func inStep(x, y []float64) []float64 {
	n := len(x)
	c := make([]float64, n)
	for k := range c {
		c[k] = math.Abs(sumOfProducts(x[:n-k], y[k:]) + sumOfProducts(x[n-k:], y))
	}
	m := make([]float64, n)
	for k := range m {
		for l := -causeLags; l <= causeLags; l++ {
			m[k] = max(m[k], c[(k+l+n)%n])
		}
	}
	return m
}

// labelCounts says how many series, alarmed or quiet, have each label.
func labelCounts(in CauseInput) map[labels.Label]int {
	count := map[labels.Label]int{}
	for i := range in.Alarms {
		in.Alarms[i].Labels.Range(func(l labels.Label) { count[l]++ })
	}
	for l := range count {
		count[l] += in.Quiet.With[l]
	}
	return count
}

// rarestShared is how often the rarest label that both have occurs, 0 if they share none.
func rarestShared(a, b labels.Labels, count map[labels.Label]int) int {
	rare := 0
	a.Range(func(l labels.Label) {
		if NamesNoPlace(l.Name) || b.Get(l.Name) != l.Value {
			return
		}
		if n := count[l]; rare == 0 || n < rare {
			rare = n
		}
	})
	return rare
}

// NamesNoPlace reports whether a label, by its name, says what is measured instead of where.
func NamesNoPlace(name string) bool {
	return name == model.MetricNameLabel || name == "alertname" || name == "severity" || name == "le" || name == "quantile"
}
