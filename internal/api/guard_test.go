package api_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/tidewatch/tidewatch/internal/api"
	"github.com/tidewatch/tidewatch/internal/api/apitest"
)

func TestPanicsAreAnsweredCountedAndKeptPrivate(t *testing.T) {
	reg := prometheus.NewRegistry()
	var log bytes.Buffer
	h := newHandler(t, func(o *api.Options, b *apitest.Backend) {
		o.Registry, o.Logger = reg, slog.New(slog.NewTextHandler(&log, nil))
		b.BeforeReply = func(context.Context) { panic("token xoxb-secret") }
	})
	text := getError(t, h, "/api/v1/alarms", 500, "internal")
	if text != "internal error; the log says more" {
		t.Errorf("error %q", text)
	}
	if !strings.Contains(log.String(), "xoxb-secret") || !strings.Contains(log.String(), "guard_test.go") {
		t.Errorf("the log has neither the panic nor its stack: %s", cut(log.String()))
	}
	want := "# HELP tidewatch_http_panics_total Panics of HTTP handlers, each answered with status 500.\n# TYPE tidewatch_http_panics_total counter\ntidewatch_http_panics_total 1\n"
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "tidewatch_http_panics_total"); err != nil {
		t.Error(err)
	}
	if n := requestCount(t, reg, "listAlarms", "GET", "500"); n != 1 {
		t.Errorf("the panic was observed %d times as a 500", n)
	}
}

// requestCount is the count of tidewatch_http_request_duration_seconds for some labels.
func requestCount(t *testing.T, reg *prometheus.Registry, handler, method, code string) uint64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "tidewatch_http_request_duration_seconds" {
			continue
		}
		for _, m := range f.GetMetric() {
			values := map[string]string{}
			for _, l := range m.GetLabel() {
				values[l.GetName()] = l.GetValue()
			}
			if values["handler"] == handler && values["method"] == method && values["code"] == code {
				return m.GetHistogram().GetSampleCount()
			}
		}
	}
	return 0
}

func TestDurationsAreObserved(t *testing.T) {
	reg := prometheus.NewRegistry()
	h := newHandler(t, func(o *api.Options, _ *apitest.Backend) { o.Registry = reg })
	for _, r := range [][2]string{{"GET", "/api/v1/alarms"}, {"GET", "/api/v1/alarms"}, {"HEAD", "/api/v1/alarms"}, {"PURGE", "/api/v1/alarms"}, {"GET", "/api/v1/x"}, {"GET", "/api/v1/alarms/a-disk"}} {
		request(h, r[0], r[1])
	}
	for _, c := range []struct {
		handler, method, code string
		want                  uint64
	}{
		{"listAlarms", "GET", "200", 2},
		{"listAlarms", "HEAD", "200", 1},
		{"listAlarms", "other", "405", 1},
		{"unknown", "GET", "404", 1},
		{"getAlarm", "GET", "200", 1},
	} {
		if got := requestCount(t, reg, c.handler, c.method, c.code); got != c.want {
			t.Errorf("%s %s %s: observed %d times, want %d", c.handler, c.method, c.code, got, c.want)
		}
	}
}

func TestHeaders(t *testing.T) {
	h := newHandler(t, nil)
	for _, target := range []string{"/api/v1/alarms", "/metrics", "/-/ready", "/nothing", "/api/nothing"} {
		res := request(h, "GET", target)
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"} {
			if got := res.Header().Get(name); got != want {
				t.Errorf("GET %s: %s is %q, want %q", target, name, got, want)
			}
		}
		if csp := res.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") {
			t.Errorf("GET %s: Content-Security-Policy is %q", target, csp)
		}
	}
	res := httptest.NewRecorder()
	res.Header().Set("X-Frame-Options", "SAMEORIGIN") // as the web configuration file does
	h.ServeHTTP(res, httptest.NewRequest(http.MethodGet, "/-/healthy", http.NoBody))
	if got := res.Header().Values("X-Frame-Options"); len(got) != 1 || got[0] != "SAMEORIGIN" {
		t.Errorf("the operator's X-Frame-Options became %q", got)
	}
	if allow := request(h, "GET", "/-/reload").Header().Get("Allow"); allow != "POST" {
		t.Errorf("Allow is %q, want POST", allow)
	}
}

func TestReload(t *testing.T) {
	reload := func(h http.Handler, headers map[string]string) *httptest.ResponseRecorder {
		req := httptest.NewRequest(http.MethodPost, "http://tidewatch:9880/-/reload", http.NoBody)
		for k, v := range headers {
			req.Header.Set(k, v)
		}
		res := httptest.NewRecorder()
		h.ServeHTTP(res, req)
		return res
	}
	calls := 0
	h := newHandler(t, func(o *api.Options, _ *apitest.Backend) {
		o.Reload = func(context.Context) error { calls++; return nil }
	})
	for _, c := range []struct {
		name    string
		headers map[string]string
		code    int
		calls   int
	}{
		{"curl", nil, 200, 1},
		{"a page of another site", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403, 1},
		{"an old browser, another site", map[string]string{"Origin": "https://evil.example"}, 403, 1},
		{"the own page", map[string]string{"Sec-Fetch-Site": "same-origin"}, 200, 2},
	} {
		if res := reload(h, c.headers); res.Code != c.code || calls != c.calls {
			t.Errorf("%s: status %d after %d calls, want %d after %d", c.name, res.Code, calls, c.code, c.calls)
		}
	}
	if res := request(h, "GET", "/-/reload"); res.Code != http.StatusMethodNotAllowed || calls != 2 {
		t.Errorf("GET: status %d after %d calls", res.Code, calls)
	}
	res := reload(newHandler(t, func(o *api.Options, _ *apitest.Backend) { o.Reload = failingReload }), nil)
	if want := "failed to reload config, the old one was kept: line 3: unknown field \"stepp\"\n"; res.Code != 500 || res.Body.String() != want {
		t.Errorf("failing reload: %d %q, want 500 %q", res.Code, res.Body, want)
	}
}

