package ingest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/tidewatch/tidewatch/ingest/eval"
)

// TestPlanEqualsEngine evaluates random expressions over random data by package eval and by Prometheus's engine: equal bit for
// bit, or left to the engine.
func TestPlanEqualsEngine(t *testing.T) {
	t.Parallel()
	trials := 10_000
	if testing.Short() {
		trials = 100
	}
	rng := rand.New(rand.NewPCG(20, 26))
	done, left, points := 0, 0, 0
	for i := range trials {
		data := seriesAtRandom(rng)
		g := grammar{rng}
		expr := g.vector(3)
		step := []int64{15_000, 60_000, 300_000}[rng.IntN(3)]
		from := t0 + 1_800_000 + step*rng.Int64N(5)
		from -= from % step
		grid := eval.Grid{From: from, To: from + step*rng.Int64N(30), Step: step}
		got, err := runPlan(t, expr, data, grid)
		want, wantErr := runEngine(expr, data, grid)
		switch {
		case errors.Is(err, eval.ErrEngine):
			left++
			continue
		case (err == nil) != (wantErr == nil):
			t.Fatalf("trial %d: %s: %v, the engine's %v", i, expr, err, wantErr)
		}
		done++
		points += len(got) * int((grid.To-grid.From)/step+1)
		if diff := seriesDiff(got, want); diff != "" {
			t.Fatalf("trial %d: %s on %+v: %s", i, expr, grid, diff)
		}
	}
	t.Logf("%d expressions with %d points equal the engine's; %d were left to it", done, points, left)
	if left > trials/4 {
		t.Errorf("%d of %d were left to the engine: the test says little", left, trials)
	}
}

func runPlan(t *testing.T, expr string, data storage.Queryable, grid eval.Grid) (map[string][]float64, error) {
	t.Helper()
	e, err := exprParser.ParseExpr(expr)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	plan := eval.Compile(e)
	if plan == nil {
		t.Fatalf("%s: not compiled", expr)
	}
	out := map[string][]float64{}
	err = plan.Run(context.Background(), data, grid, eval.Options{LookbackDelta: LookbackDelta}, func(s eval.Series) error {
		if _, ok := out[s.Labels.String()]; ok {
			return fmt.Errorf("%s twice", s.Labels)
		}
		out[s.Labels.String()] = slices.Clone(s.V)
		return nil
	})
	return out, err
}

func runEngine(expr string, data storage.Queryable, grid eval.Grid) (map[string][]float64, error) {
	out := map[string][]float64{}
	o := &ordered{engine: newEngine(50e6), lookback: LookbackDelta, data: data, grid: grid}
	err := o.matrix(context.Background(), expr, func(m promql.Matrix) error {
		for _, s := range m {
			v := make([]float64, (grid.To-grid.From)/grid.Step+1)
			for k := range v {
				v[k] = math.Float64frombits(value.StaleNaN)
			}
			for _, p := range s.Floats {
				v[(p.T-grid.From)/grid.Step] = p.F
			}
			out[s.Metric.String()] = v
		}
		return nil
	})
	return out, err
}

// seriesDiff compares bit for bit, but for which NaN it is.
func seriesDiff(got, want map[string][]float64) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%d series, the engine has %d: %v and %v", len(got), len(want), got, want)
	}
	for ls, w := range want {
		g, ok := got[ls]
		if !ok {
			return fmt.Sprintf("no %s", ls)
		}
		for k := range w {
			same := math.Float64bits(g[k]) == math.Float64bits(w[k]) ||
				math.IsNaN(g[k]) && math.IsNaN(w[k]) && eval.Absent(g[k]) == eval.Absent(w[k])
			if !same {
				return fmt.Sprintf("%s at step %d: %v (%x), the engine has %v (%x)", ls, k, g[k], math.Float64bits(g[k]), w[k], math.Float64bits(w[k]))
			}
		}
	}
	return ""
}

