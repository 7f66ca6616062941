package models_test

import (
	"math"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/models"
)

// source is a seeded stream of uniform and normal numbers.
type source struct{ state uint64 }

func (s *source) bits() uint64 {
	s.state += 0x9e3779b97f4a7c15
	x := s.state
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (s *source) uniform() float64 { return (float64(s.bits()>>11) + 0.5) / (1 << 53) }

func (s *source) normal() float64 {
	return math.Sqrt(-2*math.Log(s.uniform())) * math.Cos(2*math.Pi*s.uniform())
}

func (s *source) studentT3() float64 {
	sum := 0.0
	for range 3 {
		v := s.normal()
		sum += v * v
	}
	return s.normal() / math.Sqrt(sum/3)
}

func (s *source) poisson(mean float64) float64 {
	limit, p, n := math.Exp(-mean), s.uniform(), 0
	for ; p > limit; n++ {
		p *= s.uniform()
	}
	return float64(n)
}

// dayShape is a daily rhythm of amplitude 1 at t, with a weekend that is lower.
func dayShape(t int64) float64 {
	day := float64(t%86_400_000) / 86_400_000
	v := math.Sin(2*math.Pi*day) + 0.4*math.Sin(4*math.Pi*day)
	if weekday := (t/86_400_000 + 4) % 7; weekday == 0 || weekday == 6 {
		v *= 0.6
	}
	return v
}

// family is a kind of series in which nothing is anomalous.
type family struct {
	name string
	make func(seed uint64) func(t int64) float64
}

var families = []family{
	{"white", func(seed uint64) func(int64) float64 {
		s := source{seed}
		return func(int64) float64 { return 50 + 3*s.normal() }
	}},
	{"ar(.8)", func(seed uint64) func(int64) float64 {
		s, v := source{seed}, 0.0
		return func(int64) float64 { v = 0.8*v + s.normal(); return 20 + v }
	}},
	{"seasonal", func(seed uint64) func(int64) float64 {
		s := source{seed}
		return func(t int64) float64 { return 100 + 30*dayShape(t) + 4*s.normal() }
	}},
	{"heavy", func(seed uint64) func(int64) float64 {
		s := source{seed}
		return func(int64) float64 { return 5 + s.studentT3() }
	}},
	{"counts", func(seed uint64) func(int64) float64 {
		s := source{seed}
		return func(t int64) float64 { return s.poisson(4 + 2*dayShape(t)) }
	}},
	{"lognormal", func(seed uint64) func(int64) float64 {
		s, v := source{seed}, 0.0
		return func(t int64) float64 { v = 0.5*v + 0.5*s.normal(); return 10 * math.Exp(0.5*v+0.5*dayShape(t)) }
	}},
}

const gridStep = 5 * time.Minute

// runner drives a model as the engine does, with no alarm but the rule that a surprise of QuarantineSurprise quarantines.
type runner struct {
	m     models.Model
	score []tidewatch.Score
	x     []float64
	v     []tidewatch.Verdict
	ev    []tidewatch.Event
}

func newRunner(tb testing.TB, kind string, c models.Config) *runner {
	tb.Helper()
	spec, err := models.Lookup(kind)
	if err != nil {
		tb.Fatal(err)
	}
	c.Kind = kind
	if c.Rows == 0 {
		c.Rows = 1
	}
	if c.Step == 0 {
		c.Step = gridStep
	}
	m, err := spec.New(c)
	if err != nil {
		tb.Fatal(err)
	}
	return &runner{m, make([]tidewatch.Score, 1), make([]float64, 1), make([]tidewatch.Verdict, 1), make([]tidewatch.Event, 1)}
}

func (r *runner) step(t int64, x float64) tidewatch.Score {
	r.x[0] = x
	r.m.Score(t, r.x, r.score)
	return r.learn(t)
}

// learn advances past what was scored.
func (r *runner) learn(t int64) tidewatch.Score {
	r.v[0] = tidewatch.Calm
	if r.score[0].Surprise >= models.QuarantineSurprise {
		r.v[0] = tidewatch.Quarantined
	}
	r.m.Advance(t, r.x, r.v, r.ev)
	return r.score[0]
}

// forestFrom runs a few series of the families and builds one forest of their samples.
func forestFrom(tb testing.TB, kind string) models.Shared {
	spec, err := models.Lookup(kind)
	if err != nil {
		tb.Fatal(err)
	}
	if spec.BuildShared == nil {
		return nil
	}
	var samples []float64
	for i, f := range families {
		r, next := newRunner(tb, kind, models.Config{}), f.make(uint64(i)+900)
		for k := range int64(3000) {
			t := k * gridStep.Milliseconds()
			r.x[0] = next(t)
			r.m.Score(t, r.x, r.score)
			if k > 1000 && k%4 == 0 && r.score[0].Surprise < models.QuarantineSurprise {
				samples = r.m.(models.Sharer).Sample(samples)
			}
			r.learn(t)
		}
	}
	return spec.BuildShared(7, samples)
}

// TestNullFamilies runs series in which nothing happens: the observed rate of each surprise must be near the nominal one.
func TestNullFamilies(t *testing.T) {
	if testing.Short() {
		t.Skip("numbers, which the race detector makes slow: make test-full has them")
	}
	series, points := 4, 40_000
	shared := forestFrom(t, "combined")
	for _, f := range families {
		t.Run(f.name, func(t *testing.T) {
			over, total := [3]float64{}, 0.0
			var byChannel [tidewatch.NumChannels]int
			for i := range series {
				r, next := newRunner(t, "combined", models.Config{}), f.make(uint64(i)+1)
				r.m.(models.Sharer).Adopt(shared)
				for k := range int64(points) {
					at := k * gridStep.Milliseconds()
					s := r.step(at, next(at))
					if k < 4032 {
						continue
					}
					total++
					for d := range over {
						if s.Surprise >= float64(d)+2 {
							over[d]++
							if d == 1 {
								byChannel[s.Channel]++
							}
						}
					}
				}
			}
			ratio := [3]float64{over[0] / total * 1e2, over[1] / total * 1e3, over[2] / total * 1e4}
			t.Logf("observed/nominal at 1e-2 %.2f, 1e-3 %.2f, 1e-4 %.2f; channels at 1e-3 %v", ratio[0], ratio[1], ratio[2], byChannel)
			if ratio[0] < 0.25 || ratio[0] > 2 || // short of the record the points of heavy noise count for less
				ratio[1] < 0.3 || ratio[1] > 2.5 {
				t.Errorf("the calibration is off")
			}
		})
	}
}
