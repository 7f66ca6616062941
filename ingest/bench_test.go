package ingest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// benchSeries are counters with jittered times, n series of an hour each per hour, every 15 s.
func benchSeries(n, hours int) []memSeries {
	rng := rand.New(rand.NewPCG(9, 9))
	out := make([]memSeries, n)
	for i := range out {
		out[i].lset = labels.FromStrings("__name__", "reqs_total", "instance", fmt.Sprintf("10.0.%d.%d:9100", i/250, i%250), "job", fmt.Sprintf("job%d", i%10))
		v := 0.0
		for k := range int64(hours * 240) {
			v += float64(rng.IntN(100))
			out[i].samples = append(out[i].samples, sample{t: t0 + k*15000 + rng.Int64N(20), v: v})
		}
	}
	return out
}

func countSamples(ss []memSeries) (n int) {
	for _, s := range ss {
		n += len(s.samples)
	}
	return n
}

func perSample(b *testing.B, samples int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(samples), "ns/sample")
}

// BenchmarkDecodeStreamed reads a streamed answer of 200 series and 6 h from memory, and every sample of it.
func BenchmarkDecodeStreamed(b *testing.B) {
	ss := benchSeries(200, 6)
	var body bytes.Buffer
	f := &fakeServer{enc: chunkenc.EncXOR, perChunk: 120, perFrame: 1000}
	for _, s := range ss {
		f.streamSeries(&body, 0, &prompb.Query{StartTimestampMs: t0, EndTimestampMs: t0 + 6*3600000}, s)
	}
	r, err := NewRemote(RemoteConfig{Name: "bench", URL: "http://localhost/api/v1/read"})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(body.Len()))
	for b.Loop() {
		decodeAll(b, countSamples(ss), func(c *collector) error {
			return r.collectStreamed(bytes.NewReader(body.Bytes()), []part{{into: c}})
		})
	}
	perSample(b, countSamples(ss))
}

// BenchmarkDecodeSampled does the same with a sampled answer.
func BenchmarkDecodeSampled(b *testing.B) {
	ss := benchSeries(200, 6)
	res := &prompb.QueryResult{}
	for _, s := range ss {
		ts := &prompb.TimeSeries{Labels: protoLabels(s.lset)}
		for _, p := range s.samples {
			ts.Samples = append(ts.Samples, prompb.Sample{Timestamp: p.t, Value: p.v})
		}
		res.Timeseries = append(res.Timeseries, ts)
	}
	plain, err := (&prompb.ReadResponse{Results: []*prompb.QueryResult{res}}).Marshal()
	if err != nil {
		b.Fatal(err)
	}
	packed := snappy.Encode(nil, plain)
	b.ReportAllocs()
	b.SetBytes(int64(len(packed)))
	for b.Loop() {
		decodeAll(b, countSamples(ss), func(c *collector) error {
			plain, err := unsnappy(packed, 1<<40)
			if err != nil {
				return err
			}
			return walkSampled(plain, []*collector{c})
		})
	}
	perSample(b, countSamples(ss))
}

func decodeAll(b *testing.B, want int, collect func(*collector) error) {
	c := newCollector(t0, t0+1e9, &budget{}, newInterner(nil))
	if err := collect(c); err != nil {
		b.Fatal(err)
	}
	list, err := c.finish()
	if err != nil {
		b.Fatal(err)
	}
	var it chunkenc.Iterator
	n := 0
	for _, s := range list {
		for it = s.Iterator(it); it.Next() != chunkenc.ValNone; n++ {
		}
	}
	c.release()
	if n != want {
		b.Fatalf("%d samples, want %d", n, want)
	}
}

