package configs

import (
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
)

// Agg says how the samples of one step become its point; "" is PromQL's own: the newest sample of the last five minutes.
type Agg string

// aggregations are the values of agg with the PromQL before the range: the point at t is made of the samples in (t−step, t].
var aggregations = map[Agg]string{
	"avg": "avg_over_time(", "max": "max_over_time(", "min": "min_over_time(", "last": "last_over_time(", "p95": "quantile_over_time(0.95, ",
}

var aggNames = []string{"avg", "max", "min", "last", "p95"}

func (a *Agg) parse(s string) error {
	if !slices.Contains(aggNames, s) {
		return oneOf(s, aggNames)
	}
	*a = Agg(s)
	return nil
}

// aggregate is the expression that makes each point of the samples of its step. A counter's value is never a point, and an expression's samples are not those of a step.
func aggregate(s scope, expr string, agg Agg, step time.Duration) string {
	e, bad := parseExpr(expr)
	if agg == "" || bad != nil || step <= 0 {
		return expr
	}
	v, ok := unparen(e).(*parser.VectorSelector)
	if !ok {
		s.wrong("goes with a selector alone, and expr is more", fmt.Sprintf("write what you mean into expr, for example max_over_time((%s)[%s:15s])", shorten(expr), formatDuration(step)))
		return expr
	}
	if l := (&linter{}); l.counterLevel(metricName(v)) == LevelError {
		rate := parser.MatrixSelector{VectorSelector: v, Range: max(step, windowScrapes*assumedInterval)}
		s.wrong(metricName(v)+" is a counter, which only grows: its "+string(agg)+" says nothing", fmt.Sprintf("leave agg out and write expr: rate(%s)", rate.String()))
	}
	window := parser.MatrixSelector{VectorSelector: v, Range: step}
	return aggregations[agg] + window.String() + ")"
}

func unparen(e parser.Expr) parser.Expr {
	for {
		p, ok := e.(*parser.ParenExpr)
		if !ok {
			return e
		}
		e = p.Expr
	}
}

// written is the offset in what was written as expr of an offset in what aggregate made of it.
func (a Agg) written(offset int) int { return max(0, offset-len(aggregations[a])) }
