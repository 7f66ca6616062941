package ingest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, body, code) }
}

func answer(contentType string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(body)
	}
}

func streamed(body []byte) http.HandlerFunc {
	return answer(streamedType+"; proto="+streamedBody, body)
}

// goodFrame is a frame of one series with one chunk; change may spoil the message first.
func goodFrame(change func(*prompb.ChunkedReadResponse)) []byte {
	var ss []sample
	for i := range int64(100) {
		ss = append(ss, sample{t: t0 - 100000 + i*1000, v: float64(i * i % 17)})
	}
	m := &prompb.ChunkedReadResponse{ChunkedSeries: []*prompb.ChunkedSeries{{
		Labels: protoLabels(labels.FromStrings("__name__", "up", "job", "a")),
		Chunks: []prompb.Chunk{encodeChunk(ss, chunkenc.EncXOR)},
	}}}
	if change != nil {
		change(m)
	}
	b, err := m.Marshal()
	if err != nil {
		panic(err)
	}
	return frame(b, nil)
}

// hang waits until the client has gone; the server only notices once it has read the body.
func hang(r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func truncatedHistogram() prompb.Chunk {
	c := encodeChunk(histogramSamples(5), chunkenc.EncNone)
	c.Data = c.Data[:len(c.Data)/2]
	return c
}

func histogramSamples(n int) []sample {
	var out []sample
	for _, s := range world(0.02) {
		if s.lset.Get("__name__") == "nat" {
			out = s.samples[:n]
		}
	}
	return out
}

func TestErrors(t *testing.T) {
	good := goodFrame(nil)
	badSum := append([]byte(nil), good...)
	badSum[len(badSum)-1] ^= 1
	huge := binary.AppendUvarint(nil, MaxFrame+1)
	tests := []struct {
		name        string
		handler     http.HandlerFunc
		kind        Kind
		code        int
		recoverable bool
		want        string
	}{
		{"401", status(401, "no"), KindUnauthorized, 401, false, "HTTP status 401 Unauthorized: no (look at basic_auth"},
		{"403", status(403, ""), KindUnauthorized, 403, false, "HTTP status 403 Forbidden"},
		{"sample limit that never ends", status(400, "exceeded sample limit (0)"), KindLimit, 400, false, "exceeded sample limit (0)"},
		{"400", status(400, "unknown matcher"), KindLimit, 400, false, "unknown matcher"},
		{"404", status(404, "404 page not found"), KindProtocol, 404, true, "Prometheus serves it at /api/v1/read"},
		{"500", status(500, "boom\nsecond line"), KindServer, 500, true, "HTTP status 500 Internal Server Error: boom"},
		{"503", status(503, ""), KindServer, 503, true, "HTTP status 503"},
		{"429", status(429, ""), KindServer, 429, true, "HTTP status 429"},
		{"a web page", answer("text/html", []byte("<html>")), KindProtocol, 200, true, `Content-Type is "text/html"`},
		{"another stream", answer(streamedType+"; proto=other", nil), KindProtocol, 200, true, "Content-Type is"},
		{"no snappy", answer(sampledType, []byte("\xff\xff\xff\xff")), KindProtocol, 200, true, "corrupt snappy"},
		{"a snappy bomb", answer(sampledType, binary.AppendUvarint(nil, 1<<31)), KindProtocol, 200, true, "claim to unpack to 2147483648"},
		{"no protobuf", answer(sampledType, snappy.Encode(nil, []byte("\x0a\x7fxx"))), KindProtocol, 200, true, "corrupt protobuf"},
		{"too many results", answer(sampledType, snappy.Encode(nil, []byte("\x0a\x00\x0a\x00"))), KindProtocol, 200, true, "more than the 1 results"},
		{"cut in the length", streamed([]byte{0x80}), KindProtocol, 200, true, "corrupt frame length"},
		{"cut in the checksum", streamed(good[:3]), KindProtocol, 200, true, "corrupt frame checksum"},
		{"cut in the frame", streamed(good[:len(good)-5]), KindProtocol, 200, true, "ends in the middle of a frame"},
		{"wrong checksum", streamed(badSum), KindProtocol, 200, true, "CRC-32C is"},
		{"frame of 64 MiB", streamed(huge), KindProtocol, 200, true, "over the limit of 67108864 bytes"},
		{"no message in the frame", streamed(frame([]byte{0xff, 0xff}, nil)), KindProtocol, 200, true, "corrupt protobuf"},
		{"query_index", streamed(goodFrame(func(m *prompb.ChunkedReadResponse) { m.QueryIndex = 3 })), KindProtocol, 200, true, "query_index is 3, the request had one query"},
		{"unknown encoding", streamed(goodFrame(func(m *prompb.ChunkedReadResponse) { m.ChunkedSeries[0].Chunks[0].Type = 17 })), KindProtocol, 200, true, `unknown encoding 17 in series {__name__="up", job="a"}`},
		{"cut chunk", streamed(goodFrame(func(m *prompb.ChunkedReadResponse) {
			c := &m.ChunkedSeries[0].Chunks[0]
			c.Data = c.Data[:len(c.Data)-9]
		})), KindProtocol, 0, true, "XOR chunk ends in sample"},
		{"empty chunk", streamed(goodFrame(func(m *prompb.ChunkedReadResponse) { m.ChunkedSeries[0].Chunks[0].Data = nil })), KindProtocol, 200, true, "corrupt chunk: 0 bytes"},
		{"chunk backwards", streamed(goodFrame(func(m *prompb.ChunkedReadResponse) { m.ChunkedSeries[0].Chunks[0].MinTimeMs = t0 + 1 })), KindProtocol, 200, true, "time range"},
		{"cut histogram", streamed(goodFrame(func(m *prompb.ChunkedReadResponse) { m.ChunkedSeries[0].Chunks[0] = truncatedHistogram() })), KindProtocol, 0, true, "corrupt chunk"},
		{"label twice", streamed(goodFrame(func(m *prompb.ChunkedReadResponse) {
			m.ChunkedSeries[0].Labels = append(m.ChunkedSeries[0].Labels, prompb.Label{Name: "job", Value: "b"})
		})), KindProtocol, 200, true, `label "job" occurs twice`},
		{"slow", func(_ http.ResponseWriter, r *http.Request) { hang(r) }, KindTimeout, 0, true, "no complete answer within 300ms"},
		{"slow body", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", streamedType+"; proto="+streamedBody)
			_, _ = w.Write(good)
			w.(http.Flusher).Flush()
			hang(r)
		}, KindTimeout, 200, true, "no complete answer within 300ms"},
		{"connection cut", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, KindUnreachable, 0, true, "EOF"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := httptest.NewServer(test.handler)
			defer s.Close()
			reg := prometheus.NewRegistry()
			r := newTestRemote(t, RemoteConfig{Name: "eu1", URL: strings.Replace(s.URL, "http://", "http://bob:hunter2@", 1) + "/api/v1/read?token=hunter2", Timeout: 300 * time.Millisecond, Registerer: reg})
			_, err := r.Read(context.Background(), Query{Detector: "Up", Expr: "up", From: t0, To: t0 + 120000, Step: 60000})
			checkError(t, err, test.kind, test.want)
			if got := Recoverable(err); got != test.recoverable {
				t.Errorf("recoverable is %t", got)
			}
			var e *Error
			if errors.As(err, &e) && e.Code != test.code {
				t.Errorf("code %d, want %d", e.Code, test.code)
			}
			if n := testutil.ToFloat64(r.metrics.errs.WithLabelValues("eu1", string(test.kind))); n != 1 {
				t.Errorf("tidewatch_source_errors_total is %v, want 1", n)
			}
		})
	}
}

