package app

import (
	"context"
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
