package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
)

// TestAgainstServer compares Read with the query_range of a real server, for every metric it holds. It runs where
// TIDEWATCH_TEST_READ_URL names the server's /api/v1/read.
func TestAgainstServer(t *testing.T) {
	readURL := os.Getenv("TIDEWATCH_TEST_READ_URL")
	if readURL == "" {
		t.Skip("TIDEWATCH_TEST_READ_URL is not set")
	}
	ctx := context.Background()
	hc := config.DefaultHTTPClientConfig
	r := newTestRemote(t, RemoteConfig{URL: readURL, HTTPClient: hc, DetectExternalLabels: true, Window: 7 * time.Hour})
	api := r.API()
	names, err := api.MetricNames(ctx)
	if err != nil || len(names) == 0 {
		t.Fatalf("metric names %v: %v", names, err)
	}
	version, err := api.BuildInfo(ctx)
	server, cerr := api.Config(ctx)
	t.Logf("version %q (%v), external labels %s, scrape interval %s (%v), %d metrics", version, err, server.ExternalLabels, server.ScrapeInterval, cerr, len(names))
	to := time.Now().Truncate(time.Minute).Add(-2 * time.Minute).UnixMilli()
	from := to - 3*86400000
	equal, points := 0, 0
	for _, name := range names {
		forms := []string{"%s", "%s - %[1]s offset 1h", "count(%s) by (job)"}
		if !strings.HasPrefix(version, "2.") { // 2.x counts a sample exactly at the left end of a range, 3.x and we do not
			forms = append(forms, "rate(%s[5m])", "sum by (job) (rate(%s[2m]))", "max_over_time(rate(%s[5m])[30m:1m])")
		}
		for _, form := range forms {
			q := Query{Detector: "d", Expr: fmt.Sprintf(form, name), From: from, To: to, Step: 60000}
			want := serverRange(t, api, q)
			got, err := r.Read(ctx, q)
			if err != nil {
				t.Errorf("%s: %v", q.Expr, err)
				continue
			}
			if diff := blockDiffWithin(got, want, 1e-12); diff != "" {
				t.Errorf("%s: %s", q.Expr, diff)
				continue
			}
			equal++
			points += len(got.Rows) * got.N
		}
	}
	t.Logf("%d expressions equal, %d points", equal, points)
}

func serverRange(t *testing.T, api *API, q Query) tidewatch.Block {
	t.Helper()
	var data struct {
		Result []struct {
			Metric labels.Labels
			Values []json.RawMessage
		}
	}
	err := api.get(context.Background(), "/api/v1/query_range", url.Values{
		"query": {q.Expr}, "start": {unixSeconds(time.UnixMilli(q.From))}, "end": {unixSeconds(time.UnixMilli(q.To))}, "step": {"60"},
	}, &data)
	if err != nil {
		t.Fatalf("%s: %v", q.Expr, err)
	}
	rs := newRows(q, labels.EmptyLabels())
	for _, s := range data.Result {
		v := make([]float64, rs.n)
		seen := false
		for k := range v {
			v[k] = math.NaN()
		}
		for _, raw := range s.Values {
			var p apiValue
			if err := json.Unmarshal(raw, &p); err != nil {
				t.Fatal(err)
			}
			v[(p.t.UnixMilli()-q.From)/q.Step] = p.v
			seen = seen || !math.IsNaN(p.v)
		}
		if seen {
			rs.list = append(rs.list, tidewatch.Row{Series: tidewatch.Series{ID: tidewatch.SeriesID(q.Detector, s.Metric), Labels: s.Metric}, V: v})
		}
	}
	return rs.block()
}
