package eval

import (
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// compiler turns the parser's tree into nodes. Its methods say no where an expression is not known here.
type compiler struct{ reads []*selection }

// metadata are the labels that are gone when a value is no longer the metric's.
var metadata = []string{model.MetricNameLabel, model.MetricTypeLabel, model.MetricUnitLabel}

func (c *compiler) vector(e parser.Expr) (node, bool) {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return c.vector(e.Expr)
	case *parser.VectorSelector:
		sel, ok := c.selection(e, 0)
		return &instant{sel}, ok
	case *parser.UnaryExpr:
		of, ok := c.vector(e.Expr)
		if e.Op != parser.SUB {
			return of, ok
		}
		return &mapped{of: of, f: func(_ int, x float64) float64 { return -x }}, ok
	case *parser.AggregateExpr:
		return c.aggregate(e)
	case *parser.Call:
		return c.call(e)
	case *parser.BinaryExpr:
		return c.binary(e)
	default:
		return nil, false
	}
}

// selection takes a selector without a fixed time and without modifiers that only the engine knows.
func (c *compiler) selection(e *parser.VectorSelector, span int64) (*selection, bool) {
	if e.Timestamp != nil || e.StartOrEnd != 0 || e.OriginalOffsetExpr != nil || e.Anchored || e.Smoothed {
		return nil, false
	}
	e.Offset = e.OriginalOffset
	s := &selection{index: len(c.reads), matchers: e.LabelMatchers, offset: e.OriginalOffset.Milliseconds(), span: span}
	c.reads = append(c.reads, s)
	return s, true
}

func (c *compiler) aggregate(e *parser.AggregateExpr) (node, bool) {
	switch e.Op {
	case parser.SUM, parser.AVG, parser.MIN, parser.MAX, parser.COUNT, parser.GROUP:
	default:
		return nil, false
	}
	names := slices.Clone(e.Grouping)
	if e.Without {
		names = append(names, metadata...)
	}
	slices.Sort(names)
	of, ok := c.vector(e.Expr)
	if OrderShows(e.Op) && Chance(e.Expr) {
		of = inOrder(of, e.Expr)
	}
	return &aggregate{of: of, op: e.Op, names: slices.Compact(names), without: e.Without}, ok
}

func (c *compiler) call(e *parser.Call) (node, bool) {
	if i := slices.IndexFunc(e.Args, func(a parser.Expr) bool { return a.Type() == parser.ValueTypeMatrix }); i >= 0 {
		return c.overTime(e, i)
	}
	switch e.Func.Name {
	case "vector":
		v, ok := c.scalar(e.Args[0])
		return &constant{v}, ok
	case "label_replace", "label_join":
		return c.relabel(e)
	case "histogram_quantile":
		q, ok := c.scalar(e.Args[0])
		of, known := c.vector(e.Args[1])
		return &quantile{q: q, of: of}, ok && known
	}
	return c.simple(e)
}

// overTime takes a function of a range selector.
func (c *compiler) overTime(e *parser.Call, i int) (node, bool) {
	m, ok := e.Args[i].(*parser.MatrixSelector)
	if !ok || m.RangeExpr != nil {
		return nil, false
	}
	vs, ok := m.VectorSelector.(*parser.VectorSelector)
	if !ok {
		return nil, false
	}
	out := &overTime{name: e.Func.Name, args: e.Args, seconds: m.Range.Seconds(), of: overTimes[e.Func.Name]}
	if out.of == nil && !slices.Contains(engineOverTime, e.Func.Name) {
		return nil, false
	}
	out.engine = promql.FunctionCalls[e.Func.Name]
	for k, a := range e.Args {
		if k == i {
			continue
		}
		v, ok := c.scalar(a)
		if !ok {
			return nil, false
		}
		out.params = append(out.params, v)
	}
	out.selection, ok = c.selection(vs, m.Range.Milliseconds())
	if out.name == "last_over_time" {
		return out, ok
	}
	return &unnamed{out}, ok
}

func (c *compiler) binary(e *parser.BinaryExpr) (node, bool) {
	l, r := e.LHS.Type() == parser.ValueTypeScalar, e.RHS.Type() == parser.ValueTypeScalar
	op, known := operators[e.Op]
	switch {
	case !l && !r:
		return c.matched(e)
	case !known:
		return nil, false
	case r:
		of, ok := c.vector(e.LHS)
		by, known := c.scalar(e.RHS)
		return withScalar(of, by, op, e, false), ok && known
	default:
		of, ok := c.vector(e.RHS)
		by, known := c.scalar(e.LHS)
		return withScalar(of, by, op, e, true), ok && known
	}
}

// matched takes an operator between series.
func (c *compiler) matched(e *parser.BinaryExpr) (node, bool) {
	m := e.VectorMatching
	if m.FillValues.LHS != nil || m.FillValues.RHS != nil {
		return nil, false
	}
	left, ok := c.vector(e.LHS)
	if !ok {
		return nil, false
	}
	right, ok := c.vector(e.RHS)
	sig := newSignature(m)
	switch e.Op {
	case parser.LAND:
		return &filtered{left: left, right: right, sig: sig, want: true}, ok
	case parser.LUNLESS:
		return &filtered{left: left, right: right, sig: sig, want: false}, ok
	case parser.LOR:
		return &union{left: left, right: right, sig: sig}, ok
	}
	op, known := operators[e.Op]
	return &joined{left: left, right: right, sig: sig, op: op, expr: e}, ok && known
}
