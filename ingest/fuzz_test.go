package ingest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// FuzzDecodeFrame feeds a streamed answer: no panic, errors are named, and whatever is read comes out in order.
func FuzzDecodeFrame(f *testing.F) {
	f.Add(goodFrame(nil))
	f.Add(goodFrame(func(m *prompb.ChunkedReadResponse) { m.ChunkedSeries[0].Chunks[0] = truncatedHistogram() }))
	f.Add(append(goodFrame(nil), goodFrame(func(m *prompb.ChunkedReadResponse) { m.QueryIndex = 1 })...))
	f.Fuzz(func(t *testing.T, b []byte) {
		checkFrames(t, b)
		checkFrames(t, frame(b, nil)) // with a right length and checksum, so that what is inside is reached
	})
}

func checkFrames(t *testing.T, b []byte) {
	frames := newFrameReader(bytes.NewReader(b), 1<<20)
	c := newCollector(math.MinInt64, math.MaxInt64, &budget{maxBytes: 16 << 20}, newInterner([]string{"replica"}))
	var w wireSeries
	for {
		payload, err := frames.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = walkFrame(payload, &w, func(_ int, s *wireSeries) error { return c.addWire(s) })
		}
		if err != nil {
			checkNamed(t, err)
			return
		}
	}
	checkSeries(t, c)
}

func checkNamed(t *testing.T, err error) {
	var damaged *corruptError
	var limit *limitError
	if !errors.As(err, &damaged) && !errors.As(err, &limit) {
		t.Errorf("an error without a name: %v", err)
	}
}

// checkSeries iterates over everything, by Next and by Seek.
func checkSeries(t *testing.T, c *collector) {
	list, err := c.finish()
	if err != nil {
		checkNamed(t, err)
		return
	}
	var it chunkenc.Iterator
	for _, s := range list {
		it = s.Iterator(it)
		last, n := int64(math.MinInt64), 0
		for kind := it.Next(); kind != chunkenc.ValNone && n < 1<<17; kind = it.Next() {
			if at := it.AtT(); n > 0 && at <= last && kind == chunkenc.ValFloat && s.isFloat() {
				t.Fatalf("time %d after %d", at, last)
			}
			if kind != chunkenc.ValFloat {
				it.AtFloatHistogram(nil)
			}
			last = it.AtT()
			n++
		}
		if it.Err() != nil {
			checkNamed(t, it.Err())
			continue
		}
		if it = s.Iterator(it); n > 0 && s.isFloat() && (it.Seek(last) != chunkenc.ValFloat || it.AtT() != last) {
			t.Fatalf("seek to the last time %d failed", last)
		}
	}
}

// FuzzSampled feeds an unpacked sampled answer, and a packed one.
func FuzzSampled(f *testing.F) {
	m := &prompb.ReadResponse{Results: []*prompb.QueryResult{{Timeseries: []*prompb.TimeSeries{{
		Labels:     []prompb.Label{{Name: "a", Value: "b"}},
		Samples:    []prompb.Sample{{Timestamp: 1, Value: 2}},
		Histograms: []prompb.Histogram{prompb.FromIntHistogram(3, histogramSamples(1)[0].h)},
	}}}}}
	b, err := m.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(snappy.Encode(nil, b))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := newCollector(math.MinInt64, math.MaxInt64, &budget{maxBytes: 16 << 20}, newInterner([]string{"replica"}))
		if err := walkSampled(b, []*collector{c}); err != nil {
			checkNamed(t, err)
		} else {
			checkSeries(t, c)
		}
		if _, err := unsnappy(b, 1<<40); err != nil {
			checkNamed(t, err)
		}
	})
}

// FuzzChunks compares the own XOR decoder with chunkenc, and runs every other encoding through the iterators.
func FuzzChunks(f *testing.F) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		f.Add(uint8(chunkenc.EncXOR), encodeChunk(randomSamples(rng), chunkenc.EncXOR).Data)
		f.Add(uint8(chunkenc.EncXOR2), encodeChunk(randomSamples(rng), chunkenc.EncXOR2).Data)
	}
	for _, s := range append(histogramSamples(3), sample{t: t0, f: histogramSamples(1)[0].h.ToFloat(nil)}) {
		c := encodeChunk([]sample{s}, chunkenc.EncNone)
		if err := checkHistogram(append(bytes.Clone(c.Data), make([]byte, slack)...), len(c.Data)); err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(c.Type), c.Data)
	}
	f.Fuzz(func(t *testing.T, enc uint8, data []byte) {
		compareXOR(t, data)
		c := newCollector(math.MinInt64, math.MaxInt64, &budget{maxBytes: 16 << 20}, newInterner([]string{"replica"}))
		w := &wireSeries{chunks: []wireChunk{{maxt: math.MaxInt64, enc: chunkenc.Encoding(enc), data: data}}}
		if err := c.addWire(w); err != nil {
			checkNamed(t, err)
			return
		}
		checkSeries(t, c)
	})
}

// compareXOR demands that what chunkenc decodes without an error is decoded alike, and what it refuses is refused.
func compareXOR(t *testing.T, data []byte) {
	if len(data) < 2 {
		return
	}
	padded := append(bytes.Clone(data), make([]byte, slack)...)
	ts, vs, _, err := decodeXOR(padded, len(data), nil, nil)
	ch, cerr := chunkenc.FromData(chunkenc.EncXOR, data)
	if cerr != nil {
		t.Fatal(cerr)
	}
	it := ch.Iterator(nil)
	n := 0
	for it.Next() != chunkenc.ValNone {
		at, v := it.At()
		if n < len(ts) && (ts[n] != at || math.Float64bits(vs[n]) != math.Float64bits(v)) {
			t.Fatalf("sample %d is %d %v, chunkenc has %d %v", n, ts[n], vs[n], at, v)
		}
		n++
	}
	if err == nil && (it.Err() != nil || n != len(ts)) {
		t.Fatalf("%d samples, chunkenc has %d and the error %v", len(ts), n, it.Err())
	}
	// A window that reaches beyond 64 bits is the one thing refused here that chunkenc takes.
	if err != nil && it.Err() == nil && !impossibleWindow(data, len(ts)) {
		t.Fatalf("error %v, chunkenc has %d samples and none", err, n)
	}
}

