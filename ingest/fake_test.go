package ingest

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/golang/snappy"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// sample implements chunks.Sample.
type sample struct {
	t int64
	v float64
	h *histogram.Histogram
	f *histogram.FloatHistogram
}

func (s sample) T() int64                      { return s.t }
func (sample) ST() int64                       { return 0 }
func (s sample) F() float64                    { return s.v }
func (s sample) H() *histogram.Histogram       { return s.h }
func (s sample) FH() *histogram.FloatHistogram { return s.f }
func (s sample) Copy() chunks.Sample           { return s }
func (s sample) Type() chunkenc.ValueType {
	switch {
	case s.h != nil:
		return chunkenc.ValHistogram
	case s.f != nil:
		return chunkenc.ValFloatHistogram
	default:
		return chunkenc.ValFloat
	}
}

// memSeries is a series of the fake server, samples in order of time.
type memSeries struct {
	lset    labels.Labels
	samples []sample
}

// fakeServer speaks the server's side of remote-read over series in memory.
type fakeServer struct {
	*httptest.Server
	mu        sync.Mutex
	series    []memSeries
	external  labels.Labels
	enc       chunkenc.Encoding // of float chunks
	perChunk  int               // samples of one chunk
	perFrame  int               // chunks of one frame
	sampled   bool              // never stream
	limit     int               // samples of one sampled answer, 0 is none
	oneQuery  bool              // 400 for more than one query
	intercept func(w http.ResponseWriter, req *http.Request) bool
	mangle    func(frame []byte) []byte // the payload of a frame, before the checksum
	keep      bool                      // answers are kept by request, for benchmarks
	kept      map[string][]byte
	queries   []*prompb.Query
	requests  int
	refuse    func(metric string) int // a status for requests for a metric, or 0
}

func (f *fakeServer) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

