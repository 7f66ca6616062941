package ingest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/tidewatch/tidewatch"
)

// t0 is a grid time in the past: 2024-02-14 00:00:00 UTC.
const t0 = int64(1707868800000)

// world is a small set of series with everything that happens to series: jitter, gaps, staleness, counter resets, NaN, Inf,
// classic and native histograms, a series that ends and one that begins.
func world(days float64) []memSeries {
	rng := rand.New(rand.NewPCG(1, 2))
	end := int64(days * 86400000)
	var out []memSeries
	for i := range 6 {
		job := []string{"api", "web"}[i%2]
		inst := fmt.Sprintf("h%d:9100", i)
		counter := memSeries{lset: labels.FromStrings("__name__", "reqs_total", "job", job, "instance", inst)}
		gauge := memSeries{lset: labels.FromStrings("__name__", "temp", "job", job, "instance", inst)}
		v := 0.0
		for t := int64(i * 1000); t < end; t += 15000 {
			at := t0 + t + rng.Int64N(50)
			v += rng.Float64() * 30
			if rng.IntN(900) == 0 {
				v = 0 // a restart
			}
			if i == 3 && t > end/3 && t < end/3+1800000 {
				continue // a gap of half an hour
			}
			counter.samples = append(counter.samples, sample{t: at, v: math.Floor(v)})
			g := 20 + 5*math.Sin(float64(t)/3.6e6) + rng.NormFloat64()
			switch {
			case i == 1 && rng.IntN(200) == 0:
				g = math.Inf(1)
			case i == 5 && rng.IntN(200) == 0:
				g = math.NaN()
			case i == 2 && rng.IntN(50) == 0:
				g = math.Float64frombits(value.StaleNaN)
			case i == 4 && t > end/2:
				continue
			}
			gauge.samples = append(gauge.samples, sample{t: at, v: g})
		}
		out = append(out, counter, gauge)
	}
	return append(out, histograms(rng, end)...)
}

func histograms(rng *rand.Rand, end int64) []memSeries {
	var out []memSeries
	bounds := []string{"0.1", "0.5", "1", "+Inf"}
	classic := make([]memSeries, len(bounds))
	for i, le := range bounds {
		classic[i].lset = labels.FromStrings("__name__", "lat_bucket", "job", "api", "le", le)
	}
	native := memSeries{lset: labels.FromStrings("__name__", "nat", "job", "api")}
	floating := memSeries{lset: labels.FromStrings("__name__", "natf", "job", "api")}
	cum := make([]float64, len(bounds))
	h := &histogram.Histogram{Schema: 0, ZeroThreshold: 1e-9, PositiveSpans: []histogram.Span{{Offset: 0, Length: 3}}, PositiveBuckets: []int64{0, 0, 0}}
	for t := int64(0); t < end; t += 15000 {
		k := rng.IntN(len(bounds))
		for i := k; i < len(bounds); i++ {
			cum[i]++
		}
		for i := range bounds {
			classic[i].samples = append(classic[i].samples, sample{t: t0 + t, v: cum[i]})
		}
		next := h.Copy()
		next.PositiveBuckets[0] += int64(1 + k)
		next.Count += uint64(3 * (1 + k))
		next.Sum += rng.Float64() * 3
		h = next
		native.samples = append(native.samples, sample{t: t0 + t, h: h})
		floating.samples = append(floating.samples, sample{t: t0 + t, f: h.ToFloat(nil)})
	}
	out = append(out, classic...)
	return append(out, native, floating)
}

var expressions = []string{
	`temp`,
	`temp{job="api"}`,
	`temp{instance=~"h[12].*"} > 21`,
	`sum by (job) (rate(reqs_total[5m]))`,
	`rate(reqs_total[2m])`,
	`increase(reqs_total[1h])`,
	`sum(rate(reqs_total[5m])) / count(rate(reqs_total[5m]))`,
	`sum by (job) (rate(reqs_total[5m])) / sum by (job) (rate(reqs_total[5m] offset 1h))`,
	`temp - temp offset 2h`,
	`temp offset -10m`,
	`avg_over_time(temp[30m])`,
	`max_over_time(rate(reqs_total[5m])[1h:1m])`,
	`avg_over_time(sum by (job) (rate(reqs_total[5m]))[30m:])`,
	`quantile_over_time(0.9, temp[20m] offset 15m)`,
	`temp - on (instance) group_left temp @ 1707870000`,
	`histogram_quantile(0.9, sum by (le, job) (rate(lat_bucket[5m])))`,
	`histogram_quantile(0.9, rate(nat[5m]))`,
	`histogram_count(natf)`,
	`histogram_avg(sum(rate(nat[10m])))`,
	`absent(nothing)`,
	`nothing`,
	`topk(2, temp)`,
	`count_values("v", floor(temp))`,
	`timestamp(temp)`,
	`label_replace(temp, "host", "$1", "instance", "(.*):.*")`,
	`stddev by (job) (temp) or vector(0)`,
	`changes(temp[15m]) + resets(reqs_total[15m])`,
	`(sum by (job) (rate(reqs_total{job="api"}[5m])) or 0 * sum by (job) (rate(reqs_total[5m]))) / (sum by (job) (rate(reqs_total[5m])) > 1)`,
	`holt(temp)`,
}

