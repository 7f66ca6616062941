package baseline

import (
	"errors"
	"math"

	"github.com/tidewatch/tidewatch"
)

// most is the largest score, and what a deviation has where nothing ever varied.
const most = 1e6

// largest bounds the values that are learnt, so that their squares stay finite.
const largest = 1e100

// judge is one univariate baseline at work on one series.
type judge interface {
	score(t int64, x float64) float64 // of a value that is there; changes nothing
	learn(t int64, x float64)         // of every grid point; NaN where there is no value
}

// jointJudge is one multivariate baseline; x is never NaN in all rows when it is scored.
type jointJudge interface {
	score(x []float64) float64
	learn(x []float64)
}

// plain is what all baselines have in common: what they do not have.
type plain struct{}

// Band implements models.Model: a baseline has none.
func (plain) Band(_ int64, _ float64, out []tidewatch.Band) {
	for i := range out {
		out[i] = tidewatch.Band{Lower: math.NaN(), Mid: math.NaN(), Upper: math.NaN()}
	}
}

// Explain implements models.Model: a baseline explains nothing.
func (plain) Explain(int64, []float64, int, float64) tidewatch.Explanation {
	return tidewatch.Explanation{}
}

// AppendState implements models.Model: nothing is stored.
func (plain) AppendState(b []byte) []byte { return b }

// LoadState implements models.Model: it always fails.
func (plain) LoadState([]byte) error {
	return errors.New("load state: a baseline keeps none, run it from the start of its history")
}

// rows is a univariate baseline on every row.
type rows struct {
	plain
	rows []row
}

type row struct {
	judge      judge
	seen, warm int // values learnt, and how many it takes to be ready
}

// Score implements models.Model.
func (m *rows) Score(t int64, x []float64, out []tidewatch.Score) {
	for i := range m.rows {
		r, v := &m.rows[i], tame(x[i])
		out[i] = tidewatch.Score{Mid: math.NaN(), Base: math.NaN(), Ready: r.seen >= r.warm}
		if out[i].Ready && !math.IsNaN(v) {
			out[i].Surprise = r.judge.score(t, v)
		}
	}
}

// Advance implements models.Model; the verdicts are not asked for and no event is told.
func (m *rows) Advance(t int64, x []float64, _ []tidewatch.Verdict, _ []tidewatch.Event) {
	for i := range m.rows {
		r, v := &m.rows[i], tame(x[i])
		r.judge.learn(t, v)
		if !math.IsNaN(v) && r.seen < r.warm {
			r.seen++
		}
	}
}

// joint is a multivariate baseline.
type joint struct {
	plain
	judge      jointJudge
	x          []float64 // tamed values
	seen, warm int       // points with a value, and how many it takes to be ready
}

// Score implements models.Model: every row gets the joint score.
func (m *joint) Score(_ int64, x []float64, out []tidewatch.Score) {
	s := tidewatch.Score{Mid: math.NaN(), Base: math.NaN(), Ready: m.seen >= m.warm}
	if m.tame(x) && s.Ready {
		s.Surprise = m.judge.score(m.x)
	}
	for i := range out {
		out[i] = s
	}
}

// Advance implements models.Model; the verdicts are not asked for and no event is told.
func (m *joint) Advance(_ int64, x []float64, _ []tidewatch.Verdict, _ []tidewatch.Event) {
	if !m.tame(x) {
		return
	}
	m.judge.learn(m.x)
	if m.seen < m.warm {
		m.seen++
	}
}

// tame fills m.x and reports whether any value is there.
func (m *joint) tame(x []float64) bool {
	there := false
	for i := range m.x {
		m.x[i] = tame(x[i])
		there = there || !math.IsNaN(m.x[i])
	}
	return there
}

// tame gives a value whose square is finite: infinite ones are missing, huge ones are cut to ±largest.
func tame(x float64) float64 {
	if math.IsInf(x, 0) {
		return math.NaN()
	}
	return max(-largest, min(largest, x)) // NaN stays NaN
}

// ratio is a deviation in units of a scale, from 0 to most.
func ratio(deviation, scale float64) float64 {
	switch {
	case !(deviation > 0):
		return 0
	case !(scale > 0):
		return most
	}
	return min(deviation/scale, most)
}

// leastShare is the part of its own all-time mean that a scale cannot fall below: a day on which a metric stood still would
// otherwise make the first tick after it infinitely strange. The production models bound their noise by the same half.
const leastShare = 0.5

// floor is the all-time mean of a scale.
type floor struct{ n, mean float64 }

func (f *floor) learn(scale float64) {
	f.n++
	f.mean += (scale - f.mean) / f.n
}

func (f *floor) under(scale float64) float64 { return max(scale, leastShare*f.mean) }
