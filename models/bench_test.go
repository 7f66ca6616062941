package models_test

import (
	"math"
	"testing"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/models"
)

const (
	benchSeries = 64   // different inputs, so that no branch predictor learns one by heart
	benchPoints = 4032 // two weeks at five minutes
)

// benchData are seeded series with a daily and weekly rhythm.
func benchData() [][]float64 {
	data := make([][]float64, benchSeries)
	for i := range data {
		s := source{uint64(i) + 40}
		data[i] = make([]float64, benchPoints)
		for k := range data[i] {
			data[i][k] = 100 + 20*dayShape(int64(k)*gridStep.Milliseconds()) + 3*s.normal()
		}
	}
	return data
}

func fit(b *testing.B, kind string, shared models.Shared, values []float64) *runner {
	r := newRunner(b, kind, models.Config{})
	if m, ok := r.m.(models.Sharer); ok && shared != nil {
		m.Adopt(shared)
	}
	for k, x := range values {
		r.step(int64(k)*gridStep.Milliseconds(), x)
	}
	return r
}

func forKinds(b *testing.B, run func(b *testing.B, kind string, shared models.Shared)) {
	for _, kind := range models.Kinds() {
		shared := forestFrom(b, kind)
		b.Run(kind, func(b *testing.B) { run(b, kind, shared) })
		if shared != nil {
			b.Run(kind+"-before-its-forest", func(b *testing.B) { run(b, kind, nil) })
		}
	}
}

// BenchmarkFit scores and learns 4032 points: fitting is the stream.
func BenchmarkFit(b *testing.B) {
	data := benchData()
	forKinds(b, func(b *testing.B, kind string, shared models.Shared) {
		b.ReportAllocs()
		before := cpuTime(b)
		for i := 0; b.Loop(); i++ {
			fit(b, kind, shared, data[i%benchSeries])
		}
		b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op")
	})
}

// bench are fitted models that go on over their series from where they are.
type bench struct {
	models []*runner
	data   [][]float64
	at     []int64
	band   []tidewatch.Band
}

func newBench(b *testing.B, kind string, shared models.Shared) *bench {
	data := benchData()
	n := &bench{data: data, at: make([]int64, benchSeries), band: make([]tidewatch.Band, 1)}
	for i := range data {
		n.models = append(n.models, fit(b, kind, shared, data[i]))
		n.at[i] = benchPoints
	}
	return n
}

func (n *bench) value(i int) (r *runner, t int64, x float64) {
	return n.models[i], n.at[i] * gridStep.Milliseconds(), n.data[(i+1)%benchSeries][n.at[i]%benchPoints]
}

func (n *bench) score(i int) float64 {
	r, t, x := n.value(i)
	r.x[0] = x
	r.m.Score(t, r.x, r.score)
	n.at[i] += 7
	return r.score[0].Surprise
}

func (n *bench) step(i int) float64 {
	r, t, x := n.value(i)
	n.at[i]++
	r.m.Band(t, 3, n.band)
	return r.step(t, x).Surprise + n.band[0].Mid
}

var sink float64

// BenchmarkScore judges one point.
func BenchmarkScore(b *testing.B) {
	forKinds(b, func(b *testing.B, kind string, shared models.Shared) {
		n := newBench(b, kind, shared)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			sink += n.score(i % benchSeries)
		}
	})
}

// BenchmarkStep judges one point, draws its band and learns it.
func BenchmarkStep(b *testing.B) {
	forKinds(b, func(b *testing.B, kind string, shared models.Shared) {
		n := newBench(b, kind, shared)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			sink += n.step(i % benchSeries)
		}
	})
}

// BenchmarkSnapshot writes and restores one series' state.
func BenchmarkSnapshot(b *testing.B) {
	forKinds(b, func(b *testing.B, kind string, shared models.Shared) {
		n := newBench(b, kind, shared)
		var state []byte
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			r := n.models[i%benchSeries]
			state = r.m.AppendState(state[:0])
			if err := r.m.LoadState(state); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(state)), "B/state")
	})
}

// BenchmarkForestBuild builds a forest of 100 trees from 4096 samples.
func BenchmarkForestBuild(b *testing.B) {
	spec, err := models.Lookup("combined")
	if err != nil {
		b.Fatal(err)
	}
	s, samples := source{3}, make([]float64, 4096*spec.Dim)
	for i := range samples {
		samples[i] = s.normal()
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		samples[i%len(samples)] = math.Sin(float64(i))
		sink += float64(spec.BuildShared(uint64(i), samples).Version() & 1)
	}
}