// reference evaluates with Prometheus's engine over the same samples in memory, in one piece.
func reference(t testing.TB, ss []memSeries, q Query) (tidewatch.Block, error) {
	t.Helper()
	query, err := newEngine(50e6).NewRangeQuery(context.Background(), memQueryable(ss), nil, q.Expr, time.UnixMilli(q.From), time.UnixMilli(q.To), time.Duration(q.Step)*time.Millisecond)
	if err != nil {
		return tidewatch.Block{}, err
	}
	defer query.Close()
	m, err := query.Exec(context.Background()).Matrix()
	if err != nil {
		return tidewatch.Block{}, err
	}
	rs := newRows(q, labels.EmptyLabels())
	if err := rs.add(m); err != nil {
		return tidewatch.Block{}, err
	}
	return rs.block(), nil
}

func TestReadEqualsPromQL(t *testing.T) {
	ss := world(0.2)
	servers := map[string]func(*fakeServer){
		"streamed":            func(*fakeServer) {},
		"one chunk per frame": func(f *fakeServer) { f.perFrame, f.perChunk = 1, 7 },
		"xor2":                func(f *fakeServer) { f.enc = chunkenc.EncXOR2 },
		"sampled":             func(f *fakeServer) { f.sampled = true },
		"sampled, limited":    func(f *fakeServer) { f.sampled, f.limit, f.oneQuery = true, 3000, true },
		"big chunks":          func(f *fakeServer) { f.perChunk = 5000 },
	}
	for name, set := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFakeServer(t, ss...)
			set(f)
			windows := []time.Duration{24 * time.Hour}
			if name == "streamed" || name == "sampled, limited" {
				windows = append(windows, 70*time.Minute)
			}
			for _, window := range windows {
				r := newTestRemote(t, RemoteConfig{URL: f.URL, Window: window})
				for _, expr := range expressions {
					q := Query{Detector: "d", Expr: expr, From: t0, To: t0 + 3*3600000, Step: 60000}
					want, wantErr := reference(t, ss, q)
					got, err := r.Read(context.Background(), q)
					if (err == nil) != (wantErr == nil) {
						t.Errorf("%s: error %v, PromQL's %v", expr, err, wantErr)
						continue
					}
					if diff := blockDiff(got, want); err == nil && diff != "" {
						t.Errorf("%s (window %s): %s", expr, window, diff)
					}
				}
			}
		})
	}
}

func newTestRemote(t testing.TB, cfg RemoteConfig) *Remote {
	t.Helper()
	if cfg.Name == "" {
		cfg.Name = "test"
	}
	r, err := NewRemote(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// blockDiff compares bit for bit, NaN being equal to NaN.
func blockDiff(got, want tidewatch.Block) string { return blockDiffWithin(got, want, 0) }

// blockDiffWithin allows a relative difference of values.
func blockDiffWithin(got, want tidewatch.Block, tolerance float64) string {
	if got.From != want.From || got.Step != want.Step || got.N != want.N || got.Detector != want.Detector {
		return fmt.Sprintf("grid %s %d+%d*%d, want %s %d+%d*%d", got.Detector, got.From, got.N, got.Step, want.Detector, want.From, want.N, want.Step)
	}
	if len(got.Rows) != len(want.Rows) {
		return fmt.Sprintf("%d rows, want %d", len(got.Rows), len(want.Rows))
	}
	for i := range got.Rows {
		g, w := got.Rows[i], want.Rows[i]
		if g.Series.ID != w.Series.ID || !labels.Equal(g.Series.Labels, w.Series.Labels) || len(g.V) != len(w.V) {
			return fmt.Sprintf("row %d is %s with %d points, want %s with %d", i, g.Series.Labels, len(g.V), w.Series.Labels, len(w.V))
		}
		for k := range g.V {
			if g.V[k] != w.V[k] && !(math.IsNaN(g.V[k]) && math.IsNaN(w.V[k])) && !(math.Abs(g.V[k]-w.V[k]) <= tolerance*math.Abs(w.V[k])) {
				return fmt.Sprintf("%s at column %d: %v, want %v", g.Series.Labels, k, g.V[k], w.V[k])
			}
		}
	}
	return ""
}
