//go:build integration

package integration

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	commoncfg "github.com/prometheus/common/config"
	"github.com/tidewatch/tidewatch/ingest"
)

// TestCreatedTimestamps has a server store a zero where a counter says that it was created: what is evaluated here counts its first
// increase as the server's query_range does.
func TestCreatedTimestamps(t *testing.T) {
	t.Parallel()
	created := time.Now().Add(-20 * time.Second)
	var scrapes atomic.Int64
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
		_, _ = fmt.Fprintf(w, "# TYPE jobs counter\njobs_total %d\njobs_created %.3f\n# EOF\n", 7+scrapes.Add(1), float64(created.UnixMilli())/1000)
	}))
	defer target.Close()
	p := startProm(t, newest(t), promOptions{targets: []string{strings.TrimPrefix(target.URL, "http://")}, features: "created-timestamp-zero-ingestion"})
	remote, err := ingest.NewRemote(ingest.RemoteConfig{Name: "server", URL: p.readURL(), HTTPClient: commoncfg.DefaultHTTPClientConfig})
	if err != nil {
		t.Fatal(err)
	}
	defer remote.Close()
	eventually(t, time.Minute, "three scrapes", func() error {
		if scrapes.Load() < 4 {
			return errNotYet
		}
		return nil
	})
	end := time.Now().UnixMilli()/1000*1000 - 1000 // nothing comes before it any more
	for _, expr := range []string{"jobs_total", "min_over_time(jobs_total[1m])", "increase(jobs_total[1m])", "rate(jobs_total[30s])", "increase(jobs_total[1m:1s])"} {
		q := ingest.Query{Detector: "d", Expr: expr, From: end - 30_000, To: end, Step: 1000}
		d := differ{p: p, remote: remote}
		if diff := d.one(t, q, false); diff != "" || d.points == 0 {
			t.Errorf("%s: %d points, %s", expr, d.points, diff)
		}
	}
	b, err := remote.Read(t.Context(), ingest.Query{Detector: "d", Expr: "min_over_time(jobs_total[1m])", From: end, To: end, Step: 1000})
	if err != nil || len(b.Rows) != 1 || b.Rows[0].V[0] != 0 {
		t.Errorf("%+v, %v: no zero at the counter's creation", b.Rows, err)
	}
}
