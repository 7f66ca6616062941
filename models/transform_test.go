package models_test

import (
	"math"
	"strings"
	"testing"

	"github.com/tidewatch/tidewatch/models"
	"github.com/tidewatch/tidewatch/models/modeltest"
)

// onLogScale reports whether the series is judged on a logarithmic scale, as its explanation says.
func (r *runner) onLogScale(t int64, x float64) bool {
	r.x[0] = x
	terms := r.m.Explain(t, r.x, 0, 3).Terms
	return len(terms) > 0 && strings.HasSuffix(terms[0].Name, "on a log scale")
}

// TestScaleIsChosenByLikelihood runs series whose noise does or does not grow with their level. A scale that was taken up stays.
func TestScaleIsChosenByLikelihood(t *testing.T) {
	seeds, days := uint64(2), int64(30)
	if testing.Short() {
		seeds, days = 1, 14
	}
	bursts := func(seed uint64) func(int64) float64 { // autocorrelated and multiplicative: the hours' own noise does not explain it
		s, v := source{seed}, 0.0
		return func(int64) float64 { v = 0.95*v + 0.3*s.normal(); return 20 * math.Exp(v) }
	}
	cases := []struct {
		name string
		make func(seed uint64) func(int64) float64
		log  bool
	}{{"multiplicative", bursts, true}}
	for _, f := range families {
		switch f.name {
		case "white", "ar(.8)", "seasonal", "heavy":
			cases = append(cases, struct {
				name string
				make func(seed uint64) func(int64) float64
				log  bool
			}{f.name, f.make, false})
		}
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for seed := range seeds {
				r, next := newRunner(t, "combined", models.Config{Transform: models.Auto}), c.make(seed+1)
				changes, log := 0, false
				for k := range days * 288 {
					at := k * gridStep.Milliseconds()
					x := next(at)
					if k%288 == 0 && r.onLogScale(at, x) != log {
						changes, log = changes+1, !log
					}
					r.step(at, x)
				}
				if log != c.log || changes > 1 {
					t.Errorf("seed %d: on a log scale %t after %d changes, want %t after at most one", seed, log, changes, c.log)
				}
			}
		})
	}
}

// TestLogScaleSeesAFall: what has lost most of its value is nothing beside noise that grows with the level, and plain on a scale where it does not.
func TestLogScaleSeesAFall(t *testing.T) {
	surprise := func(how models.Transform) float64 {
		s, v := source{7}, 0.0
		r := newRunner(t, "combined", models.Config{Transform: how})
		for k := range int64(14 * 288) {
			v = 0.95*v + 0.2*s.normal()
			r.step(k*gridStep.Milliseconds(), 100*math.Exp(v))
		}
		return r.step(14*288*gridStep.Milliseconds(), 3).Surprise
	}
	plain, log := surprise(models.Identity), surprise(models.Log)
	if t.Logf("a fall to 3 %%: surprise %.1f in its unit, %.1f on a log scale", plain, log); plain > 3 || log < 3.5 {
		t.Errorf("want below 3 and above 3.5")
	}
}

// TestScaleIsForSingleSeries: a joint kind and several rows are refused.
func TestScaleIsForSingleSeries(t *testing.T) {
	for _, c := range []models.Config{{Kind: "joint", Rows: 3}, {Kind: "combined", Rows: 2}} {
		c.Step, c.Transform = gridStep, models.Auto
		spec, err := models.Lookup(c.Kind)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := spec.New(c); err == nil {
			t.Errorf("%s of %d rows chooses a scale", c.Kind, c.Rows)
		}
	}
}

// TestScaleContract holds models on both scales to the contract of all.
func TestScaleContract(t *testing.T) {
	if testing.Short() {
		t.Skip("make test-full runs it")
	}
	for name, how := range map[string]models.Transform{"auto": models.Auto, "log": models.Log} {
		spec, err := models.Lookup("combined")
		if err != nil {
			t.Fatal(err)
		}
		plain := spec.New
		spec.New = func(c models.Config) (models.Model, error) {
			c.Transform = how
			return plain(c)
		}
		t.Run(name, func(t *testing.T) { modeltest.Run(t, spec) })
	}
}