func checkError(t *testing.T, err error, kind Kind, want string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if got := ErrorKind(err); got != kind {
		t.Errorf("kind %q, want %q: %v", got, kind, err)
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("error %q does not say %q", err, want)
	}
	if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error with a secret or over several lines: %q", err)
	}
}

func TestTransportErrors(t *testing.T) {
	plain := httptest.NewServer(status(200, ""))
	defer plain.Close()
	secure := httptest.NewTLSServer(status(200, ""))
	defer secure.Close()
	gone := httptest.NewServer(status(200, ""))
	gone.Close()
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	tests := []struct {
		name string
		ctx  context.Context
		url  string
		kind Kind
		want string
	}{
		{"nobody listens", context.Background(), gone.URL, KindUnreachable, "connection refused"},
		{"no such host", context.Background(), "http://nowhere.invalid", KindUnreachable, "nowhere.invalid"},
		{"unknown authority", context.Background(), secure.URL, KindTLS, "certificate"},
		{"https to http", context.Background(), strings.Replace(plain.URL, "http:", "https:", 1), KindTLS, "HTTP response to HTTPS client"},
		{"http to https", context.Background(), strings.Replace(secure.URL, "https:", "http:", 1), KindTLS, "HTTP request to an HTTPS server"},
		{"canceled", canceled, plain.URL, KindCanceled, "canceled"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newTestRemote(t, RemoteConfig{URL: test.url + "/api/v1/read"})
			_, err := r.Read(test.ctx, Query{Detector: "Up", Expr: "up", From: t0, To: t0, Step: 60000})
			checkError(t, err, test.kind, test.want)
		})
	}
}

