package ingest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// TooManySeries is a *TooManySeriesError for a query with the given output series.
func TooManySeries(q Query, all []labels.Labels) error {
	e := &TooManySeriesError{Detector: q.Detector, Limit: q.MaxSeries, Got: len(all)}
	values := map[string]map[string]struct{}{}
	for _, ls := range all {
		ls.Range(func(l labels.Label) {
			if values[l.Name] == nil {
				values[l.Name] = map[string]struct{}{}
			}
			values[l.Name][l.Value] = struct{}{}
		})
	}
	var names []string
	for name := range values {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(values[b]), len(values[a])), cmp.Compare(a, b))
	})
	if len(names) == 0 {
		return e
	}
	e.WidestLabel, e.Values = names[0], len(values[names[0]])
	rest := slices.DeleteFunc(slices.Clone(names[1:]), func(n string) bool {
		return n == model.MetricNameLabel || len(values[n]) < 2 // a label with one value keeps nothing apart
	})
	slices.Sort(rest)
	e.Suggest = suggest(q.Expr, e.WidestLabel, rest)
	return e
}

// suggest rewrites an expression so that one label goes away: out of its aggregations where it stands there, else by a sum
// around the whole.
func suggest(expr, widest string, rest []string) string {
	e, err := exprParser.ParseExpr(expr)
	if err != nil {
		return ""
	}
	changed := false
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		if agg, ok := n.(*parser.AggregateExpr); ok && !agg.Without && slices.Contains(agg.Grouping, widest) {
			agg.Grouping = slices.DeleteFunc(slices.Clone(agg.Grouping), func(s string) bool { return s == widest })
			changed = true
		}
		return nil
	})
	if changed {
		return e.String()
	}
	if len(rest) == 0 {
		return fmt.Sprintf("sum(%s)", expr)
	}
	return fmt.Sprintf("sum by (%s) (%s)", strings.Join(rest, ", "), expr)
}
