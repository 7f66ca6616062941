package readserver

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

const (
	samples  = prompb.ReadRequest_SAMPLES
	streamed = prompb.ReadRequest_STREAMED_XOR_CHUNKS
)

func query(from, to int64, ms ...*prompb.LabelMatcher) *prompb.Query {
	return &prompb.Query{StartTimestampMs: from, EndTimestampMs: to, Matchers: ms}
}

func eq(name, value string) *prompb.LabelMatcher {
	return &prompb.LabelMatcher{Type: prompb.LabelMatcher_EQ, Name: name, Value: value}
}

func post(t testing.TB, h http.Handler, kinds []prompb.ReadRequest_ResponseType, qs ...*prompb.Query) *httptest.ResponseRecorder {
	t.Helper()
	raw, err := (&prompb.ReadRequest{Queries: qs, AcceptedResponseTypes: kinds}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/api/v1/read", bytes.NewReader(snappy.Encode(nil, raw))))
	return w
}

// decodeFrames reads a streamed body: per query and series its points, and the size of the largest message.
func decodeFrames(t testing.TB, body io.Reader) (got map[int64]map[string][]point, frames, largest int) {
	t.Helper()
	got = map[int64]map[string][]point{}
	r := bufio.NewReader(body)
	for {
		size, err := binary.ReadUvarint(r)
		if errors.Is(err, io.EOF) {
			return got, frames, largest
		}
		buf := make([]byte, 4+size)
		if _, err := io.ReadFull(r, buf); err != nil {
			t.Fatal(err)
		}
		if sum := crc32.Checksum(buf[4:], crc32.MakeTable(crc32.Castagnoli)); sum != binary.BigEndian.Uint32(buf) {
			t.Fatalf("frame %d: checksum %x, header says %x", frames, sum, buf[:4])
		}
		var m prompb.ChunkedReadResponse
		if err := m.Unmarshal(buf[4:]); err != nil {
			t.Fatal(err)
		}
		frames++
		largest = max(largest, int(size))
		if len(m.ChunkedSeries) != 1 {
			t.Fatalf("frame %d holds %d series, want 1", frames, len(m.ChunkedSeries))
		}
		if got[m.QueryIndex] == nil {
			got[m.QueryIndex] = map[string][]point{}
		}
		name := labelString(m.ChunkedSeries[0].Labels)
		for _, c := range m.ChunkedSeries[0].Chunks {
			got[m.QueryIndex][name] = append(got[m.QueryIndex][name], chunkPoints(t, c)...)
		}
	}
}

func chunkPoints(t testing.TB, c prompb.Chunk) (out []point) {
	t.Helper()
	dec, err := chunkenc.FromData(chunkenc.Encoding(c.Type), c.Data)
	if err != nil {
		t.Fatal(err)
	}
	it := dec.Iterator(nil)
	for it.Next() == chunkenc.ValFloat {
		at, v := it.At()
		out = append(out, point{at, math.Float64bits(v)})
	}
	if it.Err() != nil {
		t.Fatal(it.Err())
	}
	if len(out) == 0 || out[0].t != c.MinTimeMs || out[len(out)-1].t != c.MaxTimeMs {
		t.Fatalf("chunk says it covers [%d, %d], its points say otherwise", c.MinTimeMs, c.MaxTimeMs)
	}
	return out
}

func labelString(ls []prompb.Label) string {
	b := labels.NewScratchBuilder(len(ls))
	for _, l := range ls {
		b.Add(l.Name, l.Value)
	}
	return b.Labels().String()
}

func decodeSamples(t testing.TB, body []byte) (out []map[string][]point) {
	t.Helper()
	raw, err := snappy.Decode(nil, body)
	if err != nil {
		t.Fatal(err)
	}
	var m prompb.ReadResponse
	if err := m.Unmarshal(raw); err != nil {
		t.Fatal(err)
	}
	for _, r := range m.Results {
		res := map[string][]point{}
		for _, ts := range r.Timeseries {
			for _, s := range ts.Samples {
				name := labelString(ts.Labels)
				res[name] = append(res[name], point{s.Timestamp, math.Float64bits(s.Value)})
			}
		}
		out = append(out, res)
	}
	return out
}

func TestStreamedEqualsStoreAtEveryFrameSize(t *testing.T) {
	db, want := newStore(t, 7, 1000)
	for _, limit := range []int{1, 700, 2000, 1 << 20} {
		w := post(t, ReadHandler(db, Options{MaxBytesInFrame: limit}), []prompb.ReadRequest_ResponseType{streamed, samples}, query(0, 1<<40, eq("job", "node")))
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != streamType {
			t.Fatalf("limit %d: %d %s: %s", limit, w.Code, w.Header().Get("Content-Type"), w.Body)
		}
		got, frames, largest := decodeFrames(t, w.Body)
		if d := cmp.Diff(want, got[0], cmp.AllowUnexported(point{})); d != "" {
			t.Fatalf("limit %d (-want +got):\n%s", limit, d)
		}
		if limit >= 2000 && largest > limit {
			t.Errorf("limit %d: largest message has %d bytes", limit, largest)
		}
		if limit == 1 && frames < 7*1000/240 || limit == 1<<20 && frames != 7 {
			t.Errorf("limit %d: %d frames", limit, frames)
		}
	}
}

func TestSamplesEqualStore(t *testing.T) {
	db, want := newStore(t, 5, 300)
	for _, kinds := range [][]prompb.ReadRequest_ResponseType{nil, {samples}, {samples, streamed}, {99, samples}} {
		w := post(t, ReadHandler(db, Options{}), kinds, query(0, 1<<40, eq("job", "node")))
		if w.Code != http.StatusOK || w.Header().Get("Content-Encoding") != "snappy" {
			t.Fatalf("%v: %d: %s", kinds, w.Code, w.Body)
		}
		if d := cmp.Diff([]map[string][]point{want}, decodeSamples(t, w.Body.Bytes()), cmp.AllowUnexported(point{})); d != "" {
			t.Fatalf("%v (-want +got):\n%s", kinds, d)
		}
	}
}

func TestSeveralQueriesKeepTheirIndex(t *testing.T) {
	db, want := newStore(t, 3, 100)
	qs := []*prompb.Query{
		query(0, 1<<40, eq("instance", "host-02")),
		query(0, 1<<40, eq("instance", "nowhere")),
		query(0, 1<<40, eq("instance", "host-00")),
	}
	name := func(host string) string {
		return labels.FromStrings("__name__", "load", "instance", host, "job", "node").String()
	}
	expect := []map[string][]point{{name("host-02"): want[name("host-02")]}, {}, {name("host-00"): want[name("host-00")]}}
	got := decodeSamples(t, post(t, ReadHandler(db, Options{}), nil, qs...).Body.Bytes())
	if d := cmp.Diff(expect, got, cmp.AllowUnexported(point{})); d != "" {
		t.Errorf("samples (-want +got):\n%s", d)
	}
	frames, _, _ := decodeFrames(t, post(t, ReadHandler(db, Options{}), []prompb.ReadRequest_ResponseType{streamed}, qs...).Body)
	if d := cmp.Diff(map[int64]map[string][]point{0: expect[0], 2: expect[2]}, frames, cmp.AllowUnexported(point{})); d != "" {
		t.Errorf("streamed (-want +got):\n%s", d)
	}
}

func TestExternalLabels(t *testing.T) {
	db, _ := newStore(t, 1, 5)
	h := ReadHandler(db, Options{ExternalLabels: labels.FromStrings("cluster", "eu1", "job", "outer", "zone", "a")})
	merged := labels.FromStrings("__name__", "load", "cluster", "eu1", "instance", "host-00", "job", "node", "zone", "a").String()
	for name, tc := range map[string]struct {
		m    *prompb.LabelMatcher
		want bool
	}{
		"equal":            {eq("cluster", "eu1"), true},
		"another value":    {eq("cluster", "us1"), false},
		"regex stays":      {&prompb.LabelMatcher{Type: prompb.LabelMatcher_RE, Name: "cluster", Value: "eu.*"}, false},
		"not equal passes": {&prompb.LabelMatcher{Type: prompb.LabelMatcher_NEQ, Name: "cluster", Value: "eu1"}, true},
		"own label wins":   {eq("job", "node"), true},
	} {
		for _, kind := range []prompb.ReadRequest_ResponseType{samples, streamed} {
			w := post(t, h, []prompb.ReadRequest_ResponseType{kind}, query(0, 1<<40, eq("__name__", "load"), tc.m))
			got := map[string][]point{}
			if kind == samples {
				got = decodeSamples(t, w.Body.Bytes())[0]
			} else if frames, _, _ := decodeFrames(t, w.Body); frames[0] != nil {
				got = frames[0]
			}
			if (len(got) == 1) != tc.want || tc.want && len(got[merged]) != 5 {
				t.Errorf("%s, %v: got %v, want found = %v as %s", name, kind, got, tc.want, merged)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	db, _ := newStore(t, 3, 10)
	all := query(0, 1<<40, eq("job", "node"))
	bad := query(0, 1<<40, &prompb.LabelMatcher{Type: prompb.LabelMatcher_RE, Name: "job", Value: "("})
	unknown := query(0, 1<<40, &prompb.LabelMatcher{Type: 9, Name: "job", Value: "x"})
	for name, tc := range map[string]struct {
		opts  Options
		kinds []prompb.ReadRequest_ResponseType
		q     *prompb.Query
		want  string
	}{
		"sample limit":       {Options{SampleLimit: 29}, nil, all, "exceeded sample limit (29)"},
		"unknown type":       {Options{}, []prompb.ReadRequest_ResponseType{7}, all, "server does not support any of the requested response types"},
		"bad regex":          {Options{}, nil, bad, `label "job": error parsing regexp`},
		"bad regex streamed": {Options{}, []prompb.ReadRequest_ResponseType{streamed}, bad, `label "job": error parsing regexp`},
		"unknown matcher":    {Options{}, nil, unknown, "unknown match type 9"},
	} {
		w := post(t, ReadHandler(db, tc.opts), tc.kinds, tc.q)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), tc.want) {
			t.Errorf("%s: got %d %q, want 400 with %q", name, w.Code, w.Body, tc.want)
		}
	}
	if w := post(t, ReadHandler(db, Options{SampleLimit: 30}), nil, all); w.Code != http.StatusOK {
		t.Errorf("limit exactly met: %d %s", w.Code, w.Body)
	}
	huge := binary.AppendUvarint(nil, 1<<31)
	for name, body := range map[string][]byte{"empty": {}, "not snappy": []byte("hello"), "not protobuf": snappy.Encode(nil, []byte{0xff}), "decompresses to 2 GiB": huge} {
		w := httptest.NewRecorder()
		ReadHandler(db, Options{}).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body)))
		if w.Code != http.StatusBadRequest {
			t.Errorf("%s: got %d %s, want 400", name, w.Code, w.Body)
		}
	}
}

