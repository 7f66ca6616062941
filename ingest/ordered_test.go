package ingest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/ingest/eval"
)

// leftToChance are expressions whose bits, or even series, the engine itself gives differently from one time to the next.
var leftToChance = []string{
	`sum(clamp_max(m, 1e300))`,
	`avg(m * 3)`,
	`sum(m{zone="1"} - on (pod) n)`,
	`sum by (zone) (m * on (pod) group_left (kind) n)`,
	`sum(m or n)`,
	`stddev(clamp_max(m, 1e300))`,
	`quantile(0.3, clamp_max(m, 1e300)) + sum(clamp_max(m, 1e300))`,
	`sum(topk(40, m))`,
	`avg(bottomk(39, m))`,
	`topk(3, floor(tied))`,
	`bottomk by (zone) (1, tied * 2)`,
	`sum(avg_over_time(clamp_max(m, 1e300)[10m:1m]))`,
	`max_over_time(sum(clamp_max(m, 1e300))[10m:2m] offset 1m)`,
	`sum_over_time(avg(-clamp_max(m, 1e300))[10m:] @ 1707870600)`,
	`avg_over_time(sum(last_over_time(sum by (pod) (m * 1)[3m:1m]) * 1.1)[10m:2m])`,
	`sum(-(m / 1))`,
	`sum(label_replace(clamp_max(m, 1e300), "zone", "z$1", "zone", "(.*)"))`,
	`sum(histogram_sum(h))`,
	`histogram_sum(sum(h * 1.1))`,
	`sum(avg_over_time({__name__=~"old|new"}[3m]))`,
	`stddev(label_replace({__name__=~"old|new"}, "__name__", "both", "", ""))`,
	`sum(-{__name__=~"old|new"})`,
	`sum(sum_over_time((-{__name__=~"old|new"})[5m:1m]))`,
}

// TestSameBitsEveryTime evaluates what the engine leaves to chance again and again: in streams and by the engine, the bits are
// the same.
func TestSameBitsEveryTime(t *testing.T) {
	t.Parallel()
	data := magnitudes()
	grid := eval.Grid{From: t0 + 1_800_000, To: t0 + 3_600_000, Step: 60_000}
	runs, exprs := 20, leftToChance
	if testing.Short() {
		runs, exprs = 3, []string{exprs[1], exprs[7], exprs[14], exprs[len(exprs)-4]}
	}
	streamed := 0
	for _, expr := range exprs {
		want, err := runEngine(expr, data, grid)
		if err != nil || len(want) == 0 {
			t.Fatalf("%s: %d series, %v", expr, len(want), err)
		}
		for range runs {
			again, err := runEngine(expr, data, grid)
			if err != nil {
				t.Fatalf("%s: %v", expr, err)
			}
			if diff := seriesDiff(again, want); diff != "" {
				t.Errorf("%s: once more: %s", expr, diff)
				break
			}
		}
		if e, err := exprParser.ParseExpr(expr); err == nil && eval.Compile(e) != nil {
			if got, err := runPlan(t, expr, data, grid); err == nil {
				streamed++
				if diff := seriesDiff(got, want); diff != "" {
					t.Errorf("%s: in streams: %s", expr, diff)
				}
			}
		}
		if !testing.Short() && !differs(t, expr, data, grid) {
			t.Errorf("%s: the engine itself gives the same bits 200 times: the test says nothing", expr)
		}
	}
	if streamed < 7 && !testing.Short() {
		t.Errorf("%d expressions were evaluated in streams", streamed)
	}
}

// differs says whether the engine as it is gives other bits some time.
func differs(t *testing.T, expr string, data memQueryable, grid eval.Grid) bool {
	t.Helper()
	q := Query{Detector: "d", Expr: expr, From: grid.From, To: grid.To, Step: grid.Step}
	want, err := reference(t, data, q)
	for range 200 {
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		again, err := reference(t, data, q)
		if err != nil || blockDiff(again, want) != "" {
			return true
		}
	}
	return false
}

// magnitudes are series of which every order of addition gives another sum, ties, histograms, and a metric with a new name.
func magnitudes() memQueryable {
	rng := rand.New(rand.NewPCG(4, 4))
	var out memQueryable
	add := func(from, to int, f func(i int) sample, ls ...string) {
		s := memSeries{lset: labels.FromStrings(ls...)}
		for i := from; i < to; i++ {
			p := f(i)
			p.t = t0 + int64(i)*30_000
			s.samples = append(s.samples, p)
		}
		out = append(out, s)
	}
	for k := range 40 {
		pod, zone := fmt.Sprint("p", k), fmt.Sprint(k%4)
		scale := math.Pow(10, float64(k/8*12-20))
		number := func(i int) sample {
			if k/4%2 == 1 {
				return sample{v: -out[6*(k-4)].samples[i].v}
			}
			return sample{v: scale * rng.NormFloat64()}
		}
		add(0, 120, number, "__name__", "m", "zone", zone, "pod", pod)
		add(0, 120, func(i int) sample { return sample{v: float64(i % 2)} }, "__name__", "n", "pod", pod, "kind", fmt.Sprint(k%3))
		add(0, 120, func(int) sample { return sample{v: float64(k % 3)} }, "__name__", "tied", "zone", zone, "pod", pod)
		m := out[len(out)-3].samples
		same := func(i int) sample { return sample{v: m[i].v} }
		add(0, 80, same, "__name__", "old", "pod", pod)
		add(90, 120, same, "__name__", "new", "pod", pod)
		add(0, 120, func(i int) sample {
			return sample{f: &histogram.FloatHistogram{
				CounterResetHint: histogram.GaugeType, Count: 1, Sum: m[i].v, PositiveSpans: []histogram.Span{{Length: 1}}, PositiveBuckets: []float64{1},
			}}
		}, "__name__", "h", "pod", pod)
	}
	return out
}

// A label that sorts before __name__ and is not on every series changes the order when the name goes: package eval notices.
func TestOrderWithoutName(t *testing.T) {
	var data memQueryable
	for i, ls := range [][]string{{"A", "1", "x", "1"}, {"x", "1"}, {"A", "2"}, {}, {"x", "2"}} {
		data = append(data, memSeries{labels.FromStrings(append(ls, "__name__", "m")...), every(60, []float64{1e16, 1, -1e16, 3, 1e-3}[i], 1, 1)})
	}
	grid := eval.Grid{From: t0, To: t0 + 120_000, Step: 60_000}
	if _, err := runPlan(t, `sum(clamp_max(m, 1e300))`, data, grid); err == nil {
		t.Error("series that are not in the order of their labels were added up as they came")
	}
	rows, q := newRows(Query{Step: grid.Step, From: grid.From, To: grid.To}, labels.EmptyLabels()), Query{Expr: `sum(clamp_max(m, 1e300))`, Step: grid.Step}
	if err := newEvaluation(q, newEngine(1000), LookbackDelta, 0).window(context.Background(), data, grid.From, grid.To, rows); err != nil || len(rows.list) != 1 {
		t.Errorf("%d rows, %v", len(rows.list), err)
	}
}
