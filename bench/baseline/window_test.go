package baseline

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestWindows holds the sliding windows against a computation from the values themselves.
func TestWindows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 9).Draw(t, "n")
		value := rapid.Custom(func(t *rapid.T) float64 {
			if rapid.IntRange(0, 4).Draw(t, "missing") == 0 {
				return math.NaN()
			}
			return float64(rapid.IntRange(-4, 4).Draw(t, "value"))
		})
		w, s, last := newWindow(n), newSorted(n), []float64(nil)
		for _, x := range rapid.SliceOfN(value, 1, 40).Draw(t, "values") {
			with, medianWith := w.with(x), s.medianWith(x)
			w.push(x)
			s.push(x)
			last = append(last, x)
			there := present(last[max(0, len(last)-n):])
			compare(t, "mean", w.moments().mean, mean(there))
			compare(t, "deviation", w.moments().sd(), deviation(there))
			compare(t, "mean with", with.mean, mean(there))
			compare(t, "deviation with", with.sd(), deviation(there))
			compare(t, "median", s.median(), median(there))
			compare(t, "median with", medianWith, median(there))
			compare(t, "mad", s.mad(s.median()), median(distances(there, median(there))))
		}
	})
}

func TestWindowForgetsOutliers(t *testing.T) {
	w := newWindow(3)
	for _, x := range []float64{largest, 1, 2, 3} {
		w.push(x)
	}
	if m := w.moments(); m.mean != 2 || m.sd() != math.Sqrt(2./3) {
		t.Errorf("mean %g and deviation %g, want 2 and √⅔", m.mean, m.sd())
	}
}

func compare(t *rapid.T, what string, got, want float64) {
	if math.IsNaN(got) != math.IsNaN(want) || math.Abs(got-want) > 1e-12 {
		t.Fatalf("%s is %g, want %g", what, got, want)
	}
}

func present(values []float64) (there []float64) {
	for _, x := range values {
		if !math.IsNaN(x) {
			there = append(there, x)
		}
	}
	return there
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, x := range values {
		sum += x
	}
	return sum / max(1, float64(len(values)))
}

func deviation(values []float64) float64 {
	m, sum := mean(values), 0.0
	for _, x := range values {
		sum += (x - m) * (x - m)
	}
	return math.Sqrt(sum / max(1, float64(len(values))))
}

func median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return math.NaN()
	}
	values = slices.Sorted(slices.Values(values))
	return (values[(n-1)/2] + values[n/2]) / 2
}

func distances(values []float64, from float64) (d []float64) {
	for _, x := range values {
		d = append(d, math.Abs(x-from))
	}
	return d
}
