package ingest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tidewatch/tidewatch"
)

// A tick of many detectors is one request, and gives each what it would have read by itself.
func TestReadTogether(t *testing.T) {
	ss := world(0.055)
	var qs []Query
	for i, expr := range expressions {
		if i%2 > 0 && !strings.Contains(expr, "nothing") {
			continue
		}
		qs = append(qs, Query{Detector: fmt.Sprintf("d%d", i), Expr: expr, From: t0 + 4_500_000, To: t0 + 4_500_000 + 60_000*int64(i%3), Step: 60_000})
	}
	qs = append(qs, Query{Detector: "bad", Expr: "rate(temp", Step: 60_000}, Query{Detector: "wide", Expr: "temp", From: t0 + 4_500_000, To: t0 + 4_500_000, Step: 60_000, MaxSeries: 2})
	for name, c := range map[string]struct {
		set      func(*fakeServer)
		requests int // of the first tick; 0: not of interest
		again    int // of the second
	}{
		"one request":            {func(*fakeServer) {}, 1, 1},
		"one query a request":    {func(f *fakeServer) { f.oneQuery = true }, 0, 0},
		"sampled":                {func(f *fakeServer) { f.sampled = true }, 1, 0},
		"a selector that fails":  {failOn("nothing", http.StatusInternalServerError), 0, 0},
		"a server out of breath": {failOn("nothing", http.StatusServiceUnavailable), 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFakeServer(t, ss...)
			c.set(f)
			r, alone := newTestRemote(t, RemoteConfig{URL: f.URL}), newTestRemote(t, RemoteConfig{URL: f.URL})
			var blocks []tidewatch.Block
			var errs []error
			for tick, want := range []int{c.requests, c.again} {
				before := f.count()
				blocks, errs = ReadAll(t.Context(), r, qs)
				if n := f.count() - before; want > 0 && n != want {
					t.Errorf("tick %d: %d requests, want %d", tick, n, want)
				}
			}
			for i, q := range qs {
				want, wantErr := alone.Read(t.Context(), q)
				if fmt.Sprint(errs[i]) != fmt.Sprint(wantErr) {
					t.Errorf("%s: %v, alone %v", q.Expr, errs[i], wantErr)
				} else if diff := blockDiff(blocks[i], want); wantErr == nil && diff != "" {
					t.Errorf("%s: %s", q.Expr, diff)
				}
			}
		})
	}
}

// failOn answers requests for a metric with a status.
func failOn(metric string, code int) func(*fakeServer) {
	return func(f *fakeServer) {
		f.refuse = func(name string) int {
			if strings.Contains(name, metric) {
				return code
			}
			return 0
		}
	}
}
