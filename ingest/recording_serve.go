package ingest

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strings"

	"github.com/golang/snappy"
	"github.com/prometheus/common/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/tidewatch/tidewatch"
)

// Source reads a source of the recording as it was read when it was recorded: where the very query was decided on, its decided
// points; else PromQL over the recorded samples, evaluated as a Remote does. What the recording does not hold is an error that
// says what it has, never an empty answer. It makes no HTTP request. cfg is the source's configuration; its URL and
// HTTPClient are not used.
func (r *Recording) Source(cfg RemoteConfig) (Source, error) {
	s := r.sources[cfg.Name]
	if s == nil {
		return nil, fmt.Errorf("recording %s: it has nothing of the source %q", r.dir, cfg.Name)
	}
	if s.imported() && !cfg.DetectExternalLabels && !labels.Equal(cfg.ExternalLabels, s.external) {
		return nil, fmt.Errorf("recording %s: the source %q was imported with the external labels %s and is configured with %s; import it with --external-label for each of them",
			r.dir, cfg.Name, s.external, cfg.ExternalLabels)
	}
	cfg.DetectLimits = false
	cfg.URL, cfg.HTTPClient = "http://recording/api/v1/read", config.HTTPClientConfig{}
	cfg.Transport = func(http.RoundTripper) http.RoundTripper { return recordedServer{r, s} }
	remote, err := NewRemote(cfg)
	if err != nil {
		return nil, err
	}
	return &recordedReader{r: r, name: cfg.Name, remote: remote}, nil
}

// recordedReader is a Source over a recording.
type recordedReader struct {
	r      *Recording
	name   string
	remote *Remote
}

// Read implements Source.
func (s *recordedReader) Read(ctx context.Context, q Query) (tidewatch.Block, error) {
	d := s.r.detectors[q.Detector]
	if !d.has(q, s.name) || d.lacks(q) != "" && len(s.r.sources[s.name].answered) > 0 {
		return s.remote.Read(ctx, q)
	}
	if lacks := d.lacks(q); lacks != "" {
		return tidewatch.Block{}, &Error{Kind: KindQuery, Source: s.name, Op: "read recording " + s.r.dir, Err: errors.New("it does not hold " + lacks)}
	}
	b, err := s.r.readPoints(ctx, d, q)
	if err != nil {
		return tidewatch.Block{}, fmt.Errorf("detector %q: %w", q.Detector, err)
	}
	return b, nil
}

// recordedServer answers remote-read requests from a recording, as the server did that it was recorded from.
type recordedServer struct {
	r *Recording
	s *recordedSource
}

// RoundTrip implements http.RoundTripper.
func (t recordedServer) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer func() { _ = req.Body.Close() }() // it was read, or is not wanted
	}
	switch {
	case strings.HasSuffix(req.URL.Path, "/api/v1/read"):
		return t.read(req)
	case strings.HasSuffix(req.URL.Path, configPath):
		return t.config(req)
	}
	return plainAnswer(req, http.StatusNotFound, "a recording has no "+req.URL.Path), nil
}

func plainAnswer(req *http.Request, code int, text string) *http.Response {
	return &http.Response{
		Status: http.StatusText(code), StatusCode: code, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, Body: io.NopCloser(strings.NewReader(text)),
	}
}

// config tells the external labels, as /api/v1/status/config does.
func (t recordedServer) config(req *http.Request) (*http.Response, error) {
	yaml, err := json.Marshal(map[string]any{"global": map[string]any{"external_labels": t.s.external.Map()}}) // JSON is YAML
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(map[string]any{"status": "success", "data": map[string]string{"yaml": string(yaml)}})
	if err != nil {
		return nil, err
	}
	resp := plainAnswer(req, http.StatusOK, string(b))
	resp.Header.Set("Content-Type", "application/json")
	return resp, nil
}

