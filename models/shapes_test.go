package models_test

import (
	"math"
	"strings"
	"testing"

	"github.com/tidewatch/tidewatch/models"
	"github.com/tidewatch/tidewatch/models/modeltest"
)

// wave has a period that no season has; with other it has the same level, the same variance and the same spectrum, so that neither band, noise nor
// short memory tell the two apart, and another shape.
func wave(s *source, k int64, other bool) float64 {
	angle := 2 * math.Pi * float64(k) / 50
	second := 0.6 * math.Sin(2*angle)
	if other {
		second = -second
	}
	return 100 + 10*(math.Sin(angle)+second) + 0.8*s.normal()
}

// TestShapeIsFound has a series take on another shape for half a day, which no other channel tells as surely.
func TestShapeIsFound(t *testing.T) {
	const from, points = 16 * 300, 150 // both waves pass through the same values where the other begins
	shared := forestFrom(t, "combined")
	seen := func(on bool, seed uint64) (before, during, byShape int) { // points of surprise 3 or more
		r, s := newRunner(t, "combined", models.Config{Shapes: on}), source{seed}
		r.m.(models.Sharer).Adopt(shared)
		for k := range int64(from + points) {
			at := k * gridStep.Milliseconds()
			r.x[0] = wave(&s, k, k >= from)
			r.m.Score(at, r.x, r.score)
			if r.score[0].Surprise >= 3 {
				switch {
				case k >= from:
					during++
					if strings.Contains(r.m.Explain(at, r.x, 0, 3).Unit, "typical shape") {
						byShape++
					}
				case k >= from-600:
					before++
				}
			}
			r.learn(at)
		}
		return before, during, byShape
	}
	seeds := uint64(3)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		_, without, _ := seen(false, seed+1)
		before, with, byShape := seen(true, seed+1)
		t.Logf("seed %d: %d of 600 points before; of %d of another shape %d without the library, %d with it, of which it decided %d", seed, before, points, without, with, byShape)
		if before > 2 || with < 5+2*without || byShape < 5 {
			t.Errorf("seed %d: the other shape is not found", seed)
		}
	}
}

// TestShapesOnNullFamilies: the library keeps the scale.
func TestShapesOnNullFamilies(t *testing.T) {
	points := int64(40_000)
	if testing.Short() {
		t.Skip("make test-full runs it")
	}
	total, over := 0.0, [2]float64{}
	for _, f := range families {
		var own [2]float64
		r, next := newRunner(t, "combined", models.Config{Shapes: true}), f.make(3)
		n := 0.0
		for k := range points {
			at := k * gridStep.Milliseconds()
			s := r.step(at, next(at))
			if k < 4032 {
				continue
			}
			n++
			for d := range own {
				if s.Surprise >= float64(d)+2 {
					own[d]++
				}
			}
		}
		t.Logf("%-20s observed/nominal at 1e-2 %.2f, 1e-3 %.2f", f.name, own[0]/n*1e2, own[1]/n*1e3)
		total, over = total+n, [2]float64{over[0] + own[0], over[1] + own[1]}
	}
	if a, b := over[0]/total*1e2, over[1]/total*1e3; a < 0.5 || a > 2 || b < 0.3 || b > 2 {
		t.Errorf("observed over nominal: %.2f at 1e-2, %.2f at 1e-3", a, b)
	}
}

// TestShapesContract holds a model with a library to the contract of all.
func TestShapesContract(t *testing.T) {
	if testing.Short() {
		t.Skip("make test-full runs it")
	}
	spec, err := models.Lookup("combined")
	if err != nil {
		t.Fatal(err)
	}
	plain := spec.New
	spec.New = func(c models.Config) (models.Model, error) {
		c.Shapes = true
		return plain(c)
	}
	modeltest.Run(t, spec)
}

// TestShapesNeedAChannel: kinds without one refuse them.
func TestShapesNeedAChannel(t *testing.T) {
	for _, kind := range []string{"seasonal", "joint"} {
		spec, err := models.Lookup(kind)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := spec.New(models.Config{Kind: kind, Rows: max(1, spec.Least), Step: gridStep, Shapes: true}); err == nil {
			t.Errorf("%s keeps shapes", kind)
		}
	}
}
