package measure

import "testing"

// 8 events, 5 found, 3 false stretches, in 4 series-weeks: P = 5/8, R = 5/8, F1 = 10/16, 0.75 a week.
func TestEventQuality(t *testing.T) {
	of := truth{events: 8, positives: 100, points: 1000, weeks: 4}
	c := tally{found: 5, strays: 3}
	near(t, "precision", c.precision(), 5.0/8)
	near(t, "recall", c.recall(of), 5.0/8)
	near(t, "F1", c.f1(of), 10.0/16)
	near(t, "false stretches a week", c.strayRate(of), 0.75)
	c = tally{found: 2, strays: 6}
	p, r := 2.0/8, 2.0/8
	near(t, "F1 of P and R", c.f1(of), 2*p*r/(p+r))
	if got := (tally{}).precision(); got.Exists() {
		t.Errorf("precision without an alarm is %g", float64(got))
	}
	near(t, "F1 without an alarm", tally{}.f1(of), 0)
	if got := c.f1(truth{}); got.Exists() {
		t.Errorf("F1 without events is %g", float64(got))
	}
	if got := c.recall(truth{}); got.Exists() {
		t.Errorf("recall without events is %g", float64(got))
	}
}

func TestDelayF1(t *testing.T) {
	for _, c := range []struct {
		name            string
		events, missing []span
		alarms          []span
		want            float64
	}{
		{"7 points after the start", []span{{10, 29}}, nil, at(17), 1},
		{"8 points after", []span{{10, 29}}, nil, at(18), 0},
		{"late, whole rest alarmed", []span{{10, 29}}, nil, []span{{18, 29}}, 0},
		{"in time, and one false positive: TP 20, FP 1", []span{{10, 29}}, nil, at(10, 50), 40.0 / 41},
		{"one of two: TP 20, FN 5", []span{{10, 29}, {60, 64}}, nil, at(11), 40.0 / 45},
		{"one of two, late for the other, and two false: TP 20, FN 10, FP 2", []span{{10, 29}, {60, 69}}, nil, at(11, 69, 70, 71), 40.0 / 52},
		{"the tolerance does not count: FN 3, FP 1", []span{{10, 12}}, nil, at(13), 0},
		{"short event, alarmed at its end", []span{{10, 12}}, nil, at(12), 1},
		{"missing points are no points: TP 17, FP 1", []span{{10, 29}}, at(12, 13, 14), at(15, 50), 34.0 / 35},
		{"but time passes", []span{{10, 29}}, []span{{11, 17}}, at(18), 0},
	} {
		s := blank(100)
		s.Label, s.Missing, s.Alarm = marks(100, c.events...), marks(100, c.missing...), marks(100, c.alarms...)
		near(t, c.name, ownTally(&s).delayF1(s.truth()), c.want)
	}
	if got := (tally{points: 3}).delayF1(truth{}); got.Exists() {
		t.Errorf("without events it is %g", float64(got))
	}
}

func TestTruth(t *testing.T) {
	s := blank(2020)
	s.Step, s.From = 300_000, 2
	s.Label, s.Missing = marks(2020, span{0, 4}, span{100, 109}), marks(2020, at(104, 500)...)
	want := truth{events: 2, positives: 3 + 9, points: 2016, weeks: 1}
	if got := s.truth(); got != want {
		t.Errorf("truth %+v, want %+v", got, want)
	}
}
