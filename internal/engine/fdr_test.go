package engine

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGammaSumsToLessThanOne(t *testing.T) {
	sum := 0.0
	for j := 1.0; j <= 1e5; j++ {
		sum += gamma(j)
	}
	// beyond, the integral of log x / (x e^√log x) from a is 2 (u³ + 3u² + 6u + 6) e^-u, u being √log a
	u := math.Sqrt(math.Log(1e5))
	rest := gammaScale * 2 * (u*u*u + 3*u*u + 6*u + 6) * math.Exp(-u)
	if got := sum + rest; got > 1 || got < 0.9 {
		t.Errorf("γ sums to %.4f + %.4f = %.4f, want at most 1 and not much less", sum, rest, got)
	}
}

// mixture is a stream of tests of which a share has a mean of mu standard deviations; together is the correlation of a batch's tests.
type mixture struct{ share, mu, together float64 }

// run makes n batches of m tests each at the levels that choose gives, and returns the share of false among the rejected and that of the
// true ones that were rejected.
func (x mixture) run(seed uint64, n, m int, choose func(*discoveries) float64) (false_, power float64) {
	var d discoveries
	wrong, right, there := 0, 0, 0
	for batch := range n {
		level := choose(&d)
		common := normal(seed, -1-batch)
		for i := range m {
			k := batch*m + i
			z := math.Sqrt(x.together)*common + math.Sqrt(1-x.together)*normal(seed, k)
			alternative := float64(sampleHash(seed, uint64(k), 99)>>11)/(1<<53) < x.share
			if alternative {
				there++
				z += x.mu
			}
			if math.Erfc(z/math.Sqrt2)/2 > level {
				continue
			}
			d.fresh++
			if alternative {
				right++
			} else {
				wrong++
			}
		}
		d.steps = m
		d.turn(1)
	}
	return float64(wrong) / float64(max(wrong+right, 1)), float64(right) / float64(max(there, 1))
}

// TestFalseDiscoveryRate: on simulated mixtures the realised rate is at most the nominal one, within the interval that chance allows.
func TestFalseDiscoveryRate(t *testing.T) {
	const m = 40
	runs, n := 300, 100
	if testing.Short() {
		runs, n = 30, 25
	}
	for _, q := range []float64{0.05, 0.2} {
		for _, x := range []mixture{{0, 0, 0}, {0, 0, 0.5}, {0.002, 4, 0}, {0.02, 4, 0}, {0.02, 4, 0.5}, {0.2, 3.5, 0}} {
			mean, power := 0.0, 0.0
			for run := range runs {
				f, p := x.run(uint64(7919*run+1), n, m, func(d *discoveries) float64 { return d.level(q, d.tests+m) })
				mean, power = mean+f/float64(runs), power+p/float64(runs)
			}
			if limit := q + 2.6*math.Sqrt(q*(1-q)/float64(runs)); mean > limit {
				t.Errorf("%+v at %g: %.3f of the discoveries are false, want at most %.3f", x, q, mean, limit)
			}
			if x.share == 0.2 && power < 0.2 {
				t.Errorf("%+v at %g: only %.2f of what is there is found", x, q, power)
			}
			t.Logf("%+v at %g: %.3f false, %.2f found", x, q, mean, power)
		}
	}
	fixed := 0.0 // the test can fail: a level that does not heed what is found
	for run := range runs {
		f, _ := mixture{0.002, 4, 0}.run(uint64(7919*run+1), n, m, func(*discoveries) float64 { return 0.01 })
		fixed += f / float64(runs)
	}
	if fixed < 0.5 {
		t.Errorf("at a fixed level of 0.01 %.3f of the discoveries are false, want most", fixed)
	}
}

// TestFDRIsNoQuota: while nothing is found it takes more and more to alarm; what is found makes it take less.
func TestFDRIsNoQuota(t *testing.T) {
	var d discoveries
	last := math.Inf(1)
	for day := range 400 {
		if level := d.level(0.1, d.tests+100); level < last {
			last = level
		} else {
			t.Fatalf("day %d: nothing was found and the level has grown from %g to %g", day, last, level)
		}
		d.steps = 1000
		d.turn(1)
	}
	d.fresh = 20
	d.turn(1)
	if level := d.level(0.1, d.tests+100); level < 100*last {
		t.Errorf("after 20 discoveries the level is %g, before %g", level, last)
	}
	for range 3 * maxFound {
		d.fresh = 1
		d.turn(1)
	}
	if len(d.found) != maxFound {
		t.Errorf("%d batches are remembered, want %d", len(d.found), maxFound)
	}
}

// TestFDRInTheEngine: the break is found, the noise is not, and neither workers, blocks nor a restart matter.
func TestFDRInTheEngine(t *testing.T) {
	d := testDetector("F")
	d.Promise, d.Alarm.AtOnce = Promise{FDR: 0.1}, true
	b := world("F", 2, 11)
	whole := testCore(t, 1, d)
	want := transcript(t, whole, b, 24, false)
	if !strings.Contains(string(want), "above the band") {
		t.Fatalf("the injected break is not found:\n%s", want)
	}
	if got := transcript(t, testCore(t, 3, d), b, 288, false); !cmp.Equal(string(want), string(got)) {
		t.Error("in blocks of a day other things are decided")
	}
	half := testCore(t, 2, d)
	first := transcript(t, half, cut(b, 0, 9*288+48), 24, false)
	again := testCore(t, 2, d)
	if _, err := again.Restore(half.Snapshot(2)); err != nil {
		t.Fatal(err)
	}
	if got := string(first) + string(transcript(t, again, cut(b, 9*288+48, b.N), 24, false)); len(got) != len(want) {
		t.Error("after a restart other things are decided")
	}
	st := whole.Status()[0]
	if got := st.Limit.String(); got != "≤ 10 % of alarms false" || st.Limit.Lone < st.Limit.Surprise {
		t.Errorf("the promise is %q, the limits are %g and %g", got, st.Limit.Surprise, st.Limit.Lone)
	}
	if testing.Short() {
		return
	}
	calm := world("F", 20, 11)
	rows := calm.Rows[:0]
	for _, r := range calm.Rows {
		if id := r.Series.Labels.Get("instance"); id == "4" || id == "9" || id == "14" || id == "19" {
			rows = append(rows, r)
		}
	}
	calm.Rows = rows
	if text := string(transcript(t, testCore(t, 1, d), calm, 288, false)); strings.Contains(text, "Threshold Crossed") {
		t.Errorf("series in which nothing happens alarm:\n%s", text)
	}
}
