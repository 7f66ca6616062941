package measure

import (
	"math"
	"slices"
	"testing"
)

// lowered is the curve of a corpus.
func lowered(series ...*Series) curve {
	var c curve
	for _, s := range series {
		c.of.add(s.truth(), 1)
	}
	sweep(series, func(threshold float64, total tally, _ []*judge) { c.lower(threshold, total) })
	return c
}

// Three events in two weeks, each alarmed in one point; false alarms at 4 and 2. With the threshold the found events and the false stretches go
// 5: 1, 0 → F1 2/4; 4: 1, 1 → 2/5; 3: 2, 1 → 4/6; 2: 2, 2 → 4/7; 1: 3, 2 → 6/8; 0: 3 and 2+3+5+7, all being alarmed.
func TestSweptFigures(t *testing.T) {
	s := blank(1008)
	s.Step = 20 * 60_000
	s.Label = marks(1008, span{100, 109}, span{300, 309}, span{600, 609})
	for i, v := range map[int]float64{105: 5, 500: 4, 301: 3, 800: 2, 619: 1} {
		s.Score[i] = v
	}
	var found, strays []int
	sweep([]*Series{&s}, func(_ float64, total tally, _ []*judge) {
		found, strays = append(found, total.found), append(strays, total.strays)
	})
	if want := []int{1, 1, 2, 2, 3, 3}; !slices.Equal(found, want) {
		t.Errorf("found %v, want %v", found, want)
	}
	if want := []int{0, 1, 1, 2, 2, 17}; !slices.Equal(strays, want) {
		t.Errorf("false stretches %v, want %v", strays, want)
	}
	r, err := Measure([]Series{s})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "oracle F1", r.F1Oracle, 6.0/8)
	near(t, "oracle threshold", r.ThresholdOracle, 1)
	near(t, "oracle precision", r.PrecisionOracle, 3.0/5)
	near(t, "oracle recall", r.RecallOracle, 1)
	near(t, "recall at 0.1 (no false stretch)", r.RecallAt.Tenth, 1.0/3)
	near(t, "recall at 0.5 (one)", r.RecallAt.Half, 2.0/3)
	near(t, "recall at 1 (two)", r.RecallAt.One, 1)
	// 105 and 301 lie within 7 points of a start: 5: TP 10, FN 20, FP 0; 3: TP 20, FN 10, FP 1; 1: as before with FP 3; 0: TP 30, FP 978.
	near(t, "best delay-limited F1", r.DelayF1Oracle, 40.0/51)
}

// At 3 and at 1 F1 is 2/3: one event of two, and both with two false stretches. The higher threshold is given.
func TestOracleOfEquals(t *testing.T) {
	s := blank(400)
	s.Label = marks(400, at(50, 150)...)
	for i, v := range map[int]float64{50: 3, 250: 2, 350: 2, 150: 1} {
		s.Score[i] = v
	}
	r, err := Measure([]Series{s})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "best F1", r.F1Oracle, 2.0/3)
	near(t, "threshold", r.ThresholdOracle, 3)
	near(t, "precision", r.PrecisionOracle, 1)
	near(t, "recall", r.RecallOracle, 1.0/2)
}

func TestAveragePrecision(t *testing.T) {
	for _, c := range []struct {
		name   string
		scores []float64
		labels []span
		want   float64
	}{
		{"first is anomalous", []float64{5, 1, 2, 3}, at(0), 1},
		{"second of four", []float64{5, 1, 2, 7}, at(0), 1.0 / 2},
		{"all alike", []float64{1, 1, 1, 1, 1}, at(1), 1.0 / 5},
		{"ties are one step: 1/3·1/1 + 1/3·2/4 + 1/3·3/5", []float64{0.9, 0.8, 0.7, 0.7, 0.1}, at(0, 2, 4), 1.0/3 + 1.0/6 + 1.0/5},
		{"upside down: 1/2·1/3 + 1/2·2/4", []float64{1, 2, 3, 4}, at(0, 1), 1.0/6 + 1.0/4},
	} {
		s := blank(len(c.scores))
		s.Score, s.Label = c.scores, marks(len(c.scores), c.labels...)
		near(t, c.name, Number(lowered(&s).ap), c.want)
	}
}

// Two series are ranked as one: 9+ 8- 7+ 6-: 1/2·1 + 1/2·2/3.
func TestAveragePrecisionPooled(t *testing.T) {
	a, b := blank(3), blank(3)
	a.Score, a.Label = []float64{9, 6, 100}, marks(3, at(0)...)
	a.Missing = marks(3, at(2)...)
	b.From, b.Score, b.Label = 1, []float64{100, 8, 7}, marks(3, at(0, 2)...)
	near(t, "pooled", Number(lowered(&a, &b).ap), 1.0/2+1.0/3)
}

// The sweep agrees with a count at each threshold by itself.
func TestSweepAgainstEachThreshold(t *testing.T) {
	series := corpusOf(2, 4000)
	for k := range series {
		for i := range series[k].Score {
			series[k].Score[i] = math.Floor(series[k].Score[i] * 4)
		}
	}
	both := []*Series{&series[0], &series[1]}
	c := lowered(both...)
	best, delayed, ap, before := 0.0, 0.0, 0.0, 0.0
	for threshold := 60.0; threshold >= 0; threshold-- {
		var total tally
		for _, s := range both {
			for i, v := range s.Score {
				s.Alarm[i] = v >= threshold
			}
			total.add(plainTally(s), 1)
		}
		best = max(best, float64(total.f1(c.of)))
		delayed = max(delayed, float64(total.delayF1(c.of)))
		if total.points > 0 {
			recall := float64(total.hits) / float64(c.of.positives)
			ap += (recall - before) * float64(total.hits) / float64(total.points)
			before = recall
		}
	}
	near(t, "best F1", Number(c.best.f1), best)
	near(t, "best delay-limited F1", Number(c.delayF1), delayed)
	near(t, "average precision", Number(c.ap), ap)
}