func TestReady(t *testing.T) {
	reason := errors.New("first evaluation of 2 of 3 detectors is outstanding")
	h := newHandler(t, func(o *api.Options, _ *apitest.Backend) { o.Ready = func() error { return reason } })
	if res := request(h, "GET", "/-/ready"); res.Code != 503 || res.Body.String() != "Tidewatch is not ready: "+reason.Error()+"\n" {
		t.Errorf("not ready: %d %q", res.Code, res.Body)
	}
	if res := request(h, "GET", "/-/healthy"); res.Code != 200 {
		t.Errorf("healthy while not ready: %d", res.Code)
	}
	reason = nil
	if res := request(h, "GET", "/-/ready"); res.Code != 200 {
		t.Errorf("ready: %d %q", res.Code, res.Body)
	}
}

func TestGzip(t *testing.T) {
	h := newHandler(t, func(_ *api.Options, b *apitest.Backend) { b.AllAnomalies = manyAnomalies(500) })
	ask := func(target, accept string) *httptest.ResponseRecorder {
		req := httptest.NewRequest(http.MethodGet, target, http.NoBody)
		req.Header.Set("Accept-Encoding", accept)
		res := httptest.NewRecorder()
		h.ServeHTTP(res, req)
		return res
	}
	plain := ask("/api/v1/anomalies?limit=500", "identity")
	zipped := ask("/api/v1/anomalies?limit=500", "gzip")
	if zipped.Header().Get("Content-Encoding") != "gzip" || zipped.Body.Len()*5 > plain.Body.Len() {
		t.Fatalf("encoding %q, %d bytes of %d", zipped.Header().Get("Content-Encoding"), zipped.Body.Len(), plain.Body.Len())
	}
	r, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, plain.Body.Bytes()) {
		t.Errorf("unzipped answer differs from the plain one (%v)", err)
	}
	if small := ask("/-/healthy", "gzip"); small.Header().Get("Content-Encoding") != "" {
		t.Error("a small answer was compressed")
	}
}

func TestLimitsOfRequests(t *testing.T) {
	entered, leave := make(chan bool), make(chan bool)
	reg := prometheus.NewRegistry()
	h := newHandler(t, func(o *api.Options, b *apitest.Backend) {
		o.MaxConcurrent, o.Registry = 1, reg
		b.BeforeReply = func(context.Context) { entered <- true; <-leave }
	})
	done := make(chan int)
	go func() { done <- request(h, "GET", "/api/v1/alarms").Code }()
	<-entered
	if text := getError(t, h, "/api/v1/alarms", 503, "unavailable"); text != "as many requests as allowed (1) are being answered; try again" {
		t.Errorf("error %q", text)
	}
	if res := request(h, "GET", "/"); res.Code != 503 || res.Header().Get("Retry-After") == "" {
		t.Errorf("a page does not count against the limit: %d", res.Code)
	}
	if n := counter(t, reg, "tidewatch_http_requests_rejected_total"); n != 2 {
		t.Errorf("%v requests were counted as rejected, want 2", n)
	}
	if res := request(h, "GET", "/-/healthy"); res.Code != 200 {
		t.Errorf("health counts against the limit: %d", res.Code)
	}
	leave <- true
	if code := <-done; code != 200 {
		t.Errorf("the first request got %d", code)
	}
	go func() { <-entered; leave <- true }()
	get[api.AlarmList](t, h, "/api/v1/alarms") // the slot is free again
}

// counter is the value of a counter without labels.
func counter(t *testing.T, reg *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}

func TestTimeout(t *testing.T) {
	h := newHandler(t, func(o *api.Options, b *apitest.Backend) {
		o.Timeout = time.Millisecond
		b.BeforeReply = func(ctx context.Context) { <-ctx.Done() }
	})
	getError(t, h, "/api/v1/alarms", 503, "timeout")
}

func TestExternalURLPrefix(t *testing.T) {
	h := newHandler(t, func(o *api.Options, _ *apitest.Backend) {
		o.ExternalURL = &url.URL{Scheme: "https", Host: "example.org", Path: "/tidewatch/"}
	})
	for target, want := range map[string]int{"/tidewatch/api/v1/alarms": 200, "/tidewatch/-/ready": 200, "/api/v1/alarms": 404, "/": 302} {
		if res := request(h, "GET", target); res.Code != want {
			t.Errorf("GET %s: %d, want %d", target, res.Code, want)
		}
	}
	var doc struct{ Servers []struct{ URL string } }
	if err := json.Unmarshal(request(h, "GET", "/tidewatch/api/v1/openapi.json").Body.Bytes(), &doc); err != nil || len(doc.Servers) != 1 || doc.Servers[0].URL != "/tidewatch/" {
		t.Errorf("servers of the document: %+v, %v", doc, err)
	}
}