// brokenStore fails after its first series.
type brokenStore struct {
	storage.SampleAndChunkQueryable
}

func (b brokenStore) ChunkQuerier(from, to int64) (storage.ChunkQuerier, error) {
	q, err := b.SampleAndChunkQueryable.ChunkQuerier(from, to)
	return brokenQuerier{q}, err
}

type brokenQuerier struct{ storage.ChunkQuerier }

func (b brokenQuerier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.ChunkSeriesSet {
	return &brokenSet{ChunkSeriesSet: b.ChunkQuerier.Select(ctx, sorted, hints, ms...)}
}

type brokenSet struct {
	storage.ChunkSeriesSet
	n int
}

func (b *brokenSet) Next() bool { b.n++; return b.n == 1 && b.ChunkSeriesSet.Next() }
func (b *brokenSet) Err() error { return errors.New("block corrupted") }

func TestFailureMidStreamCutsTheConnection(t *testing.T) {
	db, _ := newStore(t, 3, 400)
	srv := httptest.NewUnstartedServer(ReadHandler(brokenStore{db}, Options{}))
	srv.Config.ErrorLog = nil
	srv.Start()
	defer srv.Close()
	raw, err := (&prompb.ReadRequest{Queries: []*prompb.Query{query(0, 1<<40, eq("job", "node"))}, AcceptedResponseTypes: []prompb.ReadRequest_ResponseType{streamed}}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(srv.URL, "application/x-protobuf", bytes.NewReader(snappy.Encode(nil, raw)))
	if err != nil {
		return // cut before the header left: as good
	}
	defer func() { _ = resp.Body.Close() }()
	if body, err := io.ReadAll(resp.Body); err == nil {
		t.Fatalf("a broken stream of %d bytes read as complete", len(body))
	}
}

func TestConcurrencyLimitQueuesUntilTheClientGivesUp(t *testing.T) {
	db, _ := newStore(t, 1, 1)
	h := ReadHandler(db, Options{Concurrency: 1})
	body, unblock := io.Pipe()
	done := make(chan struct{})
	go func() {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", body))
		close(done)
	}()
	if _, err := unblock.Write([]byte{1}); err != nil { // returns once the first request is being read
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", http.NoBody).WithContext(ctx))
	if w.Code != http.StatusInternalServerError {
		t.Errorf("second request: %d %s, want 500", w.Code, w.Body)
	}
	if err := unblock.Close(); err != nil {
		t.Fatal(err)
	}
	<-done
}
