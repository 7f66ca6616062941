package app

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
)

// sourceFunc is an ingest.Source.
type sourceFunc func(q ingest.Query) (tidewatch.Block, error)

func (f sourceFunc) Read(_ context.Context, q ingest.Query) (tidewatch.Block, error) { return f(q) }

// TestHistoryHasSeriesThatAreGone: what is learnt of them serves those that replaced them; only those alive count against max_series.
func TestHistoryHasSeriesThatAreGone(t *testing.T) {
	d := configs.Detector{Name: "D", Step: time.Minute, History: 24 * time.Hour, MaxSeries: 7}
	const to = 100 * 24 * hour
	learnt := map[uint64]bool{}
	counted := 0
	err := readHistory(t.Context(), sourceFunc(func(q ingest.Query) (tidewatch.Block, error) {
		b := tidewatch.Block{Detector: "D", From: q.From, Step: q.Step, N: int((q.To-q.From)/q.Step) + 1}
		id := uint64(1)
		if q.From >= to-hour {
			id = 2 // its successor
		}
		if q.MaxSeries > 0 {
			counted++
			if q.MaxSeries != 7 || q.From < to-hour {
				t.Errorf("at most %d series counted from %d", q.MaxSeries, q.From)
			}
		}
		b.Rows = []tidewatch.Row{{Series: tidewatch.Series{ID: id}, V: make([]float64, b.N)}}
		return b, nil
	}), d, 0, to, func(b tidewatch.Block) error {
		for _, r := range b.Rows {
			learnt[r.Series.ID] = true
		}
		return nil
	})
	if err != nil || !learnt[1] || counted != 1 {
		t.Errorf("learnt of %v, series counted %d times, %v", learnt, counted, err)
	}
}

// TestHistoryOfManySeriesComesInShorterPieces: what is in memory does not grow with the number of series.
func TestHistoryOfManySeriesComesInShorterPieces(t *testing.T) {
	d := configs.Detector{Name: "D", Step: time.Minute, History: 24 * time.Hour, MaxSeries: 1_000_000}
	const to = 100 * 24 * hour
	next, pieces := to-d.History.Milliseconds(), 0
	err := readHistory(t.Context(), sourceFunc(func(q ingest.Query) (tidewatch.Block, error) {
		b := tidewatch.Block{Detector: "D", From: q.From, Step: q.Step, N: int((q.To-q.From)/q.Step) + 1}
		if q.MaxSeries > 0 {
			b.Rows = make([]tidewatch.Row, 100_000)
		}
		return b, nil
	}), d, 0, to, func(b tidewatch.Block) error {
		if b.From != next || b.N > historyPoints/100_000 {
			t.Errorf("a piece of %d points of 100,000 series from %d, want one from %d of %d points at most", b.N, b.From, next, historyPoints/100_000)
		}
		next = b.End()
		pieces++
		return nil
	})
	if err != nil || pieces < 5 || next != to+minute {
		t.Errorf("%d pieces up to %d, want some up to %d (%v)", pieces, next, to, err)
	}
}

// TestDetectorsLearnInTurns: of the detectors of a source no more have history in memory than it has reads at a time, and one that learns.
func TestDetectorsLearnInTurns(t *testing.T) {
	h := newHarness(t, &source{series: 1, value: calm}, begin)
	h.yaml = "global: {step: 30m, history: 2d}\nsources: [{name: s, url: \"http://prometheus.invalid\", concurrency: 2}]\nroute: {receiver: r}\nreceivers: [{name: r, slack_configs: [{channel: \"#c\", app_token: x, app_url: %q}]}]\ndetectors:\n"
	const detectors = 7
	for i := range detectors {
		h.yaml += fmt.Sprintf("  - {name: D%d, expr: load}\n", i)
	}
	var mu sync.Mutex
	under, most := map[string]bool{}, 0
	h.opts.OpenSource = func(configs.Source) (ingest.Source, error) {
		return sourceFunc(func(q ingest.Query) (tidewatch.Block, error) {
			mu.Lock()
			if q.To > q.From && strings.HasPrefix(q.Detector, "D") {
				under[q.Detector] = true
				most = max(most, len(under))
			}
			mu.Unlock()
			runtime.Gosched()
			return h.src.Read(t.Context(), q)
		}), nil
	}
	done := map[string]bool{}
	h.opts.Progress = func(detector string, learnt, of time.Duration) {
		if learnt >= of {
			mu.Lock()
			defer mu.Unlock()
			delete(under, detector)
			done[detector] = true
		}
	}
	h.run(t, begin+40*minute)
	if most < 2 || most > 3 || len(done) != detectors {
		t.Errorf("%d of %d detectors have learnt, up to %d at a time, want all, 2 or 3 at a time", len(done), detectors, most)
	}
}
