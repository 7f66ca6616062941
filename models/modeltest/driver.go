package modeltest

import (
	"math"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/models"
)

const (
	step   = 5 * time.Minute
	stepMS = int64(step / time.Millisecond)
	aDay   = int(24 * time.Hour / step)
)

// driver feeds a model of one row as the engine does; of a kind that compares, that row beside others that behave.
type driver struct {
	tb    testing.TB
	m     models.Model
	k     int64 // index of the next grid time
	x     []float64
	score []tidewatch.Score
	band  []tidewatch.Band
	v     []tidewatch.Verdict
	ev    []tidewatch.Event
}

// newDriver makes a model; shared may be nil.
func newDriver(tb testing.TB, spec models.Spec, shared models.Shared) *driver {
	tb.Helper()
	rows := max(1, spec.Least)
	m, err := spec.New(models.Config{Kind: spec.Kind, Rows: rows, Step: step, Min: math.Inf(-1), Max: math.Inf(1), Seed: 1})
	if err != nil {
		tb.Fatalf("make a %s: %v", spec.Kind, err)
	}
	if s, ok := m.(models.Sharer); ok && shared != nil {
		s.Adopt(shared)
	}
	return &driver{
		tb: tb, m: m, x: make([]float64, rows), score: make([]tidewatch.Score, rows), band: make([]tidewatch.Band, rows),
		v: make([]tidewatch.Verdict, rows), ev: make([]tidewatch.Event, rows),
	}
}

// share builds what the kind shares from a calm series, or gives nil.
func share(tb testing.TB, spec models.Spec) models.Shared {
	if spec.BuildShared == nil {
		return nil
	}
	d, n, samples := newDriver(tb, spec, nil), noise{99}, []float64(nil)
	for range 4 * aDay {
		x := n.metric(d.time())
		d.look(x)
		m, ok := d.m.(models.Sharer)
		if !ok {
			tb.Fatalf("%s has a BuildShared and is no Sharer", spec.Kind)
		}
		samples = m.Sample(samples)
		d.step(x)
	}
	s := spec.BuildShared(5, samples)
	if s == nil {
		tb.Fatalf("%s built nothing from %d samples", spec.Kind, len(samples)/spec.Dim)
	}
	return s
}

func (d *driver) time() int64 { return d.k * stepMS }

// put makes x the first row's value; the others have noise of their own.
func (d *driver) put(x float64) {
	d.x[0] = x
	for i := 1; i < len(d.x); i++ {
		n := noise{uint64(d.k)<<8 + uint64(i)}
		d.x[i] = 2 * n.metric(d.time())
	}
}

// explain explains x at the next time.
func (d *driver) explain(x float64) tidewatch.Explanation {
	d.put(x)
	return d.m.Explain(d.time(), d.x, 0, 3)
}

// look scores x at the next time.
func (d *driver) look(x float64) tidewatch.Score {
	d.put(x)
	d.m.Score(d.time(), d.x, d.score)
	return d.score[0]
}

// bandAt is the band of the next time at a surprise.
func (d *driver) bandAt(surprise float64) tidewatch.Band {
	d.m.Band(d.time(), surprise, d.band)
	return d.band[0]
}

// learn advances past x with a verdict.
func (d *driver) learn(x float64, v tidewatch.Verdict) tidewatch.Event {
	d.put(x)
	d.v[0], d.ev[0] = v, tidewatch.NoEvent
	d.m.Advance(d.time(), d.x, d.v, d.ev)
	d.k++
	return d.ev[0]
}

// step scores x, checks that the score is sound, and advances under the rule that a surprise of QuarantineSurprise
// quarantines.
func (d *driver) step(x float64) tidewatch.Score {
	s := d.look(x)
	d.sound(s, x)
	v := tidewatch.Calm
	if s.Surprise >= models.QuarantineSurprise {
		v = tidewatch.Quarantined
	}
	d.learn(x, v)
	return s
}

// sound checks what holds of every score.
func (d *driver) sound(s tidewatch.Score, x float64) {
	d.tb.Helper()
	switch {
	case math.IsNaN(s.Surprise) || math.IsInf(s.Surprise, 0) || s.Surprise < 0:
		d.tb.Fatalf("point %d: surprise of %g is %g, want it finite and not negative", d.k, x, s.Surprise)
	case !s.Ready && s.Surprise != 0:
		d.tb.Fatalf("point %d: surprise of %g is %g before the model is ready, want 0", d.k, x, s.Surprise)
	case s.Ready && (math.IsNaN(s.Mid) || math.IsInf(s.Mid, 0)):
		d.tb.Fatalf("point %d: expectation is %g, want it finite", d.k, s.Mid)
	case len(d.x) == 1 && math.IsNaN(x) && s.Channel != tidewatch.ChannelNone && s.Channel != tidewatch.ChannelMissing:
		d.tb.Fatalf("point %d: a missing value is surprising by %v", d.k, s.Channel)
	}
	for c, p := range s.Parts {
		if p != p || p < 0 || math.IsInf(float64(p), 0) {
			d.tb.Fatalf("point %d: %v is %g", d.k, tidewatch.Channel(c), p)
		}
	}
}

// fewer is n, or under -short a fourth of it for kinds that feed several rows a point.
func fewer(spec models.Spec, n int) int {
	if testing.Short() && spec.Least > 1 {
		return n / 4
	}
	return n
}

// noise is a seeded source of numbers (SplitMix64 and Box-Muller).
type noise struct{ state uint64 }

func (n *noise) bits() uint64 {
	n.state += 0x9e3779b97f4a7c15
	x := n.state
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (n *noise) uniform() float64 { return (float64(n.bits()>>11) + 0.5) / (1 << 53) }

func (n *noise) normal() float64 {
	return math.Sqrt(-2*math.Log(n.uniform())) * math.Cos(2*math.Pi*n.uniform())
}

// sigma is the noise of metric.
const sigma = 2

// metric is a metric with a daily rhythm and normal noise.
func (n *noise) metric(t int64) float64 {
	return 100 + 10*math.Sin(2*math.Pi*float64(t%86_400_000)/86_400_000) + sigma*n.normal()
}
