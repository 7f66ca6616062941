package baseline

import (
	"math"
	"slices"
)

// sorted is the values of the last n grid points in order, missing ones left out.
type sorted struct {
	last  ring
	order []float64
}

func newSorted(n int) sorted {
	return sorted{last: newRing(n), order: make([]float64, 0, n+1)}
}

// leaving is where the value stands in order that the next push drives out; -1 where none does.
func (s *sorted) leaving() int {
	old := s.last.lag(len(s.last.values))
	if math.IsNaN(old) {
		return -1
	}
	i, _ := slices.BinarySearch(s.order, old)
	return i
}

func (s *sorted) push(x float64) {
	if i := s.leaving(); i >= 0 {
		s.order = slices.Delete(s.order, i, i+1)
	}
	s.last.push(x)
	if !math.IsNaN(x) {
		i, _ := slices.BinarySearch(s.order, x)
		s.order = slices.Insert(s.order, i, x)
	}
}

// median is NaN of no values, the mean of the middle two of an even number.
func (s *sorted) median() float64 {
	n := len(s.order)
	if n == 0 {
		return math.NaN()
	}
	return (s.order[(n-1)/2] + s.order[n/2]) / 2
}

// medianWith is what median would be after push(x).
func (s *sorted) medianWith(x float64) float64 {
	v := changed{order: s.order, gone: s.leaving(), added: -1, x: x}
	n := len(s.order)
	if v.gone >= 0 {
		n--
	}
	if !math.IsNaN(x) {
		n++
		v.added, _ = slices.BinarySearch(s.order, x)
		if v.gone >= 0 && v.gone < v.added {
			v.added--
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return (v.at((n-1)/2) + v.at(n/2)) / 2
}

// changed is a sorted slice with one element gone and x added; -1: none.
type changed struct {
	order       []float64
	gone, added int
	x           float64
}

func (v changed) at(k int) float64 {
	if v.added >= 0 && k >= v.added {
		if k == v.added {
			return v.x
		}
		k--
	}
	if v.gone >= 0 && k >= v.gone {
		k++
	}
	return v.order[k]
}

// mad is the median of the distances from m, the median of the values.
func (s *sorted) mad(m float64) float64 {
	n := len(s.order)
	if n == 0 {
		return math.NaN()
	}
	return (s.radius(m, (n+1)/2) + s.radius(m, n/2+1)) / 2
}

// radius is the k-th smallest distance from m. The k values nearest to m stand side by side: it is the least, over runs of k,
// of the farther end's distance. The left end's falls and the right end's grows as the run moves right.
func (s *sorted) radius(m float64, k int) float64 {
	lo, hi := 0, len(s.order)-k
	for lo < hi { // the first run whose right end is at least as far as its left one
		mid := (lo + hi) / 2
		if s.order[mid+k-1]-m >= m-s.order[mid] {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	r := max(m-s.order[lo], s.order[lo+k-1]-m)
	if lo > 0 {
		r = min(r, max(m-s.order[lo-1], s.order[lo+k-2]-m))
	}
	return r
}