// BenchmarkChunk compares the own XOR decoder with chunkenc's iterator on one chunk of 120 samples.
func BenchmarkChunk(b *testing.B) {
	c := encodeChunk(benchSeries(1, 1)[0].samples[:120], chunkenc.EncXOR)
	padded := append(bytes.Clone(c.Data), make([]byte, slack)...)
	k := chunk{enc: chunkenc.EncXOR, size: len(c.Data), padded: padded}
	b.Run("own", func(b *testing.B) {
		b.ReportAllocs()
		ts, vs := make([]int64, 0, 120), make([]float64, 0, 120)
		for b.Loop() {
			if _, _, _, err := decodeXOR(padded, len(c.Data), ts, vs); err != nil {
				b.Fatal(err)
			}
		}
		perSample(b, 120)
	})
	b.Run("chunkenc", func(b *testing.B) {
		b.ReportAllocs()
		ts, vs := make([]int64, 0, 120), make([]float64, 0, 120)
		for b.Loop() {
			if _, _, err := k.floatsSlow(ts, vs); err != nil {
				b.Fatal(err)
			}
		}
		perSample(b, 120)
	})
}

// BenchmarkRead is a whole read over HTTP on localhost: sum by (job) (rate()) of 200 series, a day's 6 h at 1 m, and one
// live tick. The fake server's own encoding is not in it: its answers are kept.
func BenchmarkRead(b *testing.B) {
	ss := benchSeries(200, 6)
	for _, bench := range []struct {
		name string
		from int64
	}{{"history", t0}, {"tick", t0 + 5*3600000}} {
		b.Run(bench.name, func(b *testing.B) {
			f := newFakeServer(b, ss...)
			f.keep = true
			r := newTestRemote(b, RemoteConfig{URL: f.URL})
			q := Query{Detector: "d", Expr: "sum by (job) (rate(reqs_total[5m]))", From: bench.from, To: t0 + 5*3600000, Step: 60000}
			b.ReportAllocs()
			for b.Loop() {
				readOnce(b, r, q)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64((q.To-q.From)/q.Step+1), "µs/step")
		})
	}
}

func readOnce(b *testing.B, r *Remote, q Query) {
	block, err := r.Read(context.Background(), q)
	if err != nil || len(block.Rows) != 10 {
		b.Fatalf("%d rows, %v", len(block.Rows), err)
	}
}

// BenchmarkPromQL evaluates the same expression over chunks in memory: the engine and the iterators alone.
func BenchmarkPromQL(b *testing.B) {
	ss := benchSeries(200, 6)
	c := newCollector(t0, t0+6*3600000, &budget{}, newInterner(nil))
	for _, s := range ss {
		m := &prompb.ChunkedReadResponse{ChunkedSeries: []*prompb.ChunkedSeries{{Labels: protoLabels(s.lset), Chunks: encodeChunks(s.samples, chunkenc.EncXOR, 120)}}}
		payload, err := m.Marshal()
		if err != nil {
			b.Fatal(err)
		}
		if err := walkFrame(payload, &wireSeries{}, func(_ int, w *wireSeries) error { return c.addWire(w) }); err != nil {
			b.Fatal(err)
		}
	}
	list, err := c.finish()
	if err != nil {
		b.Fatal(err)
	}
	engine := newEngine(50e6)
	b.ReportAllocs()
	for b.Loop() {
		evaluate(b, engine, list)
	}
	perSample(b, countSamples(ss))
}

func evaluate(b *testing.B, engine *promql.Engine, list []*series) {
	q, err := engine.NewRangeQuery(context.Background(), listQueryable(list), nil, "sum by (job) (rate(reqs_total[5m]))",
		time.UnixMilli(t0), time.UnixMilli(t0+6*3600000), time.Minute)
	if err != nil {
		b.Fatal(err)
	}
	defer q.Close()
	if m, err := q.Exec(context.Background()).Matrix(); err != nil || len(m) != 10 {
		b.Fatalf("%d series, %v", len(m), err)
	}
}

// listQueryable gives the same series to every selector.
type listQueryable []*series

func (l listQueryable) Querier(int64, int64) (storage.Querier, error) {
	return &listQuerier{list: l}, nil
}

type listQuerier struct {
	querier
	list []*series
}

func (q *listQuerier) Select(context.Context, bool, *storage.SelectHints, ...*labels.Matcher) storage.SeriesSet {
	return &listSet[*series]{list: q.list}
}
