package api_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/internal/api"
	"github.com/tidewatch/tidewatch/internal/api/apitest"
)

// exposition is what /metrics shows without comments and without the metrics of HTTP itself.
func exposition(t *testing.T, change func(*api.Options, *apitest.Backend)) []string {
	t.Helper()
	res := request(newHandler(t, change), "GET", "/metrics")
	if res.Code != 200 {
		t.Fatalf("status %d: %s", res.Code, cut(res.Body.String()))
	}
	var lines []string
	for line := range strings.Lines(res.Body.String()) {
		if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "tidewatch_http_") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

func TestExportedSeries(t *testing.T) {
	got := exposition(t, func(o *api.Options, b *apitest.Backend) {
		o.Registry = prometheus.NewRegistry()
		up := prometheus.NewGauge(prometheus.GaugeOpts{Name: "tidewatch_something"})
		o.Registry.MustRegister(up)
		b.Omitted = 7
		b.Exported = []api.ExportedSeries{
			{Detector: "checkout-5xx", Labels: labels.FromStrings("__name__", "errors", "job", "a\"b"), Point: api.BandPoint{Y: .062, Yhat: .004, YhatLower: .001, YhatUpper: .009, Score: 2.4}},
			{Detector: "other", Labels: labels.FromStrings("for", "5m"), Point: api.BandPoint{Y: api.Value(math.NaN()), Yhat: 1, YhatLower: 0, YhatUpper: 2, Score: 0}},
			{Detector: "checkout-5xx", Labels: labels.FromStrings("__name__", "warnings", "job", "a\"b"), Point: api.BandPoint{Y: 5}},
		}
	})
	want := []string{
		`anomaly_score{exported_for="5m",for="other"} 0`,
		`anomaly_score{for="checkout-5xx",job="a\"b"} 2.4`,
		`tidewatch_export_series_omitted{reason="duplicate_labels"} 1`,
		`tidewatch_export_series_omitted{reason="limit"} 7`,
		`tidewatch_export_up 1`,
		`tidewatch_something 0`,
		`y{exported_for="5m",for="other"} NaN`,
		`y{for="checkout-5xx",job="a\"b"} 0.062`,
		`yhat{exported_for="5m",for="other"} 1`,
		`yhat{for="checkout-5xx",job="a\"b"} 0.004`,
		`yhat_lower{exported_for="5m",for="other"} 0`,
		`yhat_lower{for="checkout-5xx",job="a\"b"} 0.001`,
		`yhat_upper{exported_for="5m",for="other"} 2`,
		`yhat_upper{for="checkout-5xx",job="a\"b"} 0.009`,
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestExportFailuresLeaveTheOtherMetrics(t *testing.T) {
	for name, fail := range map[string]func(*apitest.Backend){
		"error": func(b *apitest.Backend) { b.Err = errors.New("no state") },
		"panic": func(b *apitest.Backend) { b.BeforeReply = func(context.Context) { panic("broken") } },
	} {
		got := exposition(t, func(_ *api.Options, b *apitest.Backend) { fail(b) })
		if !slices.Contains(got, "tidewatch_export_up 0") {
			t.Errorf("%s: no tidewatch_export_up 0 in %q", name, got)
		}
	}
}

func TestANewHandlerOnTheSameRegistry(t *testing.T) {
	reg := prometheus.NewRegistry()
	for range 2 {
		h := newHandler(t, func(o *api.Options, _ *apitest.Backend) { o.Registry = reg })
		request(h, "GET", "/api/v1/alarms")
	}
	if n := requestCount(t, reg, "listAlarms", "GET", "200"); n != 2 {
		t.Errorf("both handlers together observed %d requests, want 2", n)
	}
}