// seriesAtRandom are two metrics and the buckets of a histogram over 90 minutes, with everything that happens to series.
func seriesAtRandom(rng *rand.Rand) memQueryable {
	var out memQueryable
	for _, name := range []string{"a", "b_total"} {
		for _, x := range []string{"1", "2", "3"} {
			for _, y := range []string{"1", "2"} {
				if rng.IntN(6) > 0 {
					out = append(out, memSeries{labels.FromStrings("__name__", name, "x", x, "y", y), samplesAtRandom(rng, name == "b_total")})
				}
			}
		}
	}
	for _, le := range []string{"0.1", "0.5", "1", "1.0", "+Inf", "odd"} {
		for _, x := range []string{"1", "2"} {
			if rng.IntN(8) > 0 {
				out = append(out, memSeries{labels.FromStrings("__name__", "h_bucket", "x", x, "le", le), samplesAtRandom(rng, true)})
			}
		}
	}
	return out
}

func samplesAtRandom(rng *rand.Rand, counter bool) []sample {
	var out []sample
	scale := []float64{1, 1, 1, 1e-3, 1e16, 4e307}[rng.IntN(6)]
	every, v := []int64{15_000, 30_000, 60_000, 400_000}[rng.IntN(4)], 0.0
	for t := rng.Int64N(every); t < 5_400_000; t += every {
		at := t
		if every != 60_000 {
			at += rng.Int64N(every / 2)
		}
		switch {
		case !counter:
			v = scale * rng.NormFloat64()
		case rng.IntN(20) == 0:
			v = scale * rng.Float64()
		default:
			v += scale * rng.ExpFloat64()
		}
		s := sample{t: t0 + at, v: v}
		switch rng.IntN(60) {
		case 0:
			s.v = math.Float64frombits(value.StaleNaN)
		case 1:
			s.v = math.NaN()
		case 2:
			s.v = math.Inf(1 - 2*rng.IntN(2))
		case 3:
			s.v = math.Copysign(0, float64(rng.IntN(2))-0.5)
		case 4:
			t += every * rng.Int64N(30) // a gap
		}
		if v > math.MaxFloat64/2 {
			v = 0
		}
		out = append(out, s)
	}
	return out
}

// grammar makes expressions that package eval knows.
type grammar struct{ *rand.Rand }

func (g grammar) pick(list ...string) string { return list[g.IntN(len(list))] }

func (g grammar) selector() string {
	return g.pick("a", "b_total", "a", `a{x="1"}`, `b_total{y!="1"}`, `b_total{x=~"1|2"}`, `{__name__=~"a|b_total"}`)
}

func (g grammar) offset() string {
	return g.pick("", "", "", " offset 5m", " offset 7s", " offset -4m")
}

func (g grammar) vector(depth int) string {
	if depth == 0 {
		return g.leaf()
	}
	switch g.IntN(9) {
	case 0, 1:
		return g.leaf()
	case 2, 3:
		return g.aggregate(depth)
	case 4:
		if of := g.vector(depth - 1); g.IntN(2) == 0 {
			return fmt.Sprintf(g.pick(`label_replace(%s, "z", "v$1", "x", "(1|2)")`, `label_replace(%s, "x", "$1$2", "y", "(.)(.*)")`, `label_join(%s, "x", "-", "y", "x")`,
				`label_replace(%s, "z", "all", "", "")`), of)
		}
		return "-(" + g.vector(depth-1) + ")"
	case 5:
		return g.function(g.vector(depth - 1))
	case 6:
		of, op, by := g.vector(depth-1), g.operator(), g.pick("2", "0", "-1.5", "1e3", "time()", "(1 + 2 * 3)", "(1 > bool 2)", "-time()")
		if g.IntN(2) == 0 {
			return fmt.Sprintf("(%s) %s %s", of, op, by)
		}
		return fmt.Sprintf("%s %s (%s)", by, op, of)
	case 7:
		return g.histogram()
	default:
		return g.binary(depth)
	}
}

func (g grammar) leaf() string {
	if g.IntN(3) == 0 {
		return g.selector() + g.offset()
	}
	span := g.pick("[5m]", "[1m]", "[31s]", "[20m]")
	of := g.selector() + span + g.offset()
	switch f := g.pick("rate", "rate", "increase", "delta", "irate", "idelta", "changes", "resets", "deriv", "predict_linear", "quantile_over_time",
		"sum_over_time", "avg_over_time", "min_over_time", "max_over_time", "count_over_time", "last_over_time", "present_over_time",
		"stddev_over_time", "stdvar_over_time"); f {
	case "predict_linear":
		return f + "(" + of + ", 600)"
	case "quantile_over_time":
		return f + "(0.7, " + of + ")"
	default:
		return f + "(" + of + ")"
	}
}

