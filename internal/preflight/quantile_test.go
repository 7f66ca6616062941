package preflight

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

func TestQuantileProblems(t *testing.T) {
	bounds := []float64{0.1, 0.5, 1}
	for _, tc := range []struct {
		name   string
		bounds []float64
		values [][]float64 // of each series
		want   string      // "" is no problem
	}{
		{"it moves between buckets", bounds, [][]float64{repeat(0.05, 6, 0.3, 6)}, ""},
		{"it stays in one", bounds, [][]float64{repeat(0.3, 12)}, "in 1 of 1 series, mostly 0.1 to 0.5"},
		{"it stays in the first", bounds, [][]float64{repeat(0.03, 12)}, "mostly 0 to 0.1"},
		{"it stays above all", bounds, [][]float64{repeat(1, 12)}, "mostly 1 to +Inf"},
		{"half of the series move", bounds, [][]float64{repeat(0.3, 12), repeat(0.05, 6, 0.3, 6)}, ""},
		{"too few points to say", bounds, [][]float64{repeat(0.3, 5)}, ""},
		{"a native histogram has no buckets", nil, [][]float64{repeat(0.3, 12)}, ""},
		{"mostly NaN", bounds, [][]float64{repeat(math.NaN(), 7, 0.3, 5)}, "NaN at 7 of 12 points"},
		{"nothing at all", bounds, nil, ""},
	} {
		q := quantileSeen{bounds: tc.bounds, buckets: map[string]map[int]int{}}
		for i, vs := range tc.values {
			for _, v := range vs {
				q.add(fmt.Sprint(i), v)
			}
		}
		got, _ := q.problem()
		if (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// repeat makes a list of pairs of a value and how often it comes.
func repeat(pairs ...float64) []float64 {
	var out []float64
	for i := 0; i < len(pairs); i += 2 {
		for range int(pairs[i+1]) {
			out = append(out, pairs[i])
		}
	}
	return out
}
