package ingest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/config"
)

// apiServer answers as Prometheus 2.42 and 3.16 do.
func apiServer(t *testing.T) *httptest.Server {
	t.Helper()
	answers := map[string]string{
		"/p/api/v1/label/__name__/values": `["up","go_goroutines"]`,
		"/p/api/v1/series":                `[{"__name__":"up","job":"b"},{"__name__":"up","job":"a"}]`,
		"/p/api/v1/metadata":              `{"up":[{"type":"gauge","help":"Up.","unit":""}],"x_total":[{"type":"counter","help":"X","unit":""},{"type":"gauge","help":"","unit":""}]}`,
		"/p/api/v1/status/buildinfo":      `{"version":"2.42.0","revision":"x"}`,
		"/p/api/v1/status/flags":          `{"query.lookback-delta":"5m","storage.remote.read-sample-limit":"5e+07","storage.remote.read-concurrent-limit":"10","storage.remote.read-max-bytes-in-frame":"1048576"}`,
		"/p/api/v1/status/config":         `{"yaml":"global:\n  scrape_interval: 15s\n  external_labels:\n    cluster: eu1\nscrape_configs:\n- job_name: node\n  scrape_interval: 30s\n"}`,
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		data, ok := answers[r.URL.Path]
		if r.URL.Path == "/p/api/v1/query" {
			switch q := r.FormValue("query"); {
			case q == "count(up)" && r.FormValue("time") == "1707868800.5":
				data, ok = `{"resultType":"vector","result":[{"metric":{},"value":[1707868800.5,"7"]}]}`, true
			case q == "count(nothing)":
				data, ok = `{"resultType":"vector","result":[]}`, true
			case q == "1":
				data, ok = `{"resultType":"scalar","result":[1,"1"]}`, true
			default:
				w.WriteHeader(http.StatusBadRequest)
				_, _ = w.Write([]byte(`{"status":"error","errorType":"bad_data","error":"parse error"}`))
				return
			}
		}
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(`{"status":"success","data":` + data + `}`))
	}))
	t.Cleanup(s.Close)
	return s
}

func TestAPI(t *testing.T) {
	ctx := context.Background()
	a, err := NewAPI("eu1", apiServer(t).URL+"/p/api/v1/read", config.DefaultHTTPClientConfig, 0)
	if err != nil {
		t.Fatal(err)
	}
	at := time.UnixMilli(t0 + 500)
	if l, err := a.Limits(ctx); err != nil || l != (ServerLimits{Samples: 50_000_000, Reads: 10, Frame: 1 << 20, LookbackDelta: 5 * time.Minute}) {
		t.Errorf("limits %+v, %v", l, err)
	}
	names, err := a.MetricNames(ctx)
	if err != nil || !slices.Equal(names, []string{"go_goroutines", "up"}) {
		t.Errorf("names %v, %v", names, err)
	}
	list, err := a.Series(ctx, []string{"up"}, at.Add(-time.Hour), at)
	if err != nil || len(list) != 2 || list[0].Get("job") != "a" {
		t.Errorf("series %v, %v", list, err)
	}
	if n, err := a.SeriesCount(ctx, "up", at); err != nil || n != 7 {
		t.Errorf("count %d, %v", n, err)
	}
	if n, err := a.SeriesCount(ctx, "nothing", at); err != nil || n != 0 {
		t.Errorf("count of nothing %d, %v", n, err)
	}
	meta, err := a.Metadata(ctx)
	if err != nil || meta["x_total"].Type != "counter" || meta["up"].Help != "Up." {
		t.Errorf("metadata %v, %v", meta, err)
	}
	if v, err := a.BuildInfo(ctx); err != nil || v != "2.42.0" {
		t.Errorf("version %q, %v", v, err)
	}
	c, err := a.Config(ctx)
	if err != nil || c.ExternalLabels.String() != `{cluster="eu1"}` || c.ScrapeInterval != 15*time.Second || c.JobIntervals["node"] != 30*time.Second {
		t.Errorf("config %+v, %v", c, err)
	}
	_, err = a.Query(ctx, "sum(", at)
	checkError(t, err, KindQuery, "bad_data: parse error")
	_, err = a.Query(ctx, "1", at)
	checkError(t, err, KindQuery, "it gives a scalar")
}

func TestAPIErrors(t *testing.T) {
	for _, test := range []struct {
		handler http.HandlerFunc
		kind    Kind
		want    string
	}{
		{status(401, ""), KindUnauthorized, "401"},
		{status(502, "bad gateway"), KindServer, "bad gateway"},
		{status(404, ""), KindProtocol, "404"},
		{answer("text/html", []byte("<html>")), KindProtocol, "not application/json"},
		{answer("application/json", []byte(`{"status":`)), KindProtocol, "decoding the answer"},
		{answer("application/json", []byte(`{"status":"error"}`)), KindProtocol, `status is "error"`},
		{func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, KindTimeout, "deadline exceeded"},
	} {
		s := httptest.NewServer(test.handler)
		a, err := NewAPI("eu1", s.URL+"/api/v1/read", config.DefaultHTTPClientConfig, 200*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.MetricNames(context.Background())
		checkError(t, err, test.kind, test.want)
		s.Close()
	}
	a, err := NewAPI("influx", "http://localhost:1/api/v1/prom/read?db=x", config.DefaultHTTPClientConfig, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.MetricNames(context.Background())
	checkError(t, err, KindProtocol, "does not end in /api/v1/read")
}