// A server that fails and comes back is read again without anything being made anew.
func TestRecovery(t *testing.T) {
	f := newFakeServer(t, world(0.01)...)
	down := true
	f.intercept = func(w http.ResponseWriter, _ *http.Request) bool {
		if !down {
			return false
		}
		http.Error(w, "starting", http.StatusServiceUnavailable)
		return true
	}
	r := newTestRemote(t, RemoteConfig{URL: f.URL})
	q := Query{Detector: "d", Expr: "temp", From: t0 + 300000, To: t0 + 300000, Step: 60000}
	if _, err := r.Read(context.Background(), q); ErrorKind(err) != KindServer {
		t.Fatalf("down: %v", err)
	}
	down = false
	b, err := r.Read(context.Background(), q)
	if err != nil || len(b.Rows) != 6 {
		t.Fatalf("up again: %d rows, %v", len(b.Rows), err)
	}
}

func TestExpressionErrors(t *testing.T) {
	tests := []struct{ expr, want string }{
		{"", "does not parse"},
		{"sum by (job) (rate(x[5m])", "unclosed left parenthesis"},
		{"x[5m]", "put a function around it, for example rate"},
		{"scalar(x)", "it gives a scalar, not series"},
		{"42", "it gives a scalar"},
		{`"text"`, "it gives a string"},
		{"vector(1)", "selects no series"},
		{"x @ end()", "write a Unix time after @"},
		{"max_over_time(x[5m:1m] @ start())", "write a Unix time after @"},
		{"rat(x[5m])", "unknown function"},
	}
	f := newFakeServer(t)
	r := newTestRemote(t, RemoteConfig{URL: f.URL})
	for _, test := range tests {
		checkError(t, ParseExpr(test.expr), KindQuery, test.want)
		_, err := r.Read(context.Background(), Query{Detector: "d", Expr: test.expr, From: t0, To: t0, Step: 60000})
		checkError(t, err, KindQuery, test.want)
	}
	for _, q := range []Query{
		{Expr: "x", From: t0, To: t0, Step: 0},
		{Expr: "x", From: t0 + 1, To: t0 + 60000, Step: 60000},
		{Expr: "x", From: t0, To: t0 - 60000, Step: 60000},
	} {
		if _, err := r.Read(context.Background(), q); ErrorKind(err) != KindQuery {
			t.Errorf("%+v: %v", q, err)
		}
	}
	if f.requests != 0 {
		t.Errorf("%d requests for expressions that cannot be read", f.requests)
	}
}

