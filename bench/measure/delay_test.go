package measure

import (
	"math"
	"testing"
)

// Delays of 0 (the alarm stands already), 3, 19 (in the tolerance) and 4 points of 60 s, and one event that is not found.
func TestDelay(t *testing.T) {
	a, b := blank(300), blank(300)
	a.Label = marks(300, span{20, 29}, span{100, 109}, span{200, 209}, span{250, 259})
	a.Alarm = marks(300, span{15, 22}, span{103, 105}, span{219, 219})
	b.Step, b.From = 300_000, 50
	b.Label, b.Missing, b.Alarm = marks(300, span{40, 60}), marks(300, at(50, 52)...), marks(300, span{52, 52}, span{55, 55})
	d := delay([]*Series{&a, &b})
	if d.Found != 4 {
		t.Errorf("found %d, want 4", d.Found)
	}
	near(t, "median of 0, 3, 4, 19", d.MedianPoints, 3.5)
	near(t, "95 % of them", d.P95Points, 19)
	twenty := blank(2000)
	for k := range 20 {
		twenty.Label[100*k] = true
		twenty.Alarm[100*k+max(0, k-10)] = true
	}
	near(t, "95 % of eleven times 0, and 1 to 9: the 19th", delay([]*Series{&twenty}).P95Points, 8)
	near(t, "median of 0, 180, 1140 and 4 × 300 s", d.MedianSeconds, (180+1140)/2.0)
	near(t, "95 % of them", d.P95Seconds, 1200)
}

func TestQuantile(t *testing.T) {
	twenty := make([]float64, 20)
	for i := range twenty {
		twenty[i] = float64(i + 1)
	}
	near(t, "95 % of 1 to 20", quantile(twenty, 0.95), 19)
	near(t, "2.5 % of 1 to 20", quantile(twenty, 0.025), 1)
	near(t, "100 %", quantile(twenty, 1), 20)
	near(t, "0 %", quantile(twenty, 0), 1)
	near(t, "median of 1 to 20", median(twenty), 10.5)
	near(t, "median of 1 to 19", median(twenty[:19]), 10)
	if !math.IsNaN(float64(quantile(nil, 0.5))) || !math.IsNaN(float64(median(nil))) {
		t.Error("a quantile of nothing exists")
	}
}
