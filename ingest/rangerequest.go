package ingest

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/promql"
)

// rangeParams are sent with every query_range, so that servers of all makes answer for just the grid times, of raw data, and
// wholly or not at all. A server takes the ones that it knows.
var rangeParams = map[string]string{
	"lookback_delta":        strconv.Itoa(int(LookbackDelta.Seconds())) + "s", // Prometheus, Thanos: not what the server's flag says
	"max_lookback":          strconv.Itoa(int(LookbackDelta.Seconds())) + "s", // the same, VictoriaMetrics; else it guesses from the distance of samples
	"nocache":               "1",                                              // VictoriaMetrics: else it moves start and end of more than 50 points
	"latency_offset":        "1s",                                             // VictoriaMetrics: else it repeats an older value for the last 30 s; delay is the detector's
	"deny_partial_response": "1",                                              // VictoriaMetrics' cluster: an error, not what the healthy nodes have
	"partial_response":      "false",                                          // the same, Thanos
	"max_source_resolution": "0s",                                             // Thanos: no downsampled blocks
}

// errVictoria says that the answer shows for the first time that the server is VictoriaMetrics: the expression is to be sent again.
var errVictoria = errors.New("the server is VictoriaMetrics")

// exchange sends one query_range for the grid times from to to and reads the answer; code is the HTTP status, 0 when there was
// none.
func (s *QueryRange) exchange(ctx context.Context, q Query, from, to int64) (m promql.Matrix, code int, err error) {
	expr := q.Expr
	if s.victoria.Load() {
		expr = metricsQL(expr)
	}
	form := url.Values{"query": {expr}, "start": {rangeSeconds(from)}, "end": {rangeSeconds(to)}, "step": {rangeSeconds(q.Step)}}
	for name, value := range rangeParams {
		form.Set(name, value)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept-Encoding", "gzip")
	req.Header.Set("User-Agent", userAgent)
	req.Header["Idempotency-Key"] = nil // see Remote.exchange
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer drain(resp.Body)
	if resp.StatusCode/100 != 2 {
		return nil, resp.StatusCode, readAPIStatus(resp)
	}
	if resp.Header.Get(victoriaHeader) != "" && s.victoria.CompareAndSwap(false, true) && metricsQL(q.Expr) != q.Expr {
		return nil, resp.StatusCode, errVictoria
	}
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if media != "application/json" {
		return nil, resp.StatusCode, corrupt("answer", "Content-Type is %q; query_range answers with application/json", resp.Header.Get("Content-Type"))
	}
	wire := &countingReader{r: resp.Body}
	defer func() { s.metrics.bytes.WithLabelValues(s.name).Add(float64(wire.n)) }()
	body := &limitedReader{r: wire, left: shareOf(s.cfg.MaxBytesInFlight, s.cfg.Concurrency)}
	if resp.Header.Get("Content-Encoding") == "gzip" {
		if body.r, err = gzip.NewReader(wire); err != nil {
			return nil, resp.StatusCode, asCorruptJSON(err)
		}
	}
	m, err = readRange(body, from, to, q.Step)
	points := int64(0)
	for i := range m {
		if n := len(m[i].Floats); n > 0 {
			points += int64(n)
			s.noteNewest(m[i].Floats[n-1].T)
		}
	}
	s.countSamples(points)
	return m, resp.StatusCode, err
}

// rangeSeconds writes milliseconds as seconds.
func rangeSeconds(ms int64) string { return strconv.FormatFloat(float64(ms)/1000, 'f', -1, 64) }

// countingReader counts what is read.
type countingReader struct {
	r io.Reader
	n int64
}

// Read implements io.Reader.
func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

// limitedReader ends in a *limitError when more than left bytes come. It fills what it is given: a JSON decoder looks at a
// value that is not whole from its beginning after every read, and asks for twice as much each time.
type limitedReader struct {
	r    io.Reader
	left int64
}

// Read implements io.Reader.
func (l *limitedReader) Read(b []byte) (int, error) {
	if l.left < 0 {
		return 0, &limitError{"more JSON in one window than one of the reads at a time may hold (raise max_bytes_in_flight, lower concurrency, or select less)"}
	}
	b = b[:min(int64(len(b)), l.left+1)]
	var err error
	n := 0
	for n < len(b) && err == nil {
		var m int
		m, err = l.r.Read(b[n:])
		n += m
	}
	l.left -= int64(n)
	return n, err
}
