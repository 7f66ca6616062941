package models

import (
	"math"
	"testing"
)

// TestAveragePath checks c(n) against values computed from its definition, 2 H(n-1) - 2(n-1)/n with the exact harmonic number;
// Liu et al. approximate H by ln + Euler's constant, which is off by 1/(2(n-1)).
func TestAveragePath(t *testing.T) {
	for n := 3; n <= forestSample; n++ {
		harmonic := 0.0
		for i := 1; i < n; i++ {
			harmonic += 1 / float64(i)
		}
		exact := 2*harmonic - 2*float64(n-1)/float64(n)
		if got := averagePath(n); math.Abs(got-exact) > 1.0/float64(n-1) {
			t.Errorf("c(%d) is %g, want about %g", n, got, exact)
		}
	}
	if averagePath(0) != 0 || averagePath(1) != 0 || averagePath(2) != 1 {
		t.Error("c(0), c(1), c(2) are not 0, 0, 1")
	}
}

// TestParetoKnownValues compares with the closed forms of the generalised Pareto distribution.
func TestParetoKnownValues(t *testing.T) {
	for _, c := range []struct{ y, shape, want float64 }{
		{1, 0, math.Exp(-1)},
		{2, 0.5, 0.25},     // (1+1)^-2
		{3, 1, 0.25},       // (1+3)^-1
		{1, -0.5, 0.25},    // (1-1/2)^2
		{-1, 0.2, 1},       // below the threshold
		{0, -0.1, 1},       //
		{5, 0.2, 1.0 / 32}, // 2^-5
	} {
		if got := paretoSurvival(c.y, c.shape); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("survival of %g at shape %g is %g, want %g", c.y, c.shape, got, c.want)
		}
	}
	for _, shape := range []float64{-0.15, -0.05, 0, 0.1, 0.5} {
		for _, q := range []float64{0.9, 0.1, 0.01, 1e-3, 1e-6, 1e-12} {
			if got := paretoSurvival(paretoQuantile(q, shape), shape); math.Abs(got/q-1) > 1e-9 {
				t.Errorf("shape %g: survival of the quantile of %g is %g", shape, q, got)
			}
		}
	}
}

// sampled is a tail filled with n draws.
func sampled(p *prior, seed uint64, n int, draw func(u float64) float64) calibration {
	l := newLone(p)
	a := l.with(p)
	c := newCounter(seed)
	for i := range n {
		a.learn(draw(1 - c.unit()))
		if i%tailEvery == 0 {
			a.fit()
		}
	}
	return a
}

func TestTailIsMonotoneAndInvertible(t *testing.T) {
	draws := map[string]func(float64) float64{
		"exponential": func(u float64) float64 { return -math.Log(u) },
		"heavy":       func(u float64) float64 { return math.Pow(u, -0.4) - 1 },
		"bounded":     func(u float64) float64 { return 2 * (1 - u) },
		"two values":  func(u float64) float64 { return 5 * math.Floor(1.02-u) },
		"all zero":    func(float64) float64 { return 0 },
		"all huge":    func(float64) float64 { return 1e6 },
	}
	for name, draw := range draws {
		for k, p := range priors {
			for _, n := range []int{0, 50, 5000} {
				a := sampled(p, 3, n, draw)
				last := 1.0
				for s := 0.0; s < 60; s += 0.05 {
					q := a.probability(s)
					if math.IsNaN(q) || q < 0 || q > last+1e-12 {
						t.Fatalf("%s, tail %d, %d draws: probability of %g is %g after %g", name, k, n, s, q, last)
					}
					last = q
				}
				for _, q := range []float64{0.3, 0.02, 1e-3, 1e-5, 1e-8} {
					s := a.value(q)
					if above := a.probability(s*1.0001 + 1e-9); above > q*1.01 {
						t.Errorf("%s, tail %d, %d draws: above the value %g of %g the probability is %g", name, k, n, s, q, above)
					}
					if below := a.probability(s * 0.999); s > 0 && below < q*0.99 {
						t.Errorf("%s, tail %d, %d draws: below the value %g of %g the probability is %g", name, k, n, s, q, below)
					}
				}
			}
		}
	}
}

// TestTailIsHonest compares with the true probabilities of an exponential with mean 1.
func TestTailIsHonest(t *testing.T) {
	p := priors[tailSustained]
	for _, want := range []float64{0.1, 0.01, 1e-3, 1e-4} {
		sum := 0.0
		const tries = 40
		for seed := range uint64(tries) {
			a := sampled(p, seed, 8000, func(u float64) float64 { return -math.Log(u) })
			sum += math.Log(a.probability(-math.Log(want)) / want)
		}
		if bias := math.Exp(sum / tries); bias < 0.8 || bias > 1.6 {
			t.Errorf("a probability of %g is called %.2f times that", want, bias)
		}
	}
}

// TestTailsOfAnOlderFormat restores tails that were written with the hits of each bin and their total.
func TestTailsOfAnOlderFormat(t *testing.T) {
	var was tails
	was.init()
	c := newCounter(5)
	for range 3000 {
		was.learn(tailAbove, -math.Log(c.unit()))
		was.learn(tailShift, 0.1)
	}
	was.fade(0.5)
	old := codec{}
	for k := range was.each {
		old.u8(&was.each[k].held)
	}
	for k := range was.each {
		a := was.at(k)
		total := a.total()
		for b := range a.bins {
			hits := a.bins[b]
			if b+1 < len(a.bins) {
				hits -= a.bins[b+1]
			}
			old.f32(&hits)
		}
		old.f32(&total)
		old.f32(&a.sigma)
		old.f32(&a.shape)
		old.u8(&a.cut)
	}
	var now tails
	in := codec{b: old.b, reading: true, hits: true}
	if now.visit(&in); in.err != nil || len(in.b) != 0 {
		t.Fatalf("%v, %d bytes left over", in.err, len(in.b))
	}
	for k := range now.each {
		for _, s := range []float64{0.3, 1, 2.5, 6, 40} {
			if got, want := now.at(k).probability(s), was.at(k).probability(s); math.Abs(got/want-1) > 1e-6 {
				t.Errorf("tail %d: the probability of %g is %g, was %g", k, s, got, want)
			}
		}
		if now.each[k].calm != was.each[k].calm {
			t.Errorf("tail %d: usual up to bin %d, was %d", k, now.each[k].calm, was.each[k].calm)
		}
	}
}
