package ingest

import (
	"testing"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// Native histograms of a sampled answer become chunks: none of their kinds changes by it.
func TestSampledHistogramsSurvive(t *testing.T) {
	exponential := &histogram.Histogram{
		Schema: 2, ZeroThreshold: 0.001, ZeroCount: 2, Count: 14, Sum: -0.1,
		PositiveSpans: []histogram.Span{{Offset: -2, Length: 2}, {Offset: 3, Length: 1}}, PositiveBuckets: []int64{3, 1, -2},
		NegativeSpans: []histogram.Span{{Offset: 1, Length: 1}}, NegativeBuckets: []int64{3},
	}
	gauge := exponential.Copy()
	gauge.CounterResetHint = histogram.GaugeType
	custom := &histogram.Histogram{
		Schema: histogram.CustomBucketsSchema, Count: 7, Sum: 1. / 3, CustomValues: []float64{0.005, 0.1, 2.5},
		PositiveSpans: []histogram.Span{{Length: 2}}, PositiveBuckets: []int64{3, 1},
	}
	for name, h := range map[string]*histogram.Histogram{"exponential": exponential, "gauge": gauge, "custom buckets": custom, "empty": {}} {
		for form, wire := range map[string]prompb.Histogram{"integer": prompb.FromIntHistogram(t0, h), "float": prompb.FromFloatHistogram(t0, h.ToFloat(nil))} {
			k, err := encodeHistogram(&wire)
			if err != nil {
				t.Errorf("%s, %s: %v", name, form, err)
				continue
			}
			s := &series{mint: t0, maxt: t0, chunks: []chunk{k}}
			it := s.Iterator(nil)
			kind := it.Next()
			at, got := it.AtFloatHistogram(nil)
			if (kind == chunkenc.ValHistogram) != (form == "integer") || at != t0 || !got.Equals(h.ToFloat(nil)) ||
				(got.CounterResetHint == histogram.GaugeType) != (h.CounterResetHint == histogram.GaugeType) {
				t.Errorf("%s, %s: %v %v at %d, want %v", name, form, kind, got, at, h)
			}
		}
	}
}
