package measure

import (
	"math"
	"testing"
)

// marks is n points of which those of the spans are true.
func marks(n int, spans ...span) []bool {
	out := make([]bool, n)
	for _, v := range spans {
		for i := v.from; i <= v.to; i++ {
			out[i] = true
		}
	}
	return out
}

// at is the span of each single point.
func at(points ...int) []span {
	out := make([]span, len(points))
	for k, p := range points {
		out[k] = span{p, p}
	}
	return out
}

// blank is a series of n points a minute apart without events, alarms or scores.
func blank(n int) Series {
	return Series{Name: "s", Step: 60_000, Label: make([]bool, n), Score: make([]float64, n), Alarm: make([]bool, n)}
}

// near fails unless got is want to 1e-12.
func near(t *testing.T, what string, got Number, want float64) {
	t.Helper()
	if !(math.Abs(float64(got)-want) <= 1e-12) {
		t.Errorf("%s is %.15g, want %.15g", what, float64(got), want)
	}
}

// corpusOf is a corpus of seeded scores in which a labelled stretch of 10 to 90 points comes every 500 points, some of which
// score higher; a hundredth of the points is missing and P is uniform.
func corpusOf(series, n int) []Series {
	random := counter{key: 1}
	all := make([]Series, series)
	for k := range all {
		s := blank(n)
		s.From, s.Missing, s.P = n/10, make([]bool, n), make([]float64, n)
		length, height := 0, 0
		for i := range n {
			if i%500 == 0 {
				length, height = 10*(1+random.below(9)), random.below(6)
			}
			s.Missing[i] = random.below(100) == 0
			s.P[i] = float64(random.below(1_000_000)+1) / 1_000_000
			s.Score[i] = float64(random.below(10_000)) / 1000
			if s.Label[i] = i%500 >= 400 && i%500 < 400+length; s.Label[i] {
				s.Score[i] += float64(random.below(1+height)) / 4
			}
			s.Alarm[i] = s.Score[i] > 9.97
		}
		all[k] = s
	}
	return all
}
