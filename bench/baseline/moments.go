package baseline

import "math"

// moments is the mean and the sum of squared deviations of n values (Welford 1962; merged as Chan, Golub & LeVeque 1983).
type moments struct{ n, mean, m2 float64 }

func (m moments) add(x float64) moments {
	if math.IsNaN(x) {
		return m
	}
	m.n++
	d := x - m.mean
	m.mean += d / m.n
	m.m2 += float64(d * (x - m.mean))
	return m
}

func (m moments) merge(o moments) moments {
	switch {
	case m.n == 0:
		return o
	case o.n == 0:
		return m
	}
	n, d := m.n+o.n, o.mean-m.mean
	return moments{n, m.mean + float64(d*o.n)/n, m.m2 + o.m2 + float64(float64(d*d)*m.n)*o.n/n}
}

// sd is the population's standard deviation, 0 of fewer than two values.
func (m moments) sd() float64 {
	if m.n < 2 {
		return 0
	}
	return math.Sqrt(m.m2 / m.n)
}

// window is the moments of the last n grid points, those without a value left out. Nothing is ever subtracted, so an outlier
// that has left leaves no rounding behind: the window is the rest of the last block of n points, summed from its end, and what
// the current block has so far.
type window struct {
	values []float64 // of the current block up to at; of the last one from there on
	rest   []moments // rest[i] is values[i:] of the last block
	block  moments
	at     int
}

func newWindow(n int) window {
	return window{values: make([]float64, n), rest: make([]moments, n+1)}
}

func (w *window) push(x float64) {
	w.values[w.at] = x
	w.block = w.block.add(x)
	if w.at++; w.at < len(w.values) {
		return
	}
	for i := len(w.values) - 1; i >= 0; i-- {
		w.rest[i] = w.rest[i+1].add(w.values[i])
	}
	w.block, w.at = moments{}, 0
}

// moments is of the last n points.
func (w *window) moments() moments { return w.rest[w.at].merge(w.block) }

// with is what moments would be after push(x).
func (w *window) with(x float64) moments { return w.rest[w.at+1].merge(w.block.add(x)) }

// ring remembers the last n figures.
type ring struct {
	values []float64
	at     int
}

func newRing(n int) ring {
	r := ring{values: make([]float64, n)}
	for i := range r.values {
		r.values[i] = math.NaN()
	}
	return r
}

func (r *ring) push(x float64) {
	r.values[r.at] = x
	if r.at++; r.at == len(r.values) {
		r.at = 0
	}
}

// lag is the k-th last figure that was pushed, 1 <= k <= n; NaN where there is none.
func (r *ring) lag(k int) float64 {
	i := r.at - k
	if i < 0 {
		i += len(r.values)
	}
	return r.values[i]
}
