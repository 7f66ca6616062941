package measure

import (
	"math"
	"testing"
)

func TestBootstrap(t *testing.T) {
	values := []Number{0, 1}
	f := func(weights []int) []Number {
		if weights[0]+weights[1] != 2 {
			t.Fatalf("weights %v of two series", weights)
		}
		v := None()
		if weights[1] > 0 {
			v = 3
		}
		return []Number{mean(values, weights), v, None()}
	}
	got := bootstrap(2, []string{"mean", "sometimes", "never"}, f)
	// Each extreme has probability 1/4, so both ends lie there.
	if got["mean"] != (Interval{0, 1}) || got["sometimes"] != (Interval{3, 3}) || len(got) != 2 {
		t.Errorf("intervals %v", got)
	}
	if got := bootstrap(1, []string{"mean"}, f); len(got) != 0 {
		t.Errorf("one series has intervals %v", got)
	}
}

// The interval of a mean of 50 values is close to that of the normal distribution: 1.96 standard errors on either side.
func TestBootstrapWidth(t *testing.T) {
	values := make([]Number, 50)
	random := counter{key: 3}
	sum, squares := 0.0, 0.0
	for k := range values {
		v := float64(random.below(1000)) / 1000
		values[k] = Number(v)
		sum += v
		squares += v * v
	}
	centre := sum / 50
	half := 1.96 * math.Sqrt((squares/50-centre*centre)/50)
	got := bootstrap(50, []string{"mean"}, func(weights []int) []Number { return []Number{mean(values, weights)} })["mean"]
	if math.Abs(got[0]-(centre-half)) > 0.15*half || math.Abs(got[1]-(centre+half)) > 0.15*half {
		t.Errorf("interval %v, want about %.3f to %.3f", got, centre-half, centre+half)
	}
}

func TestCounter(t *testing.T) {
	random := counter{key: 5}
	var seen [6]int
	for range 6000 {
		v := []int{0, 1, 2}
		random.shuffle(v)
		if v[0]+v[1]+v[2] != 3 || v[0] == v[1] || v[1] == v[2] {
			t.Fatalf("shuffled to %v", v)
		}
		seen[2*v[0]+min(1, v[1]/(1+v[2]))]++
	}
	for order, n := range seen {
		if n < 850 || n > 1150 { // 1000 ± 5 standard deviations
			t.Errorf("order %d comes %d times in 6000", order, n)
		}
	}
}
