package models

import (
	"math"
	"testing"
)

func TestLogarithm(t *testing.T) {
	if ln(1) != 0 || decades(1) != 0 {
		t.Errorf("the logarithms of 1 are %g and %g, want 0", ln(1), decades(1))
	}
	c := newCounter(8)
	for range 200_000 {
		x := math.Exp(1400*c.unit() - 700)
		if got, want := ln(x), math.Log(x); math.Abs(got-want) > 1e-14*max(1, math.Abs(want)) {
			t.Fatalf("the logarithm of %g is %.17g, want %.17g", x, got, want)
		}
	}
	last := math.Inf(-1)
	for x := 0.9; x < 2.2; x += 1e-6 { // across the edges of all cells
		if got := ln(x); got < last-1e-15 || math.Abs(got-math.Log(x)) > 2e-14 {
			t.Fatalf("the logarithm of %g is %g after %g", x, got, last)
		}
		last = ln(x)
	}
}

func TestExponential(t *testing.T) {
	if exp(0) != 1 {
		t.Errorf("the exponential of 0 is %g, want 1", exp(0))
	}
	c := newCounter(11)
	for range 200_000 {
		x := 1400*c.unit() - 700
		if got, want := exp(x), math.Exp(x); math.Abs(got/want-1) > 2e-13 {
			t.Fatalf("the exponential of %g is %.17g, want %.17g", x, got, want)
		}
	}
	last := 0.0
	for x := -0.1; x < 0.1; x += 1e-6 { // across the edges of cells
		if got := exp(x); got < last || math.Abs(got/math.Exp(x)-1) > 4e-15 {
			t.Fatalf("the exponential of %g is %.17g after %.17g", x, got, last)
		}
		last = exp(x)
	}
	for x, want := range map[float64]float64{-1e300: math.Exp(-708), 1e300: math.Exp(709)} {
		if got := exp(x); math.Abs(got/want-1) > 2e-13 {
			t.Errorf("the exponential of %g is %g, want %g", x, got, want)
		}
	}
}

func BenchmarkLogarithm(b *testing.B) {
	values := make([]float64, 1024)
	c := newCounter(9)
	for i := range values {
		values[i] = c.unit() + 1e-6
	}
	sum := 0.0
	b.Run("own", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			sum += decades(values[i%len(values)])
		}
	})
	b.Run("library", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			sum -= math.Log10(values[i%len(values)])
		}
	})
	_ = sum
}
