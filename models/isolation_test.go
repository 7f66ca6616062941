package models

import (
	"bytes"
	"math"
	"testing"
	"unsafe"
)

func clusterSamples(n int) []float64 {
	c := newCounter(11)
	s := make([]float64, n*features)
	for i := range s {
		s[i] = c.unit() + c.unit() - 1
	}
	return s
}

func TestForestSetsOutliersApart(t *testing.T) {
	f := buildForest(1, clusterSamples(3000)).(*forest)
	var center, far [features]float32
	for i := range far {
		far[i] = 4
	}
	a, b := f.shortfall(&center), f.shortfall(&far)
	if a > 0 || b < 3 {
		t.Errorf("the centre is isolated %g splits early, the outlier %g", a, b)
	}
	// Liu's score of the outlier is well above 0.6, the paper's mark of an anomaly, and that of the centre below 0.5
	score := func(s float64) float64 { return math.Exp2(s/leafPath[f.sample] - 1) }
	if score(a) > 0.5 || score(b) < 0.65 {
		t.Errorf("scores are %g and %g", score(a), score(b))
	}
}

func TestForestSharesItsScoreOutExactly(t *testing.T) {
	f := buildForest(2, clusterSamples(3000)).(*forest)
	c := newCounter(5)
	for range 200 {
		var x [features]float32
		for i := range x {
			x[i] = float32(4*c.unit() - 2)
		}
		sum := 0.0
		for _, v := range f.share(&x) {
			sum += v
		}
		if want := f.shortfall(&x); math.Abs(sum-want) > 1e-9 {
			t.Fatalf("features share out %g, the shortfall is %g", sum, want)
		}
	}
	var one [features]float32
	one[3] = 5
	parts := f.share(&one)
	for i, v := range parts {
		if i != 3 && v >= parts[3] {
			t.Errorf("feature %d has %g of the score, the outlying one %g", i, v, parts[3])
		}
	}
}

func TestForestIsSmallAndImmutable(t *testing.T) {
	f := buildForest(3, clusterSamples(8000)).(*forest)
	if size := len(f.trees) * int(unsafe.Sizeof(f.trees[0])); size > 280<<10 {
		t.Errorf("the forest has %d bytes, want at most 280 KiB", size)
	}
	if other := buildForest(4, clusterSamples(8000)); other.Version() == f.Version() {
		t.Error("another seed gave the same forest")
	}
	before := f.AppendState(nil)
	var x [features]float32
	f.shortfall(&x)
	f.share(&x)
	if !bytes.Equal(before, f.AppendState(nil)) {
		t.Error("scoring has changed the forest")
	}
}

func TestForestOfHardlyAnything(t *testing.T) {
	if buildForest(1, clusterSamples(1)) != nil {
		t.Error("one sample made a forest")
	}
	f := buildForest(1, make([]float64, 50*features)).(*forest)
	var x [features]float32
	if a, b := f.shortfall(&x), f.shortfall(&[features]float32{9}); a != b || !f.empty() {
		t.Errorf("a forest of equal samples tells %g from %g", a, b)
	}
}