func newFakeServer(t testing.TB, series ...memSeries) *fakeServer {
	f := &fakeServer{series: series, enc: chunkenc.EncXOR, perChunk: 120, perFrame: 50}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.intercept != nil && f.intercept(w, r) {
		return
	}
	body, _ := io.ReadAll(r.Body)
	plain, err := snappy.Decode(nil, body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var req prompb.ReadRequest
	if err := req.Unmarshal(plain); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	f.queries = append(f.queries, req.Queries...)
	f.requests++
	f.mu.Unlock()
	for _, q := range req.Queries {
		for _, m := range q.Matchers {
			if f.refuse == nil || m.Name != model.MetricNameLabel {
				continue
			}
			if code := f.refuse(m.Value); code != 0 {
				http.Error(w, "refused", code)
				return
			}
		}
	}
	if f.oneQuery && len(req.Queries) > 1 {
		http.Error(w, "this server only supports one query at a time", http.StatusBadRequest)
		return
	}
	if f.sampled || !slices.Contains(req.AcceptedResponseTypes, prompb.ReadRequest_STREAMED_XOR_CHUNKS) {
		f.serveSampled(w, &req)
		return
	}
	w.Header().Set("Content-Type", "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse")
	if !f.keep {
		f.stream(w, &req)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.kept == nil {
		f.kept = map[string][]byte{}
	}
	if f.kept[string(plain)] == nil {
		var b bytes.Buffer
		f.stream(&b, &req)
		f.kept[string(plain)] = b.Bytes()
	}
	_, _ = w.Write(f.kept[string(plain)])
}

func (f *fakeServer) stream(w io.Writer, req *prompb.ReadRequest) {
	for i, q := range req.Queries {
		for _, s := range f.match(q) {
			f.streamSeries(w, int64(i), q, s)
		}
	}
}

// match selects series as the server does: matchers on its external labels see them, and they are part of the answer.
func (f *fakeServer) match(q *prompb.Query) []memSeries {
	var out []memSeries
	for _, s := range f.series {
		b := labels.NewBuilder(s.lset)
		f.external.Range(func(l labels.Label) {
			if s.lset.Get(l.Name) == "" {
				b.Set(l.Name, l.Value)
			}
		})
		ls := b.Labels()
		ok := true
		for _, m := range q.Matchers {
			lm := labels.MustNewMatcher(labels.MatchType(m.Type), m.Name, m.Value)
			ok = ok && lm.Matches(ls.Get(m.Name))
		}
		if ok {
			out = append(out, memSeries{ls, s.samples})
		}
	}
	return out
}

func (f *fakeServer) streamSeries(w io.Writer, query int64, q *prompb.Query, s memSeries) {
	var cs []prompb.Chunk
	for _, c := range encodeChunks(s.samples, f.enc, f.perChunk) {
		if c.MaxTimeMs >= q.StartTimestampMs && c.MinTimeMs <= q.EndTimestampMs {
			cs = append(cs, c)
		}
	}
	for part := range slices.Chunk(cs, f.perFrame) {
		resp := &prompb.ChunkedReadResponse{QueryIndex: query, ChunkedSeries: []*prompb.ChunkedSeries{{Labels: protoLabels(s.lset), Chunks: part}}}
		payload, _ := resp.Marshal()
		_, _ = w.Write(frame(payload, f.mangle))
	}
}

func frame(payload []byte, mangle func([]byte) []byte) []byte {
	if mangle != nil {
		payload = mangle(payload)
	}
	out := binary.AppendUvarint(nil, uint64(len(payload)))
	out = binary.BigEndian.AppendUint32(out, crc32.Checksum(payload, castagnoli))
	return append(out, payload...)
}

func (f *fakeServer) serveSampled(w http.ResponseWriter, req *prompb.ReadRequest) {
	resp := &prompb.ReadResponse{}
	n := 0
	for _, q := range req.Queries {
		res := &prompb.QueryResult{}
		for _, s := range f.match(q) {
			ts := &prompb.TimeSeries{Labels: protoLabels(s.lset)}
			for _, p := range s.samples {
				if p.t < q.StartTimestampMs || p.t > q.EndTimestampMs {
					continue
				}
				n++
				switch {
				case p.h != nil:
					ts.Histograms = append(ts.Histograms, prompb.FromIntHistogram(p.t, p.h))
				case p.f != nil:
					ts.Histograms = append(ts.Histograms, prompb.FromFloatHistogram(p.t, p.f))
				default:
					ts.Samples = append(ts.Samples, prompb.Sample{Timestamp: p.t, Value: p.v})
				}
			}
			if len(ts.Samples)+len(ts.Histograms) > 0 {
				res.Timeseries = append(res.Timeseries, ts)
			}
		}
		resp.Results = append(resp.Results, res)
	}
	if f.limit > 0 && n > f.limit {
		http.Error(w, fmt.Sprintf("exceeded sample limit (%d)", f.limit), http.StatusBadRequest)
		return
	}
	b, _ := resp.Marshal()
	w.Header().Set("Content-Type", "application/x-protobuf")
	w.Header().Set("Content-Encoding", "snappy")
	_, _ = w.Write(snappy.Encode(nil, b))
}

func protoLabels(ls labels.Labels) []prompb.Label { return prompb.FromLabels(ls, nil) }

// encodeChunks cuts samples into chunks of n, floats in the given encoding.
func encodeChunks(ss []sample, enc chunkenc.Encoding, n int) []prompb.Chunk {
	var out []prompb.Chunk
	for i := 0; i < len(ss); {
		j := i + 1
		for j < len(ss) && j-i < n && ss[j].Type() == ss[i].Type() && ss[j].h == nil && ss[j].f == nil {
			j++
		}
		out = append(out, encodeChunk(ss[i:j], enc))
		i = j
	}
	return out
}

func encodeChunk(ss []sample, enc chunkenc.Encoding) prompb.Chunk {
	if ss[0].Type() != chunkenc.ValFloat {
		enc = ss[0].Type().ChunkEncoding(false, false)
	}
	c, err := chunkenc.NewEmptyChunk(enc)
	if err != nil {
		panic(err)
	}
	app, err := c.Appender()
	if err != nil {
		panic(err)
	}
	out := prompb.Chunk{MinTimeMs: ss[0].t, MaxTimeMs: ss[0].t, Type: prompb.Chunk_Encoding(enc)}
	for _, s := range ss {
		switch {
		case s.h != nil:
			_, _, app, err = app.AppendHistogram(nil, 0, s.t, s.h, true)
		case s.f != nil:
			_, _, app, err = app.AppendFloatHistogram(nil, 0, s.t, s.f, true)
		default:
			app.Append(0, s.t, s.v)
		}
		if err != nil {
			panic(err)
		}
		out.MinTimeMs, out.MaxTimeMs = min(out.MinTimeMs, s.t), max(out.MaxTimeMs, s.t)
	}
	out.Data = c.Bytes()
	return out
}

// memQueryable is the reference storage: the same series, through Prometheus's own list series.
type memQueryable []memSeries

func (m memQueryable) Querier(mint, maxt int64) (storage.Querier, error) {
	return &memQuerier{m, mint, maxt}, nil
}

type memQuerier struct {
	series     []memSeries
	mint, maxt int64
}

func (q *memQuerier) Select(_ context.Context, _ bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.SeriesSet {
	var out []storage.Series
	for _, s := range q.series {
		if !slices.ContainsFunc(ms, func(m *labels.Matcher) bool { return !m.Matches(s.lset.Get(m.Name)) }) {
			var cs []chunks.Sample
			for _, p := range s.samples {
				if p.t >= hints.Start && p.t <= hints.End {
					if p.h != nil { // a list series does not convert
						p = sample{t: p.t, f: p.h.ToFloat(nil)}
					}
					cs = append(cs, p)
				}
			}
			if len(cs) > 0 {
				out = append(out, storage.NewListSeries(s.lset, cs))
			}
		}
	}
	slices.SortFunc(out, func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
	return &memSet{out, 0}
}

func (*memQuerier) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (*memQuerier) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}
func (*memQuerier) Close() error { return nil }

type memSet struct {
	list []storage.Series
	i    int
}

func (s *memSet) Next() bool                      { s.i++; return s.i <= len(s.list) }
func (s *memSet) At() storage.Series              { return s.list[s.i-1] }
func (*memSet) Err() error                        { return nil }
func (*memSet) Warnings() annotations.Annotations { return nil }
