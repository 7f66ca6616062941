package ingest

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// feedExprs are expressions whose samples are taken as they come.
var feedExprs = []string{
	`reqs_total`,
	`sum by (job) (rate(reqs_total[5m]))`,
	`sum by (job) (rate(reqs_total{job="api"}[5m])) / on () group_left () sum(temp offset 2h)`,
	`temp{job="a"} or reqs_total unless on (job) temp{job="b"}`,
}

// TestReadTakesSeriesAsTheyCome reads windows that are far larger than what may be held: each selector by one request a window,
// none of them divided, to the last bit.
func TestReadTakesSeriesAsTheyCome(t *testing.T) {
	ss := world(0.4)
	f := newFakeServer(t, ss...)
	f.perFrame = 2
	for _, concurrency := range []int{1, 4} {
		r := newTestRemote(t, RemoteConfig{URL: f.URL, Window: 2 * time.Hour, Concurrency: concurrency, MaxBytesInFlight: int64(concurrency) * 14_000, Registerer: prometheus.NewRegistry()})
		for i, requests := range []int{4, 4, 4, 12} {
			f.requests = 0
			q := Query{Detector: "d", Expr: feedExprs[i], From: t0 + 3600_000, To: t0 + 9*3600_000 - 60_000, Step: 60_000}
			want, err := reference(t, ss, q)
			if err != nil {
				t.Fatal(err)
			}
			if diff := blockDiff(read(t, r, q), want); diff != "" {
				t.Errorf("%s: %s", q.Expr, diff)
			}
			if f.count() != requests {
				t.Errorf("%s: %d requests, want %d", q.Expr, f.count(), requests)
			}
		}
		if n := testutil.ToFloat64(r.metrics.splits.WithLabelValues(r.name, "own")) + testutil.ToFloat64(r.inFlight()) + testutil.ToFloat64(r.slots.inUse); n != 0 {
			t.Errorf("%v splits, or bytes and reads left in flight", n)
		}
	}
}

// TestReadOfDisorder reads from servers whose series come in another order, or in pieces, beginning with some window: the read goes
// on in memory with the same result, and the next one begins so.
func TestReadOfDisorder(t *testing.T) {
	ss := world(0.2)
	for name, disturb := range map[string]func(f *fakeServer){
		"backwards": func(f *fakeServer) { slices.Reverse(f.series) },
		"in pieces": func(f *fakeServer) {
			var late []memSeries
			for i, s := range f.series {
				half := len(s.samples) / 2
				f.series[i].samples = s.samples[:half]
				late = append(late, memSeries{s.lset, s.samples[half:]})
			}
			f.series = append(f.series, late...)
		},
	} {
		for _, expr := range feedExprs {
			q := Query{Detector: "d", Expr: expr, From: t0, To: t0 + 4*3600_000, Step: 60_000}
			want, err := reference(t, ss, q)
			if err != nil {
				t.Fatal(err)
			}
			f := newFakeServer(t, slices.Clone(ss)...)
			disturb(f)
			r := newTestRemote(t, RemoteConfig{URL: f.URL, Window: time.Hour})
			for range 2 {
				if diff := blockDiff(read(t, r, q), want); diff != "" {
					t.Errorf("%s, %s: %s", name, expr, diff)
				}
				if !r.disorder.Load() {
					t.Errorf("%s, %s: it was taken as it came", name, expr)
				}
			}
		}
	}
}

// TestDropsAreATimeout lets a server send whole frames, so small and so slowly that the answer would never end.
func TestDropsAreATimeout(t *testing.T) {
	f := newFakeServer(t)
	f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Type", streamedType+"; proto="+streamedBody)
		for r.Context().Err() == nil {
			_, _ = w.Write(goodFrame(nil))
			w.(http.Flusher).Flush()
			time.Sleep(90 * time.Millisecond) // the drops' distance
		}
		return true
	}
	r := newTestRemote(t, RemoteConfig{Name: "eu1", URL: f.URL, Timeout: 100 * time.Millisecond})
	_, err := r.Read(t.Context(), Query{Detector: "Up", Expr: "up", From: t0, To: t0, Step: 60_000})
	checkError(t, err, KindTimeout, "no complete answer within 100ms")
}
