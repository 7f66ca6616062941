package configs

import (
	"fmt"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// absentNumerator: a numerator that picks some series of the denominator's metric (code=~"5..") has no series before the first
// of them appears, and then the ratio is missing where it should be 0.
func (l *linter) absentNumerator() {
	l.walk(func(n parser.Node, above []parser.Node) {
		div, ok := n.(*parser.BinaryExpr)
		if !ok || div.Op != parser.DIV || filledAbove(div, above) {
			return
		}
		num, metric := pickedSelector(div.LHS, div.RHS)
		if num == nil {
			return
		}
		hint := fmt.Sprintf("write (%s or 0 * %s) / %s", div.LHS, stripFilter(div.RHS), div.RHS)
		if _, paren := div.LHS.(*parser.ParenExpr); paren {
			hint = "add `or 0 * …` with the denominator's series to the numerator"
		}
		l.add(LevelWarning, "absent-numerator", num,
			fmt.Sprintf("%s with these labels may have no series, and then the ratio is missing instead of 0", metric), hint)
	})
}

// filledAbove reports whether an `or` around the ratio fills it.
func filledAbove(n parser.Node, above []parser.Node) bool {
	child := n
	for i := len(above) - 1; i >= 0; i-- {
		if b, ok := above[i].(*parser.BinaryExpr); ok && b.Op == parser.LOR && b.LHS == child {
			return true
		}
		child = above[i]
	}
	return false
}

// pickedSelector finds a selector of the numerator that is the denominator's with more conditions, outside of any `or`.
func pickedSelector(num, den parser.Expr) (*parser.VectorSelector, string) {
	all := selectors(den, true)
	for _, v := range selectors(num, false) {
		for _, w := range all {
			if name := metricName(v); name != "" && name == metricName(w) && picksMore(v.LabelMatchers, w.LabelMatchers) {
				return v, name
			}
		}
	}
	return nil, ""
}

// selectors lists the vector selectors of e; without those under an `or` unless filled.
func selectors(e parser.Expr, filled bool) []*parser.VectorSelector {
	var out []*parser.VectorSelector
	parser.Inspect(e, func(n parser.Node, above []parser.Node) error {
		v, ok := n.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		for _, a := range above {
			if b, ok := a.(*parser.BinaryExpr); ok && b.Op == parser.LOR && !filled {
				return nil
			}
		}
		out = append(out, v)
		return nil
	})
	return out
}

func picksMore(num, den []*labels.Matcher) bool {
	for _, m := range num {
		if m.Name == model.MetricNameLabel {
			continue
		}
		shared := false
		for _, o := range den {
			shared = shared || o.String() == m.String()
		}
		if !shared && !m.Matches("") {
			return true
		}
	}
	return false
}

// stripFilter takes a comparison off a denominator, so that 0 * it keeps every series.
func stripFilter(e parser.Expr) string {
	inner := e
	if p, ok := inner.(*parser.ParenExpr); ok {
		inner = p.Expr
	}
	if b, ok := inner.(*parser.BinaryExpr); ok && b.Op.IsComparisonOperator() {
		return b.LHS.String()
	}
	return strings.TrimSpace(e.String())
}

// quantiles: histogram_quantile over classic buckets needs the label le, and a quantile lies between 0 and 1.
func (l *linter) quantiles() {
	l.walk(func(n parser.Node, _ []parser.Node) {
		c, ok := n.(*parser.Call)
		if !ok || c.Func.Name != "histogram_quantile" || len(c.Args) != 2 {
			return
		}
		if q, ok := c.Args[0].(*parser.NumberLiteral); ok && (q.Val < 0 || q.Val > 1) {
			l.add(LevelError, "quantile-range", q, fmt.Sprintf("the quantile %v is not between 0 and 1", q.Val), fmt.Sprintf("write %v", q.Val/100))
		}
		for _, v := range selectors(c.Args[1], true) {
			if strings.HasSuffix(metricName(v), "_bucket") && !outputLabels(c.Args[1]).mayHave("le") {
				l.add(LevelError, "quantile-without-le", c, "histogram_quantile gets no label le", "keep it: sum by (…, le) (rate(…_bucket[5m]))")
				return
			}
		}
	})
}

// unstableSet: topk and its like return other series at each step.
func (l *linter) unstableSet() {
	l.walk(func(n parser.Node, above []parser.Node) {
		a, ok := n.(*parser.AggregateExpr)
		if !ok || len(above) > 0 && reduced(above) {
			return
		}
		switch a.Op {
		case parser.TOPK, parser.BOTTOMK, parser.LIMITK, parser.LIMIT_RATIO, parser.COUNT_VALUES:
			l.add(LevelWarning, "unstable-set", a, a.Op.String()+" returns other series at every step, so none has a history", "watch all of them, or choose some with a selector")
		}
	})
}

func reduced(above []parser.Node) bool {
	for _, n := range above {
		if _, ok := n.(*parser.AggregateExpr); ok {
			return true
		}
	}
	return false
}
