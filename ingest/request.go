package ingest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
)

const (
	streamedType = "application/x-streamed-protobuf"
	streamedBody = "prometheus.ChunkedReadResponse"
	sampledType  = "application/x-protobuf"
)

// part is one query of a remote-read request: raw samples of a selection within [from, to], into a collector.
type part struct {
	matchers []*labels.Matcher
	from, to int64
	into     *collector
}

// request sends one remote-read request for the parts and collects the answer, whatever its form.
func (r *Remote) request(ctx context.Context, parts []part) error {
	return r.call(ctx, "read "+partsString(parts), func(ctx context.Context) (int, error) {
		return r.exchange(ctx, parts, func(resp *http.Response) error { return r.collect(resp, parts) })
	})
}

func codeLabel(code int) string {
	if code == 0 {
		return "none"
	}
	return strconv.Itoa(code)
}

func partsString(parts []part) string {
	s := matcherString(parts[0].matchers)
	if len(parts) > 1 {
		s += fmt.Sprintf(" and %d more selectors", len(parts)-1)
	}
	return s
}

// exchange sends the request and lets collect read the answer, if it is a good one; code is the HTTP status, 0 when there was none.
func (r *Remote) exchange(ctx context.Context, parts []part, collect func(*http.Response) error) (code int, err error) {
	forms := []prompb.ReadRequest_ResponseType{prompb.ReadRequest_STREAMED_XOR_CHUNKS, prompb.ReadRequest_SAMPLES}
	if r.cfg.SampledOnly {
		forms = forms[1:]
	}
	body, err := encodeRequest(parts, forms)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Encoding", "snappy")
	req.Header.Set("Accept-Encoding", "snappy")
	req.Header.Set("Content-Type", sampledType)
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("X-Prometheus-Remote-Read-Version", "0.1.0")
	// A read may be repeated: an empty key tells net/http so (and is not sent), when a kept connection turns out dead.
	req.Header["Idempotency-Key"] = nil
	resp, err := r.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer drain(resp.Body)
	if resp.StatusCode/100 != 2 {
		return resp.StatusCode, readStatus(resp, "no remote-read here; Prometheus serves it at /api/v1/read")
	}
	return resp.StatusCode, collect(resp)
}

// drain reads a little of what is left, so that the connection can be used again, and closes.
func drain(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 64<<10)
	_ = body.Close() // nothing is lost with it: the body was read or is given up
}

func encodeRequest(parts []part, accepted []prompb.ReadRequest_ResponseType) ([]byte, error) {
	req := &prompb.ReadRequest{AcceptedResponseTypes: accepted}
	for _, p := range parts {
		q := &prompb.Query{StartTimestampMs: p.from, EndTimestampMs: p.to}
		for _, m := range p.matchers {
			q.Matchers = append(q.Matchers, &prompb.LabelMatcher{Type: matcherType[m.Type], Name: m.Name, Value: m.Value})
		}
		req.Queries = append(req.Queries, q)
	}
	b, err := req.Marshal()
	if err != nil {
		return nil, fmt.Errorf("encoding the request: %w", err)
	}
	return snappy.Encode(nil, b), nil
}

var matcherType = map[labels.MatchType]prompb.LabelMatcher_Type{
	labels.MatchEqual:     prompb.LabelMatcher_EQ,
	labels.MatchNotEqual:  prompb.LabelMatcher_NEQ,
	labels.MatchRegexp:    prompb.LabelMatcher_RE,
	labels.MatchNotRegexp: prompb.LabelMatcher_NRE,
}