// Evaluation errors that only the data shows.
func TestEvaluationErrors(t *testing.T) {
	r := newTestRemote(t, RemoteConfig{URL: newFakeServer(t, world(0.02)...).URL})
	for expr, want := range map[string]string{
		"nat":                  "is a native histogram, not a number; take a number out of it",
		"rate(natf[5m])":       "is a native histogram",
		"temp * on (job) temp": "many-to-many",
		`label_replace(temp, "instance", "x", "job", ".*")`: "same labelset",
	} {
		_, err := r.Read(context.Background(), Query{Detector: "d", Expr: expr, From: t0, To: t0 + 600000, Step: 60000})
		checkError(t, err, KindQuery, want)
	}
}

func TestConfigErrors(t *testing.T) {
	for _, test := range []struct {
		cfg  RemoteConfig
		want string
	}{
		{RemoteConfig{URL: "http://x/api/v1/read"}, "name is missing"},
		{RemoteConfig{Name: "a", URL: "x/api/v1/read"}, "must begin with http:// or https://"},
		{RemoteConfig{Name: "a", URL: "http://bob:hunter2@\x00"}, "does not parse"},
	} {
		if _, err := NewRemote(test.cfg); err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", test.want, err)
		}
	}
}

func TestTooManySeries(t *testing.T) {
	var ss []memSeries
	for i := range 50 {
		ss = append(ss, memSeries{labels.FromStrings("__name__", "x", "pod", fmt.Sprintf("p%02d", i), "job", []string{"a", "b"}[i%2], "env", "prod"), []sample{{t: t0, v: 1}}})
	}
	r := newTestRemote(t, RemoteConfig{URL: newFakeServer(t, ss...).URL})
	for _, test := range []struct{ expr, suggest string }{
		{"x", "sum by (job) (x)"},
		{"sum by (pod, job) (x)", "sum by (job) (x)"},
		{"avg by (pod, job) (x) / on (pod, job) sum by (pod, job) (x)", "avg by (job) (x) / on (pod, job) sum by (job) (x)"},
		{"sum by (pod) (x)", "sum(x)"},
	} {
		q := Query{Detector: "Pods", Expr: test.expr, From: t0, To: t0, Step: 60000, MaxSeries: 5}
		_, err := r.Read(context.Background(), q)
		var e *TooManySeriesError
		if !errors.As(err, &e) {
			t.Fatalf("%s: %v", test.expr, err)
		}
		if e.Got != 50 || e.Limit != 5 || e.WidestLabel != "pod" || e.Values != 50 || e.Suggest != test.suggest || ErrorKind(err) != KindLimit {
			t.Errorf("%s: %+v", test.expr, e)
		}
		for _, want := range []string{"50 series", "max_series is 5", `label "pod"`, test.suggest} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q does not say %q", err, want)
			}
		}
		if q.MaxSeries = 50; test.expr == "x" {
			if b, err := r.Read(context.Background(), q); err != nil || len(b.Rows) != 50 {
				t.Errorf("at the limit: %d rows, %v", len(b.Rows), err)
			}
			for beyond, rows := range map[int]int{9: 0, 10: 50} {
				q.MaxSeries, q.Beyond = 5, beyond
				if b, err := r.Read(context.Background(), q); len(b.Rows) != rows || (err == nil) != (rows > 0) {
					t.Errorf("%d times the limit: %d rows, %v", beyond, len(b.Rows), err)
				}
			}
		}
	}
}

func TestCRCTable(t *testing.T) {
	// The check value of CRC-32C for "123456789" (RFC 3720, appendix B.4 uses the same polynomial): e3069283.
	if got := crc32.Checksum([]byte("123456789"), castagnoli); got != 0xe3069283 {
		t.Errorf("CRC-32C is %08x", got)
	}
}
