package ingest

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// An expression that takes more than max_samples for one point is refused by two small queries, before anything is read.
func TestNeedBeforeReading(t *testing.T) {
	reads := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		value := "1000" // series
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.HasSuffix(r.URL.Path, "/status/config"):
			_, _ = w.Write([]byte(`{"status":"success","data":{"yaml":"global: {scrape_interval: 10s}"}}`))
			return
		case strings.HasPrefix(r.FormValue("query"), "sum(count_over_time({__name__=~"):
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = w.Write([]byte(`{"status":"error","errorType":"execution","error":"vector cannot contain metrics with the same labelset"}`))
			return
		case strings.HasSuffix(r.URL.Path, "/read"):
			reads++
		case strings.HasPrefix(r.FormValue("query"), "sum(count_over_time("):
			value = "20000" // samples in ten minutes: one in 30 s
		}
		_, _ = w.Write([]byte(`{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1707868800,"` + value + `"]}]}}`))
	}))
	defer server.Close()
	r := newTestRemote(t, RemoteConfig{URL: server.URL + "/api/v1/read", MaxSamples: 50_000_000})
	for expr, want := range map[string]string{
		`rate(x[5m])`:                                   "",
		`avg_over_time(x[1w])`:                          "",
		`x - x @ 1700000000`:                            "",
		`quantile_over_time(0.9, x[30d])`:               `source "test": evaluate "quantile_over_time(0.9, x[30d])": one point takes about 86.4 million raw samples, more than max_samples, 50.0 million; {__name__="x"} alone has 1000 series over 30d; shorten its range, select less, or let the server record it with a rule`,
		`count(last_over_time({__name__=~"x|y"}[30d]))`: "259.2 million|has 1000 series over 30d",
		`max_over_time(rate(y[1d])[30d:1m]) / z`:        "89.3 million|{__name__=\"y\"} alone has 1000 series over 31d",
	} {
		err := CheckNeed(t.Context(), r, expr, time.UnixMilli(t0))
		switch {
		case want == "" && err == nil:
		case want == "" || err == nil || ErrorKind(err) != KindLimit:
			t.Errorf("%s: %v", expr, err)
		default:
			for part := range strings.SplitSeq(want, "|") {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%s: %q lacks %q", expr, err, part)
				}
			}
		}
	}
	if reads != 0 {
		t.Errorf("%d reads", reads)
	}
	// A server without the HTTP API is read, and its answers are held to the limit.
	f := newFakeServer(t, world(0.02)...)
	if err := CheckNeed(t.Context(), newTestRemote(t, RemoteConfig{URL: f.URL, MaxSamples: 10}), `temp`, time.UnixMilli(t0)); err != nil {
		t.Errorf("without the API: %v", err)
	}
}

// A selector of several metrics is counted metric by metric where the server cannot count them together, the ten largest of them.
func TestSampleRateOfSeveralMetrics(t *testing.T) {
	counted := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		result, q := "", r.FormValue("query")
		switch {
		case strings.HasPrefix(q, "count by (__name__)"):
			for i := range 12 {
				result += fmt.Sprintf(`,{"metric":{"__name__":"m%02d"},"value":[1707868800,"10"]}`, i)
			}
		case strings.Contains(q, `__name__="m`):
			counted++
			result = `,{"metric":{},"value":[1707868800,"200"]}` // in ten minutes, of ten series
		default:
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = w.Write([]byte(`{"status":"error","errorType":"execution","error":"vector cannot contain metrics with the same labelset"}`))
			return
		}
		_, _ = w.Write([]byte(`{"status":"success","data":{"resultType":"vector","result":[` + strings.TrimPrefix(result, ",") + `]}}`))
	}))
	defer server.Close()
	r := newTestRemote(t, RemoteConfig{URL: server.URL + "/api/v1/read"})
	rate, err := r.API().SampleRate(t.Context(), `{__name__=~"m.+"}`, 120, time.UnixMilli(t0))
	if err != nil || math.Abs(rate-4) > 1e-9 || counted != 10 {
		t.Errorf("%v a second, %v, after %d counts; want 4: 2,400 in ten minutes", rate, err, counted)
	}
}
