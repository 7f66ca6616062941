package null

import (
	"math"
	"slices"
	"testing"
	"time"
)

// TestFamiliesAreWhatTheySay checks each family's documented figures over 40 series of 15 days, within five standard errors or so.
func TestFamiliesAreWhatTheySay(t *testing.T) {
	const n = 15 * 288
	series := 40
	if testing.Short() {
		series = 10
	}
	share := func(f func(x float64) bool) func(v []float64) float64 {
		return func(v []float64) float64 { return mean(v, func(x float64) float64 { return b2f(f(x)) }) }
	}
	square := func(centre float64) func(v []float64) float64 {
		return func(v []float64) float64 {
			return mean(v, func(x float64) float64 { return (x - centre) * (x - centre) })
		}
	}
	for _, c := range []struct {
		family, what string
		of           func(v []float64) float64
		want, within float64
	}{
		{"white", "mean", average, 50, 0.04},
		{"white", "variance", square(50), 9, 0.16},
		{"ar", "variance", square(20), 1, 0.04},
		{"ar", "correlation with the point before", lagged(1), 0.8, 0.01},
		{"seasonal", "correlation with the day before", lagged(288), 0.75, 0.2},
		{"heavy", "share beyond 5.841 (1 % of t3)", share(func(x float64) bool { return math.Abs(x-5) > 5.841 }), 0.01, 0.0013},
		{"counts", "mean", average, 6, 0.1},
		{"counts", "share whole and not negative", share(whole), 1, 1e-9},
		{"sparse", "mean", average, 0.2, 0.006},
		{"sparse", "share zero", share(func(x float64) bool { return x == 0 }), math.Exp(-0.2), 0.006},
		{"bursts", "share 5 deviations above (1.5 × 5 points a day, of height > 5)", share(func(x float64) bool { return x > 35 }), 7.5 / 288 * 0.53, 0.003},
		{"regimes", "share at the highest level", share(func(x float64) bool { return math.Abs(x-55) < 4 }), 1.0 / 3, 0.06},
		{"lognormal", "share of positive values", share(func(x float64) bool { return x > 0 }), 1, 1e-9},
		{"ticks", "share of ticks", share(func(x float64) bool { return x == 101 }), 1.0 / 288, 0.0007},
	} {
		t.Run(c.family+"/"+c.what, func(t *testing.T) {
			fs, err := chooseFamilies([]string{c.family})
			if err != nil {
				t.Fatal(err)
			}
			got := 0.0
			for k := range series {
				got += c.of(fs[0].Values(1, uint64(k), 5*time.Minute, n)) / float64(series)
			}
			if math.Abs(got-c.want) > c.within*math.Sqrt(40/float64(series)) {
				t.Errorf("%g, want %g within %g", got, c.want, c.within)
			}
		})
	}
}

// TestValuesAreFunctionsOfTheirPlace: more points do not change the first ones, another seed or series changes nearly all.
func TestValuesAreFunctionsOfTheirPlace(t *testing.T) {
	for _, f := range Families() {
		v := f.Values(1, 2, time.Minute, 2000)
		if !slices.Equal(v[:700], f.Values(1, 2, time.Minute, 700)) {
			t.Errorf("%s: 2000 points begin unlike 700 points", f.Name)
		}
		for _, other := range [][]float64{f.Values(2, 2, time.Minute, 2000), f.Values(1, 3, time.Minute, 2000)} {
			if slices.Equal(v, other) && f.Name != "ticks" {
				t.Errorf("%s: another seed or series has the same values", f.Name)
			}
		}
		for i, x := range v {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				t.Fatalf("%s: point %d is %g", f.Name, i, x)
			}
		}
	}
	if _, err := chooseFamilies([]string{"white", "blue"}); err == nil {
		t.Error("an unknown family is no error")
	}
}

func mean(v []float64, f func(x float64) float64) float64 {
	s := 0.0
	for _, x := range v {
		s += f(x)
	}
	return s / float64(len(v))
}

func average(v []float64) float64 { return mean(v, func(x float64) float64 { return x }) }

func b2f(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func whole(x float64) bool { return x >= 0 && x == math.Trunc(x) }

// lagged is the correlation with the value so many points before.
func lagged(lag int) func(v []float64) float64 {
	return func(v []float64) float64 {
		m, xy, xx := average(v), 0.0, 0.0
		for i := lag; i < len(v); i++ {
			xy += (v[i] - m) * (v[i-lag] - m)
			xx += (v[i] - m) * (v[i] - m)
		}
		return xy / xx
	}
}
