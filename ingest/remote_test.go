package ingest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/tidewatch/tidewatch"
)

func read(t *testing.T, r Source, q Query) tidewatch.Block {
	t.Helper()
	if q.Detector == "" {
		q.Detector = "d"
	}
	b, err := r.Read(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(b.Rows, func(a, b tidewatch.Row) int {
		if a.Series.ID < b.Series.ID {
			return -1
		}
		return 1
	}) {
		t.Errorf("rows are not in ascending order of id")
	}
	for _, row := range b.Rows {
		if len(row.V) != b.N || row.Series.ID != tidewatch.SeriesID(q.Detector, row.Series.Labels) {
			t.Errorf("row %s: %d values, id %x", row.Series.Labels, len(row.V), row.Series.ID)
		}
	}
	return b
}

// show writes a block as text: one line for each series, in order of labels.
func show(b tidewatch.Block) string {
	var lines []string
	for _, r := range b.Rows {
		lines = append(lines, fmt.Sprintf("%s %v", r.Series.Labels, r.V))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func every(seconds int64, vs ...float64) []sample {
	var out []sample
	for i, v := range vs {
		out = append(out, sample{t: t0 + int64(i)*seconds*1000, v: v})
	}
	return out
}

func TestExternalLabels(t *testing.T) {
	f := newFakeServer(t,
		memSeries{labels.FromStrings("__name__", "up", "job", "a"), every(60, 1)},
		memSeries{labels.FromStrings("__name__", "up", "job", "b", "cluster", "other"), every(60, 2)},
	)
	f.external = labels.FromStrings("cluster", "eu1", "replica", "a")
	tests := []struct {
		name, expr string
		external   labels.Labels
		drop       []string
		add        labels.Labels
		want       string
	}{
		{"unknown: they stay", "up", labels.EmptyLabels(), nil, labels.EmptyLabels(), `{__name__="up", cluster="eu1", job="a", replica="a"} [1]
{__name__="up", cluster="other", job="b", replica="a"} [2]`},
		{"known: asked for and stripped", "up", f.external, nil, labels.EmptyLabels(), `{__name__="up", job="a"} [1]`},
		{"wrong: no answer", "up", labels.FromStrings("cluster", "us1"), nil, labels.EmptyLabels(), ""},
		{"selected by the expression: left alone", `up{cluster="other"}`, f.external, nil, labels.EmptyLabels(), `{__name__="up", cluster="other", job="b"} [2]`},
		{"dropped: never asked for", "up", labels.FromStrings("cluster", "eu1", "replica", "b"), []string{"replica"}, labels.EmptyLabels(), `{__name__="up", job="a"} [1]`},
		{"the source's labels are added last", "sum(up)", f.external, nil, labels.FromStrings("cluster", "eu", "env", "prod"), `{cluster="eu", env="prod"} [1]`},
		{"a series' own label stays", "up", labels.EmptyLabels(), []string{"replica"}, labels.FromStrings("cluster", "eu"), `{__name__="up", cluster="eu1", job="a"} [1]
{__name__="up", cluster="other", job="b"} [2]`},
	}
	for _, test := range tests {
		r := newTestRemote(t, RemoteConfig{URL: f.URL, ExternalLabels: test.external, DropLabels: test.drop, Labels: test.add})
		if got := show(read(t, r, Query{Expr: test.expr, From: t0, To: t0, Step: 60000})); got != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
}

// Two replicas that scrape one counter a few seconds apart: the first is used, its outage is filled from the second, and
// interleaving them never looks like a counter reset.
func TestReplicas(t *testing.T) {
	var a, b []sample
	for i := range int64(240) {
		at := t0 + i*15000
		if i < 100 || i > 140 {
			a = append(a, sample{t: at, v: float64(at-t0) / 1000})
		}
		// The second stamps its samples 1 s later, though it takes them 3 s earlier: interleaved, the counter would step back.
		b = append(b, sample{t: at + 1000, v: float64(at-t0)/1000 - 3})
	}
	f := newFakeServer(t,
		memSeries{labels.FromStrings("__name__", "c", "job", "x", "replica", "b"), b},
		memSeries{labels.FromStrings("__name__", "c", "job", "x", "replica", "a"), a},
	)
	for _, sampled := range []bool{false, true} {
		f.sampled = sampled
		r := newTestRemote(t, RemoteConfig{URL: f.URL, DropLabels: []string{"replica"}})
		got := read(t, r, Query{Expr: "rate(c[2m])", From: t0 + 180000, To: t0 + 3540000, Step: 60000})
		if len(got.Rows) != 1 || got.Rows[0].Series.Labels.String() != `{job="x"}` {
			t.Fatalf("rows: %s", show(got))
		}
		for i, v := range got.Rows[0].V {
			if math.Abs(v-1) > 0.1 {
				t.Errorf("sampled %t: rate at minute %d is %v, want 1 within a tenth", sampled, i+3, v)
			}
		}
		resets := read(t, r, Query{Expr: "resets(c[1h])", From: t0 + 3540000, To: t0 + 3540000, Step: 60000})
		if v := resets.Rows[0].V[0]; v > 0 {
			t.Errorf("sampled %t: %v counter resets", sampled, v)
		}
	}
}

// Identity survives a failover: each replica alone gives the same series.
func TestFailoverKeepsIdentity(t *testing.T) {
	id := func(replica string) uint64 {
		f := newFakeServer(t, memSeries{labels.FromStrings("__name__", "up", "job", "a", "replica", replica), every(60, 1)})
		r := newTestRemote(t, RemoteConfig{URL: f.URL, DropLabels: []string{"replica"}})
		return read(t, r, Query{Expr: "up", From: t0, To: t0, Step: 60000}).Rows[0].Series.ID
	}
	if a, b := id("a"), id("b"); a != b {
		t.Errorf("ids %x and %x", a, b)
	}
}

// Duplicates, disorder and overlaps, within chunks and between them, come out as one ordered series.
func TestOverlappingChunks(t *testing.T) {
	up := labels.FromStrings("__name__", "up")
	at := func(secs ...int64) []sample {
		var out []sample
		for _, s := range secs {
			out = append(out, sample{t: t0 + s*1000, v: float64(s)})
		}
		return out
	}
	f := newFakeServer(t)
	for _, enc := range []chunkenc.Encoding{chunkenc.EncXOR, chunkenc.EncXOR2} {
		f.intercept = func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", streamedType+"; proto="+streamedBody)
			for _, ss := range [][]sample{at(0, 10, 20, 30), at(15, 20, 25), at(10, 5, 5, 40), at(50, 60), at(50, 60)} {
				m := &prompb.ChunkedReadResponse{ChunkedSeries: []*prompb.ChunkedSeries{{Labels: protoLabels(up), Chunks: []prompb.Chunk{encodeChunk(ss, enc)}}}}
				b, _ := m.Marshal()
				_, _ = w.Write(frame(b, nil))
			}
			return true
		}
		r := newTestRemote(t, RemoteConfig{URL: f.URL})
		b := read(t, r, Query{Expr: "count_over_time(up[2m]) + 1000 * changes(up[2m]) + 1e6 * resets(up[2m])", From: t0 + 60000, To: t0 + 60000, Step: 60000})
		// 0 5 10 15 20 25 30 40 50 60: ten samples, nine changes, no step back.
		if got := show(b); got != "{} [9010]" {
			t.Errorf("%s: %s", enc, got)
		}
	}
}

// Samples outside of what was asked for do not count, whatever the chunks hold.
func TestChunksAreClipped(t *testing.T) {
	var ss []sample
	for i := range int64(600) {
		ss = append(ss, sample{t: t0 + i*1000, v: 1})
	}
	f := newFakeServer(t, memSeries{labels.FromStrings("__name__", "x"), ss})
	f.perChunk = 600
	c := newCollector(t0+100000, t0+200000, &budget{}, newInterner(nil))
	r := newTestRemote(t, RemoteConfig{URL: f.URL})
	m := labels.MustNewMatcher(labels.MatchEqual, "__name__", "x")
	if err := r.fetch(context.Background(), []part{{matchers: []*labels.Matcher{m}, from: c.mint, to: c.maxt, into: c}}); err != nil {
		t.Fatal(err)
	}
	list, err := c.finish()
	if err != nil || len(list) != 1 {
		t.Fatalf("%d series, %v", len(list), err)
	}
	ts, _, err := list[0].decode()
	if err != nil || len(ts) != 101 || ts[0] != t0+100000 || ts[100] != t0+200000 {
		t.Errorf("%d samples, %v", len(ts), err)
	}
}

func TestReadsOnce(t *testing.T) {
	f := newFakeServer(t, world(0.05)...)
	r := newTestRemote(t, RemoteConfig{URL: f.URL})
	tests := []struct {
		expr    string
		queries []string // seconds from t0
	}{
		{"rate(reqs_total[5m]) / rate(reqs_total[10m])", []string{"reqs_total 3000.001..3600"}},
		{"temp / temp offset 30m", []string{"temp 1500.001..1800", "temp 3300.001..3600"}},
		{`temp{job="a"} + on () temp{job="b"}`, []string{"temp 3300.001..3600", "temp 3300.001..3600"}},
	}
	for _, test := range tests {
		f.queries, f.requests = nil, 0
		read(t, r, Query{Expr: test.expr, From: t0 + 3600000, To: t0 + 3600000, Step: 60000})
		var got []string
		for _, q := range f.queries {
			got = append(got, fmt.Sprintf("%s %v..%v", q.Matchers[len(q.Matchers)-1].Value, float64(q.StartTimestampMs-t0)/1000, float64(q.EndTimestampMs-t0)/1000))
		}
		if f.requests != 1 || !slices.Equal(got, test.queries) {
			t.Errorf("%s: %d requests, queries %q, want %q", test.expr, f.requests, got, test.queries)
		}
	}
}

// A read that is over the memory bound is done in smaller windows, with the same result; one step alone that is over it is
// a named error.
func TestBounds(t *testing.T) {
	ss := world(0.2)
	f := newFakeServer(t, ss...)
	q := Query{Detector: "d", Expr: "stddev by (job) (rate(reqs_total[5m]))", From: t0, To: t0 + 4*3600000, Step: 60000}
	want, err := reference(t, ss, q)
	if err != nil {
		t.Fatal(err)
	}
	for name, cfg := range map[string]RemoteConfig{
		"bytes":   {URL: f.URL, MaxBytesInFlight: 40000},
		"samples": {URL: f.URL, MaxSamples: 3000},
	} {
		f.requests = 0
		if diff := blockDiff(read(t, newTestRemote(t, cfg), q), want); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if f.requests < 3 {
			t.Errorf("%s: %d requests, the bound did nothing", name, f.requests)
		}
	}
	_, err = newTestRemote(t, RemoteConfig{URL: f.URL, MaxBytesInFlight: 100}).Read(context.Background(), q)
	checkError(t, err, KindLimit, "raise max_bytes_in_flight")
	f.sampled = true
	_, err = newTestRemote(t, RemoteConfig{URL: f.URL, MaxBytesInFlight: 100}).Read(context.Background(), q)
	checkError(t, err, KindLimit, "raise max_bytes_in_flight")
}

func TestEmptyAndGaps(t *testing.T) {
	f := newFakeServer(t,
		memSeries{labels.FromStrings("__name__", "x", "i", "zero"), every(60, 0, 0, 0)},
		memSeries{labels.FromStrings("__name__", "x", "i", "inf"), every(60, math.Inf(1), math.Inf(-1), 1)},
		memSeries{labels.FromStrings("__name__", "x", "i", "nan"), every(60, math.NaN(), math.NaN(), math.NaN())},
		memSeries{labels.FromStrings("__name__", "x", "i", "late"), []sample{{t: t0 + 120000, v: 7}}},
	)
	r := newTestRemote(t, RemoteConfig{URL: f.URL})
	got := show(read(t, r, Query{Expr: "x", From: t0, To: t0 + 120000, Step: 60000}))
	want := `{__name__="x", i="inf"} [+Inf -Inf 1]
{__name__="x", i="late"} [NaN NaN 7]
{__name__="x", i="zero"} [0 0 0]`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if b := read(t, r, Query{Expr: "x", From: t0 - 7200000, To: t0 - 3600000, Step: 60000}); len(b.Rows) != 0 || b.N != 61 {
		t.Errorf("before everything: %d rows, N %d", len(b.Rows), b.N)
	}
}

func TestSelfMetricsAndHeaders(t *testing.T) {
	f := newFakeServer(t, memSeries{labels.FromStrings("__name__", "x"), every(60, 1, 2, 3)})
	var seen http.Header
	f.intercept = func(_ http.ResponseWriter, r *http.Request) bool { seen = r.Header.Clone(); return false }
	reg := prometheus.NewRegistry()
	hc := config.DefaultHTTPClientConfig
	hc.BasicAuth = &config.BasicAuth{Username: "bob", Password: "hunter2"}
	hc.HTTPHeaders = &config.Headers{Headers: map[string]config.Header{"X-Scope-Orgid": {Values: []string{"team"}}}}
	a := newTestRemote(t, RemoteConfig{Name: "a", URL: f.URL, Registerer: reg, HTTPClient: hc})
	b := newTestRemote(t, RemoteConfig{Name: "b", URL: f.URL, Registerer: reg})
	read(t, b, Query{Expr: "x", From: t0 + 120000, To: t0 + 120000, Step: 60000})
	read(t, a, Query{Expr: "x", From: t0 + 120000, To: t0 + 120000, Step: 60000})
	err := testutil.GatherAndCompare(reg, strings.NewReader(`# HELP tidewatch_source_read_samples_total Raw samples read; points where query_range is asked.
# TYPE tidewatch_source_read_samples_total counter
tidewatch_source_read_samples_total{source="a"} 3
tidewatch_source_read_samples_total{source="b"} 3
# HELP tidewatch_source_requests_total Requests for samples by HTTP status, none without an answer.
# TYPE tidewatch_source_requests_total counter
tidewatch_source_requests_total{code="200",source="a"} 1
tidewatch_source_requests_total{code="200",source="b"} 1
`), "tidewatch_source_read_samples_total", "tidewatch_source_requests_total")
	if err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy", "X-Prometheus-Remote-Read-Version": "0.1.0",
		"Authorization": "Basic Ym9iOmh1bnRlcjI=", "X-Scope-Orgid": "team", "User-Agent": "tidewatch", "Idempotency-Key": "",
	} {
		if got := seen.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestConcurrency(t *testing.T) {
	f := newFakeServer(t, world(0.02)...)
	running, most := make(chan struct{}, 100), 0
	f.intercept = func(http.ResponseWriter, *http.Request) bool {
		running <- struct{}{}
		f.mu.Lock()
		most = max(most, len(running))
		f.mu.Unlock()
		time.Sleep(5 * time.Millisecond) // long enough for a third one to come, were it allowed
		<-running
		return false
	}
	r := newTestRemote(t, RemoteConfig{URL: f.URL})
	done := make(chan error)
	for range 8 {
		go func() {
			_, err := r.Read(context.Background(), Query{Expr: "temp", From: t0, To: t0, Step: 60000})
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if most > 2 {
		t.Errorf("%d requests at a time", most)
	}
}

func TestDetectExternalLabels(t *testing.T) {
	f := newFakeServer(t, memSeries{labels.FromStrings("__name__", "up"), every(60, 1)})
	f.external = labels.FromStrings("cluster", "eu1")
	var log bytes.Buffer
	page := status(503, "starting")
	f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/api/v1/read" {
			return false
		}
		page(w, r)
		return true
	}
	q := Query{Detector: "d", Expr: "up", From: t0, To: t0, Step: 60000}
	cfg := RemoteConfig{URL: f.URL + "/api/v1/read", DetectExternalLabels: true, Logger: slog.New(slog.NewTextHandler(&log, nil))}
	r := newTestRemote(t, cfg)
	if _, err := r.Read(context.Background(), q); ErrorKind(err) != KindServer {
		t.Fatalf("while it starts: %v", err)
	}
	page = answer("application/json", []byte(`{"status":"success","data":{"yaml":"global:\n  scrape_interval: 15s\n  external_labels:\n    cluster: eu1\n"}}`))
	if got := show(read(t, r, q)); got != `{__name__="up"} [1]` {
		t.Errorf("detected: %s", got)
	}
	f.external = labels.FromStrings("cluster", "eu2")
	page = answer("application/json", []byte(`{"status":"success","data":{"yaml":"global: {external_labels: {cluster: eu2}}"}}`))
	if got := show(read(t, r, q)); got != "" {
		t.Errorf("the server answered to another name: %s", got)
	}
	if got := show(read(t, r, q)); got != "" {
		t.Errorf("detected again before its time: %s", got)
	}
	r.extStale = 0
	if got := show(read(t, r, q)) + show(read(t, r, q)); got != `{__name__="up"} [1]` {
		t.Errorf("renamed: %s", got)
	}
	f.external = labels.FromStrings("cluster", "eu1")
	page = status(404, "")
	if got := show(read(t, newTestRemote(t, cfg), q)); got != `{__name__="up", cluster="eu1"} [1]` {
		t.Errorf("no such page: %s", got)
	}
	if !strings.Contains(log.String(), "external labels unknown") {
		t.Errorf("log: %s", log.String())
	}
}

func TestAnalyze(t *testing.T) {
	tests := []struct {
		expr      string
		back      time.Duration
		ahead     time.Duration
		fixed     bool
		selectors []string
	}{
		{"up", 5*time.Minute - time.Millisecond, 0, false, []string{`{__name__="up"}`}},
		{"rate(x[10m])", 10*time.Minute - time.Millisecond, 0, false, []string{`{__name__="x"}`}},
		{`rate(x{a=~"b.*"}[10m] offset 1h) + y`, 70*time.Minute - time.Millisecond, 0, false, []string{`{__name__="x",a=~"b.*"}`, `{__name__="y"}`}},
		{"max_over_time(rate(x[5m])[1h:1m] offset 1d)", 24*time.Hour + 65*time.Minute - time.Millisecond, 0, false, []string{`{__name__="x"}`}},
		{"max_over_time(max_over_time(x[2m])[10m:1m])[1h:5m]", 0, 0, false, nil},
		{"max_over_time(max_over_time(x[10m:1m])[1h:5m])", 75*time.Minute - time.Millisecond, 0, false, []string{`{__name__="x"}`}},
		{"x offset -7m", -2*time.Minute - time.Millisecond, 7 * time.Minute, false, []string{`{__name__="x"}`}},
		{"x - x @ 1707868800", 5*time.Minute - time.Millisecond, 0, true, []string{`{__name__="x"}`}},
	}
	for _, test := range tests {
		a, err := Analyze(test.expr)
		if test.selectors == nil {
			if err == nil {
				t.Errorf("%s: no error", test.expr)
			}
			continue
		}
		if err != nil || max(0, test.back) != a.LookBack || a.Ahead != test.ahead || a.Fixed != test.fixed || !slices.Equal(a.Selectors, test.selectors) || a.Type != "vector" {
			t.Errorf("%s: %+v, %v", test.expr, a, err)
		}
	}
	a, err := Analyze(`sum by (job) (rate(x_total{code="5"}[5m] offset 1m)) > y`)
	want := []Use{{Matchers: `{__name__="x_total",code="5"}`, Metric: "x_total", Range: 5 * time.Minute, Offset: time.Minute, Func: "rate"}, {Matchers: `{__name__="y"}`, Metric: "y"}}
	if err != nil || !slices.Equal(a.Uses, want) {
		t.Errorf("uses %+v, %v", a.Uses, err)
	}
}
