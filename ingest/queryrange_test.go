package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/prometheus/model/labels"
)

// rangeServer is a Prometheus-compatible server without remote-read: it evaluates with Prometheus's engine.
type rangeServer struct {
	*httptest.Server
	series memQueryable
	limit  int    // points of a series; 0 is Prometheus's 11,000
	extra  string // more fields of the answer
	noRead http.HandlerFunc

	mu       sync.Mutex
	forms    []map[string][]string
	requests int // of any kind
}

func newRangeServer(t testing.TB, series ...memSeries) *rangeServer {
	s := &rangeServer{series: series, noRead: http.NotFound, limit: maxRangePoints}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *rangeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	if !strings.HasSuffix(r.URL.Path, rangePath) {
		s.noRead(w, r)
		return
	}
	_ = r.ParseForm()
	s.forms = append(s.forms, r.PostForm)
	start, end, step := formMillis(r, "start"), formMillis(r, "end"), formMillis(r, "step")
	w.Header().Set("Content-Type", "application/json")
	fail := func(code int, kind, text string) {
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(map[string]string{"status": "error", "errorType": kind, "error": text})
	}
	if (end-start)/step > int64(s.limit) {
		fail(http.StatusBadRequest, "bad_data", fmt.Sprintf("exceeded maximum resolution of %d points per timeseries.", s.limit))
		return
	}
	q, err := newEngine(50e6).NewRangeQuery(r.Context(), s.series, nil, r.PostForm.Get("query"), time.UnixMilli(start), time.UnixMilli(end), time.Duration(step)*time.Millisecond)
	if err != nil {
		fail(http.StatusBadRequest, "bad_data", err.Error())
		return
	}
	defer q.Close()
	m, err := q.Exec(r.Context()).Matrix()
	if err != nil {
		fail(http.StatusUnprocessableEntity, "execution", err.Error())
		return
	}
	result := make([]map[string]any, 0, len(m))
	for _, series := range m {
		out := map[string]any{"metric": series.Metric}
		var values [][2]any
		for _, p := range series.Floats {
			values = append(values, [2]any{json.Number(rangeSeconds(p.T)), strconv.FormatFloat(p.F, 'f', -1, 64)})
		}
		if values != nil {
			out["values"] = values
		}
		if len(series.Histograms) > 0 {
			out["histograms"] = make([]int, len(series.Histograms))
		}
		result = append(result, out)
	}
	data, _ := json.Marshal(map[string]any{"resultType": "matrix", "result": result})
	_, _ = fmt.Fprintf(w, `{"status":"success"%s,"data":%s}`, s.extra, data)
}

func formMillis(r *http.Request, name string) int64 {
	var seconds float64
	_, _ = fmt.Sscan(r.PostForm.Get(name), &seconds)
	return int64(seconds*1000 + 0.5)
}

