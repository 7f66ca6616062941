package eval

import (
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// Chance reports whether Prometheus's engine gives the series of an expression in another order every time, because it collects
// them in a Go map: results of operators, of functions of instant vectors, of topk and its like. An aggregation in whose result the order
// shows (OrderShows) then takes them in the order of their labels, here and where Tidewatch has the engine evaluate.
func Chance(e parser.Expr) bool {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return Chance(e.Expr)
	case *parser.StepInvariantExpr:
		return Chance(e.Expr)
	case *parser.UnaryExpr:
		return Chance(e.Expr)
	case *parser.SubqueryExpr:
		return Chance(e.Expr)
	case *parser.BinaryExpr:
		return true
	case *parser.AggregateExpr:
		switch e.Op {
		case parser.COUNT, parser.GROUP:
			return Chance(e.Expr)
		default:
			return slices.Contains(picking, e.Op)
		}
	case *parser.Call:
		i := slices.IndexFunc(e.Args, func(a parser.Expr) bool { return a.Type() == parser.ValueTypeMatrix })
		switch {
		case i >= 0:
			return Chance(e.Args[i])
		case slices.Contains(relabelings, e.Func.Name):
			return Chance(e.Args[0])
		}
		return true
	}
	return false
}

// picking are the aggregations whose results the engine collects in a map.
var picking = []parser.ItemType{parser.TOPK, parser.BOTTOMK, parser.LIMITK, parser.LIMIT_RATIO, parser.COUNT_VALUES}

var relabelings = []string{"label_replace", "label_join"}

// OrderShows reports whether an aggregation's result depends on the order of what it aggregates: the last bits of sums, the sign of
// a zero, and which of equal values are the top ones.
func OrderShows(op parser.ItemType) bool {
	return op != parser.COUNT && op != parser.GROUP && op != parser.COUNT_VALUES && op != parser.LIMIT_RATIO
}

// inOrder gives the series of an expression's node in the order of their labels. Where they come so by themselves nothing is
// kept.
func inOrder(of node, e parser.Expr) node {
	if steady(e) {
		return &watched{of}
	}
	return &sorted{of}
}

// steady says whether the series of an expression come in the order of their labels as a rule, as those of a selector do.
func steady(e parser.Expr) bool {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return steady(e.Expr)
	case *parser.UnaryExpr:
		return steady(e.Expr)
	case *parser.VectorSelector:
		return OneMetric(e)
	case *parser.MatrixSelector:
		return steady(e.VectorSelector)
	case *parser.Call:
		i := slices.IndexFunc(e.Args, func(a parser.Expr) bool { return a.Type() != parser.ValueTypeScalar })
		return i >= 0 && e.Func.Name != "histogram_quantile" && !slices.Contains(relabelings, e.Func.Name) && steady(e.Args[i])
	case *parser.BinaryExpr:
		return steadyBinary(e)
	}
	return false
}

// OneMetric says whether a selector gives the metric's name by =, so that all its series have it.
func OneMetric(s *parser.VectorSelector) bool {
	return slices.ContainsFunc(s.LabelMatchers, func(m *labels.Matcher) bool {
		return m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual
	})
}

// steadyBinary looks at the side whose series pass by, if the result has all their labels.
func steadyBinary(e *parser.BinaryExpr) bool {
	m := e.VectorMatching
	switch {
	case e.RHS.Type() == parser.ValueTypeScalar, e.Op == parser.LAND, e.Op == parser.LUNLESS:
		return steady(e.LHS)
	case e.LHS.Type() == parser.ValueTypeScalar:
		return steady(e.RHS)
	case e.Op == parser.LOR || len(m.Include) > 0:
		return false
	case m.Card == parser.CardOneToMany:
		return steady(e.RHS)
	case m.Card == parser.CardManyToOne:
		return steady(e.LHS)
	}
	return !m.On && len(m.MatchingLabels) == 0 && steady(e.LHS)
}

// watched passes series on, and leaves them to the engine if they are not in order after all.
type watched struct{ of node }

func (w *watched) each(r *run, yield func(Series) error) error {
	var last labels.Labels
	first := true
	return w.of.each(r, func(s Series) error {
		if !first && labels.Compare(last, s.Labels) >= 0 {
			return ErrEngine
		}
		first, last = false, s.Labels
		return yield(s)
	})
}

// sorted keeps all series and gives them in order.
type sorted struct{ of node }

func (o *sorted) each(r *run, yield func(Series) error) error {
	var list []Series
	err := o.of.each(r, func(s Series) error {
		list = append(list, Series{s.Labels, slices.Clone(s.V)})
		return r.keep()
	})
	if err != nil {
		return err
	}
	slices.SortFunc(list, func(a, b Series) int { return labels.Compare(a.Labels, b.Labels) })
	for _, s := range list {
		if err := yield(s); err != nil {
			return err
		}
	}
	return nil
}