func (g grammar) aggregate(depth int) string {
	return fmt.Sprintf("%s%s (%s)", g.pick("sum", "sum", "avg", "min", "max", "count", "group"),
		g.pick("", " by (x)", " by (y, x)", " without (y)", " by ()", " without ()", " by (nothing)"), g.vector(depth-1))
}

func (g grammar) function(of string) string {
	switch f := g.pick("abs", "ceil", "floor", "exp", "sqrt", "ln", "log2", "log10", "sgn", "round", "clamp_min", "clamp_max"); f {
	case "clamp_min", "clamp_max":
		return fmt.Sprintf("%s(%s, %s)", f, of, g.pick("0.5", "-2", "NaN"))
	case "round":
		return fmt.Sprintf("round(%s%s)", of, g.pick("", ", 0.5", ", 0.1"))
	default:
		return f + "(" + of + ")"
	}
}

func (g grammar) operator() string {
	op := g.pick("+", "-", "*", "/", "%", "^", "atan2", ">", "<", ">=", "<=", "==", "!=")
	if strings.ContainsAny(op, "<>=!") && g.IntN(2) == 0 {
		op += " bool"
	}
	return op
}

func (g grammar) binary(depth int) string {
	l, r := g.vector(depth-1), g.vector(depth-1)
	if g.IntN(3) == 0 {
		return fmt.Sprintf("(%s) %s %s (%s)", l, g.pick("and", "or", "unless"), g.pick("", "on (x)", "on ()", "ignoring (y)", "ignoring ()"), r)
	}
	switch g.IntN(4) {
	case 0:
		return fmt.Sprintf("(%s) %s (%s)", l, g.operator(), r)
	case 1:
		return fmt.Sprintf("(%s) %s on (x) group_left (y) max by (x) (%s)", l, g.operator(), r)
	case 2:
		return fmt.Sprintf("max by (x, y) (%s) %s on (x) group_right () (%s)", l, g.operator(), r)
	default:
		return fmt.Sprintf("max by (x) (%s) %s %s min by (x) (%s)", l, g.operator(), g.pick("", "on (x)", "ignoring (y)"), r)
	}
}

func (g grammar) histogram() string {
	of := g.pick("h_bucket", "rate(h_bucket[5m])", "sum by (le) (rate(h_bucket[5m]))", "sum by (le, x) (increase(h_bucket[10m]))", "sum without (x) (h_bucket)")
	return fmt.Sprintf("histogram_quantile(%s, %s)", g.pick("0.9", "0.5", "0", "1", "2", "-1"), of)
}

// TestPlanKnows says what the engine evaluates.
func TestPlanKnows(t *testing.T) {
	for expr, want := range map[string]bool{
		`temp`:                           true,
		`temp offset 5m`:                 true,
		`rate(reqs_total[5m])`:           true,
		`quantile_over_time(0.9, a[5m])`: true,
		`sum by (job) (rate(a[5m])) / sum by (job) (rate(b[5m]))`:   true,
		`histogram_quantile(0.9, sum by (le) (rate(a_bucket[5m])))`: true,
		`(a or 0 * b) / (sum(rate(c[5m])) > 1)`:                     true,
		`temp @ 1700000000`:                                         false,
		`max_over_time(rate(a[5m])[1h:1m])`:                         false,
		`topk(3, a)`:                                                false,
		`sum(topk(3, a))`:                                           false,
		`stddev(a)`:                                                 false,
		`absent(a)`:                                                 false,
		`label_replace(a, "b", "", "", "")`:                         true,
		`label_replace(a, "b", "", "", "(")`:                        false,
		`vector(1)`:                                                 false,
		`histogram_count(rate(a[5m]))`:                              false,
		`count_values("v", a)`:                                      false,
		`absent_over_time(a[5m])`:                                   false,
		`quantile_over_time(scalar(b), a[5m])`:                      false,
	} {
		e, err := exprParser.ParseExpr(expr)
		if err != nil {
			if want {
				t.Errorf("%s: %v", expr, err)
			}
			continue
		}
		if got := eval.Compile(e) != nil; got != want {
			t.Errorf("%s: compiled %t, want %t", expr, got, want)
		}
	}
}
