package models_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/models"
	"golang.org/x/sys/unix"
)

// BenchmarkLive goes over many series once for each grid time, as a tick does: no state is in a cache when its turn comes. score judges,
// step judges, draws the band and learns.
func BenchmarkLive(b *testing.B) {
	for _, series := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("series=%d", series), func(b *testing.B) {
			for _, kind := range []string{"seasonal", "combined"} {
				l := newLive(b, kind, series)
				b.Run(kind+"/score", func(b *testing.B) { l.run(b, l.score) })
				b.Run(kind+"/step", func(b *testing.B) { l.run(b, l.step) })
			}
		})
	}
}

// live are many fitted models in memory of their own.
type live struct {
	models []models.Model
	data   [][]float64
	at     int64 // grid index of the tick under way
	next   int   // series
	x      []float64
	score1 []tidewatch.Score
	band   []tidewatch.Band
	v      []tidewatch.Verdict
	ev     []tidewatch.Event
}

// newLive fits benchSeries models and restores their states as often as it takes.
func newLive(b *testing.B, kind string, series int) *live {
	shared := forestFrom(b, kind)
	l := &live{
		models: make([]models.Model, series), data: benchData(), at: benchPoints, x: make([]float64, 1), score1: make([]tidewatch.Score, 1),
		band: make([]tidewatch.Band, 1), v: make([]tidewatch.Verdict, 1), ev: make([]tidewatch.Event, 1),
	}
	var states [benchSeries][]byte
	var proto models.Prototype
	for i := range states {
		m := fit(b, kind, shared, l.data[i]).m
		states[i] = m.AppendState(nil)
		proto = m.(models.Prototype)
	}
	for i := range l.models {
		m := proto.Another()
		if s, ok := m.(models.Sharer); ok && shared != nil {
			s.Adopt(shared)
		}
		if err := m.LoadState(states[i%benchSeries]); err != nil {
			b.Fatal(err)
		}
		l.models[i] = m
	}
	return l
}

func (l *live) run(b *testing.B, point func(m models.Model, t int64)) {
	b.ReportAllocs()
	before := cpuTime(b)
	for b.Loop() {
		l.x[0] = l.data[(l.next+l.next/benchSeries)%benchSeries][l.at%benchPoints]
		point(l.models[l.next], l.at*gridStep.Milliseconds())
		if l.next++; l.next == len(l.models) {
			l.next, l.at = 0, l.at+1
		}
	}
	b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op")
}

// cpuTime is what the process has used of the processors, which other processes do not change.
func cpuTime(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (l *live) score(m models.Model, t int64) { m.Score(t, l.x, l.score1) }

func (l *live) step(m models.Model, t int64) {
	m.Score(t, l.x, l.score1)
	m.Band(t, 3, l.band)
	l.v[0] = tidewatch.Calm
	if l.score1[0].Surprise >= models.QuarantineSurprise {
		l.v[0] = tidewatch.Quarantined
	}
	m.Advance(t, l.x, l.v, l.ev)
}
