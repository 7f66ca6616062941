package eval

import (
	"math"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/util/kahansum"
)

// overTimes are the functions of a window that are computed here. Each follows the engine's function of the same name
// (promql/functions.go) operation by operation.
var overTimes = map[string]func(*window) (float64, bool){
	"rate":              func(w *window) (float64, bool) { return extrapolated(w, true, true) },
	"increase":          func(w *window) (float64, bool) { return extrapolated(w, true, false) },
	"delta":             func(w *window) (float64, bool) { return extrapolated(w, false, false) },
	"resets":            func(w *window) (float64, bool) { return float64(falls(w)), true },
	"sum_over_time":     func(w *window) (float64, bool) { return sum(w.points()), true },
	"avg_over_time":     func(w *window) (float64, bool) { return mean(w.points()), true },
	"min_over_time":     func(w *window) (float64, bool) { return lowest(w.points()), true },
	"max_over_time":     func(w *window) (float64, bool) { return highest(w.points()), true },
	"count_over_time":   func(w *window) (float64, bool) { return float64(len(w.points())), true },
	"last_over_time":    func(w *window) (float64, bool) { return w.all[len(w.all)-1].F, true },
	"present_over_time": func(*window) (float64, bool) { return 1, true },
}

// extrapolated is rate, increase or delta: the difference over the window, counter resets undone, as if the samples reached to the
// window's ends where they nearly do.
func extrapolated(w *window, counter, rate bool) (float64, bool) {
	p := w.points()
	if len(p) < 2 {
		return 0, false
	}
	first, last := p[0], p[len(p)-1]
	x := last.F - first.F
	if counter {
		for _, d := range w.drops {
			if d.index > w.first {
				x += d.before
			}
		}
	}
	toStart, toEnd := float64(first.T-w.start)/1000, float64(w.end-last.T)/1000
	sampled := float64(last.T-first.T) / 1000
	apart := sampled / float64(len(p)-1)
	threshold := apart * 1.1
	if toStart >= threshold {
		toStart = apart / 2
	}
	if counter {
		toZero := toStart
		if x > 0 && first.F >= 0 {
			toZero = sampled * (first.F / x)
		}
		if toZero < toStart {
			toStart = toZero
		}
	}
	if toEnd >= threshold {
		toEnd = apart / 2
	}
	factor := 1.0
	if sampled != 0 {
		factor = (sampled + toStart + toEnd) / sampled
	}
	if rate {
		factor /= w.seconds
	}
	return x * factor, true
}

// falls is how many samples are lower than the one before them, both in the window.
func falls(w *window) (n int) {
	for _, d := range w.drops {
		if d.index > w.first {
			n++
		}
	}
	return n
}

func sum(p []promql.FPoint) float64 {
	var s, c float64
	for i := range p {
		s, c = kahansum.Inc(p[i].F, s, c)
	}
	if math.IsInf(s, 0) {
		return s
	}
	return s + c
}

// mean sums and divides; from where the sum overflows, it goes on with a running mean.
func mean(p []promql.FPoint) float64 {
	m := average{sum: p[0].F, n: 1}
	for i := range p[1:] {
		m.add(p[i+1].F)
	}
	return m.value()
}

// average is a compensated mean of numbers: their sum, or, once that has overflown, the mean itself.
type average struct {
	sum, c, n float64
	mean      float64
	running   bool
}

func (a *average) add(x float64) {
	a.n++
	if !a.running {
		s, c := kahansum.Inc(x, a.sum, a.c)
		if !math.IsInf(s, 0) {
			a.sum, a.c = s, c
			return
		}
		a.running = true
		a.mean = a.sum / (a.n - 1)
		a.c /= a.n - 1
	}
	q := (a.n - 1) / a.n
	a.mean, a.c = kahansum.Inc(x/a.n, q*a.mean, q*a.c)
}

func (a *average) value() float64 {
	if a.running {
		return a.mean + a.c
	}
	return a.sum/a.n + a.c/a.n
}

func lowest(p []promql.FPoint) float64 {
	x := p[0].F
	for i := range p {
		if p[i].F < x || math.IsNaN(x) {
			x = p[i].F
		}
	}
	return x
}

func highest(p []promql.FPoint) float64 {
	x := p[0].F
	for i := range p {
		if p[i].F > x || math.IsNaN(x) {
			x = p[i].F
		}
	}
	return x
}
