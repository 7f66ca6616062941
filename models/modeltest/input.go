package modeltest

import (
	"math"
	"testing"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/models"
)

func oddInput(t *testing.T, spec models.Spec, shared models.Shared) {
	odd := map[string]func(k int, n *noise) float64{
		"missing":  func(int, *noise) float64 { return math.NaN() },
		"infinite": func(k int, _ *noise) float64 { return math.Inf(1 - 2*(k%2)) },
		"largest":  func(k int, _ *noise) float64 { return math.MaxFloat64 * float64(1-2*(k%2)) },
		"smallest": func(int, *noise) float64 { return math.SmallestNonzeroFloat64 },
		"flat":     func(int, *noise) float64 { return 7 },
		"zero":     func(int, *noise) float64 { return 0 },
		"mixed": func(_ int, n *noise) float64 {
			return []float64{n.normal(), math.NaN(), math.MaxFloat64, 0, math.Inf(-1), -1e300, n.normal()}[n.bits()%7]
		},
	}
	for name, next := range odd {
		t.Run(name, func(t *testing.T) {
			d, n := newDriver(t, spec, shared), noise{3}
			for k := range 3 * aDay {
				s := d.step(next(k, &n))                               // step checks that the score is sound
				if name == "flat" && len(d.x) == 1 && s.Surprise > 1 { // beside others that move it stands out
					t.Fatalf("point %d of a flat line has surprise %g", k, s.Surprise)
				}
				b := d.bandAt(3)
				if s.Ready && k > 0 && !(b.Lower <= b.Mid && b.Mid <= b.Upper) {
					t.Fatalf("point %d: band %+v is not in order", k, b)
				}
			}
			for range 3 * aDay { // whatever came before, ordinary values can be judged
				d.step(n.metric(d.time()))
			}
			d.look(n.metric(d.time()))
			d.sound(d.score[0], 0)
		})
	}
}

func gaps(t *testing.T, spec models.Spec, shared models.Shared) {
	for _, length := range []int{1, 10, 10_000} {
		d, n := newDriver(t, spec, shared), noise{4}
		for range 6 * aDay {
			d.step(n.metric(d.time()))
		}
		for range length {
			d.step(math.NaN())
		}
		for k := range aDay {
			if s := d.step(n.metric(d.time())); s.Ready && s.Surprise >= 6 {
				t.Fatalf("point %d after a gap of %d: surprise %g by %v", k, length, s.Surprise, s.Channel)
			}
		}
	}
}

// calibrated runs a long null series: a surprise of 2 should come once in a hundred points. A joint kind's prior is made for groups of
// real series; it may take a group of one well-behaved series to be worse than it is.
func calibrated(t *testing.T, spec models.Spec, shared models.Shared) {
	points := 30_000
	if testing.Short() && spec.Least > 1 {
		t.Skip("make test-full runs it")
	}
	d, n := newDriver(t, spec, shared), noise{6}
	var over [2]float64
	for k := range points {
		s := d.step(n.metric(d.time()))
		if k < 14*aDay {
			continue
		}
		for i := range over {
			if s.Surprise >= float64(i+2) {
				over[i]++
			}
		}
	}
	for i, limit := range [2][2]float64{{0.5, 2}, {0.2, 3}} {
		ratio := over[i] / float64(points-14*aDay) * math.Pow(10, float64(i+2))
		if ratio < limit[0] && !spec.Joint || ratio > limit[1] {
			t.Errorf("a surprise of %d is seen %.2f times as often as it says, want %g to %g", i+2, ratio, limit[0], limit[1])
		}
	}
}

func boundedMemory(t *testing.T, spec models.Spec, shared models.Shared) {
	points := 1_000_000
	if testing.Short() {
		points = fewer(spec, 50_000)
	} else if shared != nil {
		points = 150_000
	}
	d, n := newDriver(t, spec, shared), noise{8}
	var values [4096]float64
	for i := range values {
		values[i] = 10 + n.normal()
	}
	size := 0
	for k := range points {
		x := values[k&4095]
		if k%5000 > 4990 {
			x += 30 // quarantine is bounded as well
		}
		d.step(x)
		if k == points/10 {
			size = len(d.m.AppendState(nil))
		}
	}
	if now := len(d.m.AppendState(nil)); now > size+size/10 { // rarer values than any before may still be counted apart
		t.Errorf("the state has grown from %d to %d bytes between points %d and %d", size, now, points/10, points)
	}
}

func steadyState(t *testing.T, spec models.Spec, shared models.Shared) {
	d, n := newDriver(t, spec, shared), noise{9}
	for range 8 * aDay {
		d.step(n.metric(d.time()))
	}
	verdicts := []tidewatch.Verdict{tidewatch.Calm, tidewatch.Calm, tidewatch.Quarantined, tidewatch.Calm, tidewatch.Excluded}
	k := 0
	if got := testing.AllocsPerRun(2000, func() {
		k++
		x := n.metric(d.time())
		if k%50 == 0 {
			x = math.NaN()
		}
		d.look(x)
		d.bandAt(3)
		d.learn(x, verdicts[k%len(verdicts)])
	}); got != 0 {
		t.Errorf("score, band and advance allocate %g times a point, want 0", got)
	}
}