func (t recordedServer) read(req *http.Request) (*http.Response, error) {
	queries, err := decodeRequest(req.Body)
	if err != nil {
		return nil, err
	}
	body := &recordedAnswer{r: t.r}
	for i, q := range queries {
		ms, err := matchersOf(q)
		if err != nil {
			return nil, err
		}
		if lacks := t.s.lacks(ms, q.StartTimestampMs, q.EndTimestampMs); lacks != "" {
			return nil, &Error{Kind: KindQuery, Source: t.s.name, Op: "read recording " + t.r.dir, Err: errors.New("it does not hold " + lacks)}
		}
		for _, s := range t.s.match(ms) {
			body.todo = append(body.todo, recordedPart{query: i, s: s, from: q.StartTimestampMs, to: q.EndTimestampMs})
		}
	}
	resp := plainAnswer(req, http.StatusOK, "")
	resp.Header.Set("Content-Type", streamedType+"; proto="+streamedBody)
	resp.Body = body
	return resp, nil
}

func decodeRequest(body io.Reader) ([]*prompb.Query, error) {
	packed, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	b, err := snappy.Decode(nil, packed)
	if err != nil {
		return nil, fmt.Errorf("the request: %w", err)
	}
	var r prompb.ReadRequest
	if err := r.Unmarshal(b); err != nil {
		return nil, fmt.Errorf("the request: %w", err)
	}
	return r.Queries, nil
}

func matchersOf(q *prompb.Query) ([]*labels.Matcher, error) {
	out := make([]*labels.Matcher, len(q.Matchers))
	for i, m := range q.Matchers {
		for kind, wire := range matcherType {
			if wire != m.Type {
				continue
			}
			var err error
			if out[i], err = labels.NewMatcher(kind, m.Name, m.Value); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// recordedPart is one series of an answer.
type recordedPart struct {
	query    int
	s        *recordedSeries
	from, to int64
}

// recordedAnswer is the body of a streamed answer; a frame is made when it is read. Each holds one series, as a server's do.
type recordedAnswer struct {
	r    *Recording
	todo []recordedPart
	buf  []byte // the rest of the frame
	full []byte
	msg  []byte
}

// Read implements io.Reader.
func (a *recordedAnswer) Read(p []byte) (int, error) {
	for len(a.buf) == 0 {
		if len(a.todo) == 0 {
			return 0, io.EOF
		}
		if err := a.next(); err != nil {
			return 0, err
		}
		a.todo = a.todo[1:]
	}
	n := copy(p, a.buf)
	a.buf = a.buf[n:]
	return n, nil
}

// Close implements io.Closer.
func (*recordedAnswer) Close() error { return nil }

// next makes the frame of the next series: ChunkedReadResponse { 1 ChunkedSeries { labels, 2 chunks }, 2 query_index }.
func (a *recordedAnswer) next() error {
	part := a.todo[0]
	a.msg = append(a.msg[:0], part.s.key...)
	series, empty := a.msg, true
	for _, c := range part.s.chunks {
		if c.maxt < part.from || c.mint > part.to {
			continue
		}
		data, err := a.r.data(c)
		if err != nil {
			return err
		}
		pc := prompb.Chunk{MinTimeMs: c.mint, MaxTimeMs: c.maxt, Type: prompb.Chunk_Encoding(c.enc)}
		head, err := pc.Marshal()
		if err != nil {
			return err
		}
		var size [binary.MaxVarintLen64]byte
		n := binary.PutUvarint(size[:], uint64(len(data)))
		series = binary.AppendUvarint(append(series, 0x12), uint64(len(head)+1+n+len(data)))
		series = append(append(append(append(series, head...), 0x22), size[:n]...), data...)
		empty = false
	}
	a.msg = series
	if empty {
		return nil
	}
	frame := binary.AppendUvarint(append(a.full[:0], 0x0a), uint64(len(series)))
	frame = append(frame, series...)
	if part.query > 0 {
		frame = binary.AppendUvarint(append(frame, 0x10), uint64(part.query))
	}
	a.full = frame
	a.buf = binary.AppendUvarint(make([]byte, 0, len(frame)+14), uint64(len(frame)))
	a.buf = binary.BigEndian.AppendUint32(a.buf, crc32.Checksum(frame, castagnoli))
	a.buf = append(a.buf, frame...)
	return nil
}
