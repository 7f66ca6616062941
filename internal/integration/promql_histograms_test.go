//go:build integration

package integration

import (
	"math/rand/v2"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/prompb"
)

func classicHistograms() []series {
	var out []series
	for i, pairs := range combinations("job=api|web,handler=/|/pay") {
		rng := rand.New(rand.NewPCG(7, uint64(i)))
		bounds := []string{"0.05", "0.1", "0.25", "0.5", "1", "+Inf"}
		first := len(out)
		for _, le := range bounds {
			out = append(out, newSeries("http_request_duration_seconds_bucket", append(slices.Clone(pairs), "le", le)...))
		}
		out = append(out, newSeries("http_request_duration_seconds_sum", pairs...), newSeries("http_request_duration_seconds_count", pairs...))
		total, sum := make([]float64, len(bounds)), 0.0
		for at := int64(1237 * (i + 1)); at < promqlSpan; at += 30_000 {
			if rng.IntN(500) == 0 {
				total, sum = make([]float64, len(bounds)), 0
			}
			for range rng.IntN(6) {
				k := rng.IntN(len(bounds))
				sum += rng.Float64()
				for ; k < len(bounds); k++ {
					total[k]++
				}
			}
			for k := range bounds {
				out[first+k].add(promqlBegin+at, total[k])
			}
			out[first+len(bounds)].add(promqlBegin+at, sum)
			out[first+len(bounds)+1].add(promqlBegin+at, total[len(bounds)-1])
		}
	}
	return out
}

// nativeHistograms are integer ones, a gauge histogram and, for newer servers, ones of floats and with custom bounds: 2.42 takes
// neither by remote-write.
func nativeHistograms(newer bool) []series {
	var out []series
	for i, pairs := range combinations("job=api|web,method=get|put") {
		rng := rand.New(rand.NewPCG(8, uint64(i)))
		whole, floating := newSeries("rpc_seconds", pairs...), newSeries("rpc_wait", pairs...)
		gauge, bounds := newSeries("queue_age", pairs...), newSeries("db_seconds", pairs...)
		h, b := exponential(int32(i%3)), customBounds()
		for at := int64(2237 * (i + 1)); at < promqlSpan; at += 30_000 {
			if rng.IntN(400) == 0 {
				h, b = exponential(int32(i%3)), customBounds()
			}
			h, b = observe(h, rng), observe(b, rng)
			t := promqlBegin + at
			whole.hists = append(whole.hists, prompb.FromIntHistogram(t, h))
			floating.hists = append(floating.hists, prompb.FromFloatHistogram(t, h.ToFloat(nil)))
			bounds.hists = append(bounds.hists, prompb.FromIntHistogram(t, b))
			g := observe(exponential(1), rng)
			g.CounterResetHint = histogram.GaugeType
			gauge.hists = append(gauge.hists, prompb.FromIntHistogram(t, g))
		}
		out = append(out, whole, gauge)
		if newer {
			out = append(out, floating, bounds)
		}
	}
	return out
}

func exponential(schema int32) *histogram.Histogram {
	return &histogram.Histogram{
		Schema: schema, ZeroThreshold: 1e-6, PositiveSpans: []histogram.Span{{Offset: -2, Length: 3}, {Offset: 1, Length: 2}},
		PositiveBuckets: make([]int64, 5),
	}
}

func customBounds() *histogram.Histogram {
	return &histogram.Histogram{
		Schema: histogram.CustomBucketsSchema, CustomValues: []float64{0.1, 0.5, 1, 5},
		PositiveSpans: []histogram.Span{{Offset: 0, Length: 5}}, PositiveBuckets: make([]int64, 5),
	}
}

// observe gives the histogram with a few more observations; its buckets are differences.
func observe(h *histogram.Histogram, rng *rand.Rand) *histogram.Histogram {
	h = h.Copy()
	for range rng.IntN(9) {
		k := rng.IntN(len(h.PositiveBuckets))
		h.PositiveBuckets[k]++
		if k+1 < len(h.PositiveBuckets) {
			h.PositiveBuckets[k+1]--
		}
		h.Count++
		h.Sum += rng.Float64()
	}
	return h
}
