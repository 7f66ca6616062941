package null

import (
	"math"
	"strings"
	"testing"

	"github.com/tidewatch/tidewatch/bench/measure"
)

// TestPoissonInterval holds the limits against the table of Garwood (1936), as in Pearson & Hartley's Biometrika Tables, table 40.
func TestPoissonInterval(t *testing.T) {
	for _, c := range []struct{ n, low, high float64 }{{0, 0, 3.69}, {1, 0.0253, 5.57}, {5, 1.62, 11.67}, {10, 4.80, 18.39}, {50, 37.11, 65.92}} {
		low, high := poissonInterval(c.n)
		if math.Abs(low-c.low) > 0.006 || math.Abs(high-c.high) > 0.006 {
			t.Errorf("%g: %g to %g, want %g to %g", c.n, low, high, c.low, c.high)
		}
	}
}

func TestRate(t *testing.T) {
	for _, c := range []struct {
		name             string
		expected         float64
		strata           [][]int
		ratio, low, high float64
		dispersion       float64
		verdict          string
	}{
		{"as promised", 10, [][]int{{2, 1, 3, 2, 2}}, 1, 0.480, 1.839, 1, ""},
		// variance 4, mean 2: as if 3 came in pairs, whose limits are 0.6187 and 8.7673
		{"in clusters", 6, [][]int{{0, 2, 4}}, 1, 2 * 0.6187 / 6, 2 * 8.7673 / 6, 2, ""},
		{"strata of unlike means, each without spread", 20, [][]int{{0, 0, 0}, {5, 5, 5, 5}}, 1, 12.22 / 20, 30.89 / 20, 1, ""},
		{"too many", 10, [][]int{{17, 16, 17}}, 5, 3.711, 6.592, 1, "over"},
		{"too few", 100, [][]int{{3, 4, 3}}, 0.1, 0.048, 0.184, 1, "under"},
		{"none where few were promised", 2, [][]int{{0, 0}}, 0, 0, 3.689 / 2, 1, ""},
		{"none where many were promised", 20, [][]int{{0, 0}}, 0, 0, 3.689 / 20, 1, "under"},
		{"one unit", 2, [][]int{{10}}, 5, 2.398, 9.195, 1, "over"},
	} {
		r := newRate(c.expected, c.strata)
		for _, x := range []struct {
			what      string
			got, want float64
		}{{"ratio", float64(r.Ratio), c.ratio}, {"low", float64(r.Low), c.low}, {"high", float64(r.High), c.high}, {"dispersion", r.Dispersion, c.dispersion}} {
			if math.Abs(x.got-x.want) > 0.003 {
				t.Errorf("%s: %s is %g, want %g", c.name, x.what, x.got, x.want)
			}
		}
		if v := r.Verdict(); v != c.verdict {
			t.Errorf("%s: %q, want %q", c.name, v, c.verdict)
		}
	}
	if r := newRate(0, [][]int{{1}}); r.Ratio.Exists() || r.Verdict() != "" {
		t.Errorf("nothing was promised: %+v", r)
	}
}

func TestDelays(t *testing.T) {
	var d DelayReport
	d.measure([]int{3, notFound, 1, occupied, 2, 1}) // sorted 1 1 2 3 and one that was not found
	if d.Steps != 5 || d.Occupied != 1 || d.Found != 0.8 || d.Median != 2 || d.P95.Exists() {
		t.Errorf("%+v, want 5 steps, 0.8 found, median 2 and no 95 %% quantile", d)
	}
	var none DelayReport
	if none.measure([]int{occupied}); none.Steps != 0 || none.Found.Exists() || none.Median.Exists() {
		t.Errorf("%+v, want no figures", none)
	}
}

// TestBroken wants every rate that counts looked at, and those that are off named.
func TestBroken(t *testing.T) {
	good, bad := newRate(10, [][]int{{5, 5}}), newRate(10, [][]int{{50, 50}})
	f := FamilyReport{Name: "white", P: [3]PRate{{0.01, bad}, {0.001, good}, {0.0001, bad}}, Alarms: bad}
	r := Report{Settings: []SettingReport{{StepSeconds: 300, Promise: "expect: 1/30d", Families: []FamilyReport{f, {Name: All, P: [3]PRate{{0.01, good}, {0.001, good}, {0.0001, good}}, Alarms: good}}}}}
	lines, of := r.Broken()
	want := "step 5m, expect: 1/30d: family white: single points at 1e-4: 10.00 × the promise, 8.14–12.16 at 95 %, want within 2×\n" +
		"step 5m, expect: 1/30d: family white: false alarms: 10.00 × the promise, 8.14–12.16 at 95 %, want within 2×"
	if got := strings.Join(lines, "\n"); got != want || of != 6 {
		t.Errorf("%d looked at:\n%s\nwant 6:\n%s", of, got, want)
	}
	if points(measure.None()) != "> 30" || figure(measure.None()) != "–" {
		t.Error("a figure that does not exist is written as one that does")
	}
}
