package ingest

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
)

// telling answers what is asked for a server's flags, and counts how often.
func telling(f *fakeServer, answer http.HandlerFunc) *atomic.Int32 {
	var asked atomic.Int32
	f.intercept = func(w http.ResponseWriter, req *http.Request) bool {
		if req.URL.Path != flagsPath {
			return false
		}
		asked.Add(1)
		answer(w, req)
		return true
	}
	return &asked
}

func flags(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"status":"success","data":` + text + `}`))
	}
}

// A day without streaming, of a server that takes few samples at a time: one request of each hour or so, not one for every halving.
func TestKeepsToServerLimits(t *testing.T) {
	t.Parallel()
	one := memSeries{labels.FromStrings("__name__", "up"), every(15, make([]float64, 5760)...)}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		reads  int // at a time
	}{
		"it tells": {
			answer: flags(`{"storage.remote.read-sample-limit":"200","storage.remote.read-concurrent-limit":"1","storage.remote.read-max-bytes-in-frame":"1048576"}`),
			reads:  1,
		},
		"it tells no such flags":  {answer: flags(`{"web.listen-address":":9090"}`), reads: 4},
		"it tells nonsense":       {answer: flags(`{"storage.remote.read-sample-limit":"many"}`), reads: 4},
		"it has no such page":     {answer: http.NotFound, reads: 4},
		"it does not let us look": {answer: func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) }, reads: 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFakeServer(t, one)
			f.sampled, f.limit = true, 200
			asked := telling(f, c.answer)
			r := newTestRemote(t, RemoteConfig{URL: f.URL + readPath, DetectLimits: true, Concurrency: 4, SampledOnly: true})
			for range 2 {
				b, err := r.Read(context.Background(), Query{Detector: "d", Expr: "up", From: t0 + 300_000, To: t0 + 86_400_000 - 60_000, Step: 60_000})
				if err != nil || len(b.Rows) != 1 || b.Rows[0].V[0] != 0 {
					t.Fatalf("%d rows, %v", len(b.Rows), err)
				}
			}
			if asked.Load() != 1 {
				t.Errorf("the flags were asked for %d times", asked.Load())
			}
			if r.State().Reads != c.reads || r.Limits().Samples != 200 {
				t.Errorf("%d reads at a time, limits %+v", r.State().Reads, r.Limits())
			}
			if n := f.count(); n > 80 {
				t.Errorf("%d requests for two days of 5,760 samples, 200 at a time", n)
			}
		})
	}
}
