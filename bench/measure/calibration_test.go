package measure

import "testing"

func TestCalibrate(t *testing.T) {
	u := func(points, exceedances int) unit { return unit{1, points, exceedances} }
	for _, c := range []struct {
		name                           string
		units                          []unit
		count, blocks, within, leftOut int
	}{
		{"10 expected, 5 to 20 are within", []unit{u(10_000, 4), u(10_000, 5), u(10_000, 20), u(10_000, 21)}, 4, 0, 2, 0},
		{"three make a block: 12 expected, 6 seen", []unit{u(4000, 6), u(4000, 0), u(4000, 0)}, 1, 1, 1, 0},
		{"the fourth joins it: 16 expected, 7 seen", []unit{u(4000, 6), u(4000, 0), u(4000, 0), u(4000, 1)}, 1, 1, 0, 0},
		{"blocks go around whole ones", []unit{u(5000, 2), u(20_000, 20), u(5000, 3)}, 2, 1, 2, 0},
		{"nothing makes a block", []unit{u(20_000, 20), u(4000, 4), u(4000, 4)}, 1, 0, 1, 2},
		{"none at all", []unit{u(0, 0)}, 0, 0, 0, 1},
	} {
		got := calibrate(c.units, 1e-3)
		if got.Units != c.count || got.Blocks != c.blocks || got.Within != c.within || got.LeftOut != c.leftOut {
			t.Errorf("%s: %+v", c.name, got)
		}
		if got.Share.Exists() != (c.count > 0) {
			t.Errorf("%s: share %g of %d units", c.name, float64(got.Share), c.count)
		}
		if c.count > 0 {
			near(t, c.name, got.Share, float64(c.within)/float64(c.count))
		}
	}
}

// Labelled, missing and training points do not count; those of an unlabelled series all do; a series without P does not.
func TestCalibratePoints(t *testing.T) {
	a, b, c := blank(2000), blank(1000), blank(9000)
	a.P, b.P = make([]float64, 2000), make([]float64, 1000)
	for i := range a.P {
		a.P[i] = 0.5
	}
	copy(b.P, a.P)
	a.From, a.Missing, a.Label = 100, marks(2000, span{200, 299}), marks(2000, span{400, 499})
	for _, i := range []int{50, 250, 450, 1000, 1001} {
		a.P[i] = 1e-3 // of these only the last two count
	}
	b.Label = nil
	b.P[7], b.P[8] = 0.01, 0.0100001
	got := Calibrate([]Series{a, b, c})
	if len(got) != 3 {
		t.Fatalf("%d levels, want 3", len(got))
	}
	want := []Calibration{
		{Nominal: 1e-2, Units: 2, Within: 0, Points: 2700, Exceedances: 3},
		{Nominal: 1e-3, Points: 2700, Exceedances: 2, LeftOut: 2},
		{Nominal: 1e-4, Points: 2700, LeftOut: 2},
	}
	for k, w := range want {
		g := got[k]
		near(t, "rate", g.Rate, float64(w.Exceedances)/2700)
		g.Rate, g.Share = 0, 0
		if g != w {
			t.Errorf("level %d: %+v, want %+v", k, g, w)
		}
	}
	if got := Calibrate([]Series{c}); len(got) != 0 {
		t.Errorf("without a P: %+v", got)
	}
}
