package simfleet

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
)

func fill(b *testing.B, days int64) *Fleet {
	f := newFleet(b, Options{})
	w, err := Open(context.Background(), b.TempDir(), f, f.Start(), f.Start()+days*day)
	if err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return f
}

// BenchmarkFill generates history and writes it to a TSDB: one day, and the fifteen of the demo.
func BenchmarkFill(b *testing.B) {
	for _, days := range []int64{1, 15} {
		b.Run(fmt.Sprintf("%dd", days), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				fill(b, days)
			}
		})
	}
}

func generate(b *testing.B) (samples int) {
	f := newFleet(b, Options{})
	err := f.AdvanceTo(f.Start()+day, func(*Series, int64, float64) error { samples++; return nil })
	if err != nil {
		b.Fatal(err)
	}
	return samples
}

// BenchmarkGenerate makes one day of samples and stores them nowhere.
func BenchmarkGenerate(b *testing.B) {
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n += generate(b)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/sample")
}

// sink is a response that keeps only its size.
type sink struct {
	header http.Header
	status int
	n      int64
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(p []byte) (int, error) { s.n += int64(len(p)); return len(p), nil }
func (s *sink) Flush()                      {}

func readAll(b *testing.B, h http.Handler, body []byte) int64 {
	w := &sink{header: http.Header{}, status: http.StatusOK}
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/api/v1/read", bytes.NewReader(body)))
	if w.status != http.StatusOK || w.n == 0 {
		b.Fatalf("status %d, %d bytes", w.status, w.n)
	}
	return w.n
}

func benchmarkRead(b *testing.B, kind prompb.ReadRequest_ResponseType) {
	w, f := newWorld(b, Options{}, 1)
	raw, err := (&prompb.ReadRequest{
		AcceptedResponseTypes: []prompb.ReadRequest_ResponseType{kind},
		Queries: []*prompb.Query{{
			StartTimestampMs: f.Start(), EndTimestampMs: f.Start() + day,
			Matchers: []*prompb.LabelMatcher{{Type: prompb.LabelMatcher_RE, Name: "__name__", Value: ".+"}},
		}},
	}).Marshal()
	if err != nil {
		b.Fatal(err)
	}
	body, h := snappy.Encode(nil, raw), w.Handler()
	b.ReportAllocs()
	n := int64(0)
	for b.Loop() {
		n = readAll(b, h, body)
	}
	b.SetBytes(n)
}

// BenchmarkReadStreamed serves one day of the whole fleet as chunks, and BenchmarkReadSampled as samples.
func BenchmarkReadStreamed(b *testing.B) { benchmarkRead(b, prompb.ReadRequest_STREAMED_XOR_CHUNKS) }

// BenchmarkReadSampled is the counterpart of BenchmarkReadStreamed.
func BenchmarkReadSampled(b *testing.B) { benchmarkRead(b, prompb.ReadRequest_SAMPLES) }