func newTestRange(t testing.TB, cfg RemoteConfig) *QueryRange {
	t.Helper()
	if cfg.Name == "" {
		cfg.Name = "test"
	}
	s, err := NewQueryRange(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// query_range gives what remote-read gives, for every expression, however it is cut into requests.
func TestQueryRangeEqualsRemoteRead(t *testing.T) {
	ss := world(0.2)
	f := newFakeServer(t, ss...)
	remote := newTestRemote(t, RemoteConfig{URL: f.URL + "/api/v1/read"})
	for _, test := range []struct {
		name   string
		limit  int
		window time.Duration
		exprs  []string
	}{
		{"in one", maxRangePoints, 24 * time.Hour, expressions},
		{"in windows", maxRangePoints, 70 * time.Minute, expressions[:8]},
		{"under a smaller limit of the server", 50, 24 * time.Hour, expressions[:8]},
	} {
		server := newRangeServer(t, ss...)
		server.limit = test.limit
		ranged := newTestRange(t, RemoteConfig{URL: server.URL + "/api/v1/query_range", Window: test.window})
		for _, expr := range test.exprs {
			q := Query{Detector: "d", Expr: expr, From: t0, To: t0 + 5400000, Step: 60000}
			want, wantErr := remote.Read(context.Background(), q)
			got, err := ranged.Read(context.Background(), q)
			if (err == nil) != (wantErr == nil) {
				t.Errorf("%s, %s: error %v, remote-read's %v", test.name, expr, err, wantErr)
				continue
			}
			if diff := blockDiff(got, want); err == nil && diff != "" {
				t.Errorf("%s, %s: %s", test.name, expr, diff)
			}
		}
	}
}

// A range of more points than a server gives at once is asked for in pieces; each says what the server may not do.
func TestQueryRangeSplits(t *testing.T) {
	server := newRangeServer(t, memSeries{labels.FromStrings("__name__", "up"), every(60, make([]float64, 500)...)})
	reg := prometheus.NewRegistry()
	s := newTestRange(t, RemoteConfig{URL: server.URL + "/api/v1/read", Window: 30 * 24 * time.Hour, Registerer: reg})
	b := read(t, s, Query{Expr: "up", From: t0, To: t0 + 29_999_000, Step: 1000})
	if len(server.forms) != 3 || len(b.Rows) != 1 || b.N != 30_000 {
		t.Fatalf("%d requests for %d points", len(server.forms), b.N)
	}
	for i, want := range []string{"1707868800 1707879799", "1707879800 1707890799", "1707890800 1707898799"} {
		f := server.forms[i]
		if got := f["start"][0] + " " + f["end"][0]; got != want || f["step"][0] != "1" || f["query"][0] != "up" {
			t.Errorf("request %d is %v, want %s", i, f, want)
		}
		for name, value := range rangeParams {
			if !slices.Equal(f[name], []string{value}) {
				t.Errorf("request %d: %s is %q, want %q", i, name, f[name], value)
			}
		}
	}
	if n := testutil.ToFloat64(s.metrics.samples.WithLabelValues("test")); n != 30_000 {
		t.Errorf("%v samples counted", n)
	}
}

// Labels to drop go, and replicas fill each other's gaps; labels of the source come.
func TestQueryRangeLabels(t *testing.T) {
	nan := func(from, to int) []sample {
		var out []sample
		for i := from; i <= to; i++ {
			out = append(out, sample{t: t0 + int64(i)*600000, v: float64(i)})
		}
		return out
	}
	server := newRangeServer(t,
		memSeries{labels.FromStrings("__name__", "up", "replica", "b"), nan(1, 3)},
		memSeries{labels.FromStrings("__name__", "up", "replica", "a"), append(nan(0, 1), nan(4, 4)...)},
	)
	s := newTestRange(t, RemoteConfig{URL: server.URL + "/api/v1/query_range", DropLabels: []string{"replica"}, Labels: labels.FromStrings("site", "x")})
	b := read(t, s, Query{Expr: "up", From: t0, To: t0 + 4*600000, Step: 600000})
	if got, want := show(b), `{__name__="up", site="x"} [0 1 2 3 4]`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestQueryRangeErrors(t *testing.T) {
	data := func(result string) http.HandlerFunc {
		return answer("application/json", []byte(`{"status":"success","data":{"resultType":"matrix","result":`+result+`}}`))
	}
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		kind    Kind
		want    string
	}{
		{"401", status(401, "no org id"), KindUnauthorized, "no org id (look at basic_auth"},
		{"404", status(404, ""), KindProtocol, "is this the address of a Prometheus-compatible server?"},
		{"502", status(502, "bad gateway"), KindServer, "bad gateway"},
		{"query", status(422, `{"status":"error","errorType":"execution","error":"many-to-many matching"}`), KindQuery, "execution: many-to-many"},
		{"limit", status(422, `{"status":"error","errorType":"execution","error":"query would load too many samples"}`), KindLimit, "too many samples"},
		{"a web page", answer("text/html", []byte("<html>")), KindProtocol, `Content-Type is "text/html"`},
		{"partial", answer("application/json", []byte(`{"status":"success","isPartial":true,"data":{"resultType":"matrix","result":[]}}`)), KindProtocol, "it is partial"},
		{"an error with 200", answer("application/json", []byte(`{"status":"error","error":"boom"}`)), KindProtocol, `status is "error", not success: boom`},
		{"vector", answer("application/json", []byte(`{"status":"success","data":{"resultType":"vector","result":[]}}`)), KindProtocol, `resultType is "vector"`},
		{"half", answer("application/json", []byte(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a"`)), KindProtocol, "ends in the middle"},
		{"no data", answer("application/json", []byte(`{"status":"success"}`)), KindProtocol, `resultType is ""`},
		{"nothing", answer("application/json", nil), KindProtocol, "ends in the middle"},
		{"two", answer("application/json", []byte(`{"status":"success","data":{"resultType":"matrix","result":[]}}{}`)), KindProtocol, "goes on after its end"},
		{"no JSON", answer("application/json", []byte(`{]`)), KindProtocol, "corrupt JSON"},
		{"a list", answer("application/json", []byte(`[]`)), KindProtocol, "corrupt JSON: [ where { should be"},
		{"other times", data(`[{"metric":{"a":"b"},"values":[[1707868801,"1"]]}]`), KindProtocol, `series {a="b"} has a point at 1707868801000; asked for were`},
		{"time before", data(`[{"metric":{},"values":[[1707868740,"1"]]}]`), KindProtocol, "has a point at 1707868740000"},
		{"twice", data(`[{"metric":{},"values":[[1707868800,"1"],[1707868800,"2"]]}]`), KindProtocol, "in order"},
		{"not pairs", data(`[{"metric":{},"values":["1"]}]`), KindProtocol, "has a point at 0"},
		{"no number", data(`[{"metric":{},"values":[[1707868800,"x"]]}]`), KindProtocol, "corrupt JSON"},
		{"histogram", data(`[{"metric":{},"histograms":[[1707868800,{"count":"1"}]]}]`), KindQuery, "is a native histogram"},
		{"slow", func(_ http.ResponseWriter, r *http.Request) { hang(r) }, KindTimeout, "no complete answer within 300ms"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(test.handler)
			defer server.Close()
			s := newTestRange(t, RemoteConfig{
				Name: "eu1", URL: strings.Replace(server.URL, "http://", "http://bob:hunter2@", 1) + "/api/v1/query_range?token=hunter2",
				Timeout: 300 * time.Millisecond, MaxBytesInFlight: 1 << 20,
			})
			_, err := s.Read(context.Background(), Query{Detector: "Up", Expr: "up", From: t0, To: t0 + 120000, Step: 60000})
			checkError(t, err, test.kind, test.want)
			if test.kind != KindQuery || !strings.Contains(test.want, "histogram") {
				checkError(t, err, test.kind, `source "eu1": read "up" from `+server.URL+rangePath)
			}
			if n := testutil.ToFloat64(s.metrics.errs.WithLabelValues("eu1", string(test.kind))); n != 1 {
				t.Errorf("tidewatch_source_errors_total is %v, want 1", n)
			}
		})
	}
	if _, err := NewQueryRange(RemoteConfig{Name: "a", URL: "http://x/influx"}); err == nil || !strings.Contains(err.Error(), "must end in /api/v1/query_range") {
		t.Error(err)
	}
}

// A server without remote-read is found out by its answer, once, and only if it has a query_range; one that has answered a
// remote-read stays with it.
func TestAuto(t *testing.T) {
	up := memSeries{labels.FromStrings("__name__", "up"), every(60, 1, 2, 3)}
	q := Query{Detector: "d", Expr: "up", From: t0, To: t0 + 120000, Step: 60000}
	open := func(url string) Source {
		t.Helper()
		s, err := Open(RemoteConfig{Name: "s", URL: url}, ProtocolAuto)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for name, noRead := range map[string]http.HandlerFunc{
		"404":             http.NotFound,
		"VictoriaMetrics": status(400, `unsupported path requested: "/api/v1/read"`),
		"405":             status(405, ""),
	} {
		server := newRangeServer(t, up)
		server.noRead = noRead
		s := open(server.URL + "/api/v1/read")
		for range 2 {
			if got := show(read(t, s, q)); got != `{__name__="up"} [1 2 3]` || SpokenBy(s) != ProtocolQueryRange {
				t.Errorf("%s: %s by %s", name, got, SpokenBy(s))
			}
		}
		if server.requests != 4 { // remote-read, probe, two reads
			t.Errorf("%s: %d requests", name, server.requests)
		}
	}
	for name, handler := range map[string]http.HandlerFunc{"404 for all": http.NotFound, "503": status(503, ""), "400": status(400, "exceeded")} {
		server := httptest.NewServer(handler)
		s := open(server.URL + "/api/v1/read")
		if _, err := s.Read(context.Background(), q); err == nil || !strings.Contains(err.Error(), "/api/v1/read: HTTP status") || SpokenBy(s) != ProtocolAuto {
			t.Errorf("%s: %v by %s", name, err, SpokenBy(s))
		}
		server.Close()
	}
	f := newFakeServer(t, up)
	s := open(f.URL + "/api/v1/read")
	read(t, s, q)
	f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, rangePath) {
			t.Error("query_range asked of a server that has answered a remote-read")
		}
		http.NotFound(w, r)
		return true
	}
	if _, err := s.Read(context.Background(), q); ErrorKind(err) != KindProtocol || SpokenBy(s) != ProtocolRemoteRead {
		t.Errorf("%v by %s", err, SpokenBy(s))
	}
	if _, err := Open(RemoteConfig{Name: "s", URL: f.URL}, "carrier pigeon"); err == nil {
		t.Error("an unknown protocol is taken")
	}
}