// impossibleWindow says that sample n of a chunk is where leading zeros and width exceed 64 bits: it is decoded again with
// the state that decodeXOR had there.
func impossibleWindow(data []byte, n int) bool {
	padded := append(bytes.Clone(data), make([]byte, slack)...)
	cut := bytes.Clone(padded)
	binary.BigEndian.PutUint16(cut, uint16(n)) // everything before decodes
	if _, _, _, err := decodeXOR(cut, len(data), nil, nil); err != nil {
		return false
	}
	binary.BigEndian.PutUint16(cut, uint16(n+1))
	_, _, _, err := decodeXOR(cut, len(data), nil, nil)
	return err != nil
}

func randomSamples(rng *rand.Rand) []sample {
	n, at := 1+rng.IntN(200), t0
	out := make([]sample, 0, n)
	for range n {
		v := float64(rng.IntN(1000)) / 100
		switch rng.IntN(12) {
		case 0:
			v = math.Float64frombits(rng.Uint64())
		case 1:
			v = math.NaN()
		case 2, 3, 4:
			v = 42
		}
		out = append(out, sample{t: at, v: v})
		switch rng.IntN(10) {
		case 0:
			at += rng.Int64N(1 << 40)
		case 1:
			at += 15000 + rng.Int64N(2000) - 1000
		case 2:
			at += 1 + rng.Int64N(1<<20)
		default:
			at += 15000
		}
	}
	return out
}

func TestDecodeXOREqualsChunkenc(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 3000 {
		ss := randomSamples(rng)
		data := encodeChunk(ss, chunkenc.EncXOR).Data
		compareXOR(t, data)
		ts, _, _, err := decodeXOR(append(bytes.Clone(data), make([]byte, slack)...), len(data), nil, nil)
		if err != nil || len(ts) != len(ss) {
			t.Fatalf("%d of %d samples, %v", len(ts), len(ss), err)
		}
		if short := data[:2+rng.IntN(len(data)-2)]; len(ss) > 1 {
			if _, _, _, err := decodeXOR(append(bytes.Clone(short), make([]byte, slack)...), len(short), nil, nil); err == nil {
				t.Fatalf("a chunk cut from %d to %d bytes decodes", len(data), len(short))
			}
		}
	}
}

// FuzzCSV feeds a file: no panic, times strictly ascending, and every bad row named.
func FuzzCSV(f *testing.F) {
	f.Add("timestamp,value\n2014-02-14 14:30:00,1.5\n2014-02-14 14:35:00,2\n")
	f.Add("a,timestamp,label,b\n1,1700000000,0,\n,1700000060.5,1,NaN\n")
	f.Add("\ufefftimestamp,value\n2024-01-01T00:00:00Z,\"1\n")
	f.Fuzz(func(t *testing.T, text string) {
		var bad badRows
		file := bad.parse(strings.NewReader(text), "dir/x")
		for _, s := range file.series {
			if !strictlyAscending(s.ts) || len(s.ts) != len(s.vs) || len(s.ts) == 0 {
				t.Fatalf("series %s: times %v", s.lset, s.ts)
			}
			q := Query{From: 0, To: 3600000, Step: 60000}
			for _, p := range s.onGrid(q, 0) {
				if p.T < q.From || p.T > q.To || p.T%q.Step != 0 {
					t.Fatalf("grid time %d", p.T)
				}
			}
		}
		for _, e := range bad.first {
			if e.Line < 1 || e.File != "dir/x" || e.Error() == "" {
				t.Fatalf("row error %+v", e)
			}
		}
		if len(bad.first) != min(bad.count, keptBadRows) {
			t.Fatalf("%d bad rows, %d kept", bad.count, len(bad.first))
		}
	})
}

// FuzzReadSegment reads arbitrary records, in a frame with a right checksum and raw: no panic, and an error names the place.
func FuzzReadSegment(f *testing.F) {
	rec := Recorder{opts: RecorderOptions{}.withDefaults(), known: map[string]*RecordedSource{}, decided: map[string]int64{}, tails: map[string]*tail{}}
	rec.begin()
	rec.Points("s", "x", t0, false, pointsBlock(t0, 3))
	rec.chunk("s", labelFields(pointsBlock(t0, 1).Rows[0].Series.Labels), wireChunk{mint: t0, maxt: t0, enc: chunkenc.EncXOR, data: []byte{0, 1, 2}})
	rec.putPoints()
	rec.putTail(rec.order[0])
	f.Add(rec.plain)
	f.Add([]byte{recAnswered, 1, 2, '{', '}', 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		packed, err := packFrame([]byte(segmentMagic), b)
		if err != nil {
			t.Fatal(err)
		}
		for _, content := range [][]byte{packed, append([]byte(segmentMagic), b...)} {
			l := &segmentLoader{r: &Recording{sources: map[string]*recordedSource{}, detectors: map[string]*recordedDetector{}}}
			res, err := scanRecords(bytes.NewReader(content), "x", l)
			if err != nil && !strings.Contains(err.Error(), "offset") {
				t.Fatal(err)
			}
			if res.good > int64(len(content)) {
				t.Fatalf("%d good bytes of %d", res.good, len(content))
			}
		}
	})
}
