package ingest

import (
	"context"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/schema"
	"github.com/tidewatch/tidewatch/ingest/eval"
)

// mixed says whether the order of an expression's series is left to chance: because of what it is, or because series on the way
// to it became equal, at times of their own, which the engine merges by a map. path is what is around it.
func (o *ordered) mixed(ctx context.Context, e parser.Expr, path []parser.Node) (bool, error) {
	if eval.Chance(e) {
		return true, nil
	}
	path = slices.Clone(path)
	for e != nil {
		merged, err := o.merged(ctx, e, o.gridOf(path))
		if err != nil || merged {
			return merged, err
		}
		path = append(path, e)
		e = below(e)
	}
	return false, nil
}

// below is the expression whose series, one for one, those of an expression are; nil where there is none.
func below(e parser.Expr) parser.Expr {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return e.Expr
	case *parser.UnaryExpr:
		return e.Expr
	case *parser.SubqueryExpr:
		return e.Expr
	case *parser.AggregateExpr:
		if !eval.OrderShows(e.Op) {
			return e.Expr
		}
	case *parser.Call:
		for _, a := range e.Args {
			if t := a.Type(); t == parser.ValueTypeMatrix || t == parser.ValueTypeVector {
				return a
			}
		}
	}
	return nil
}

// merged says whether an expression makes series equal that were different ones.
func (o *ordered) merged(ctx context.Context, e parser.Expr, g eval.Grid) (bool, error) {
	if g.From > g.To {
		return false, nil
	}
	switch e := e.(type) {
	case *parser.UnaryExpr:
		if e.Op == parser.SUB && !oneName(e.Expr) {
			_, alike, err := o.count(ctx, e.Expr, g)
			return alike, err
		}
	case *parser.Call:
		of := below(e)
		switch {
		case of == nil:
		case e.Func.Name == "label_replace" || e.Func.Name == "label_join":
			before, _, err := o.count(ctx, of, g)
			if err != nil {
				return false, err
			}
			after, _, err := o.count(ctx, e, g)
			return after < before, err
		case of.Type() == parser.ValueTypeMatrix && !oneName(of):
			_, alike, err := o.count(ctx, &parser.Call{Func: parser.Functions["last_over_time"], Args: parser.Expressions{of}}, g)
			return alike, err
		}
	}
	return false, nil
}

// count says how many series an expression gives, and whether some are alike but for the metric's name.
func (o *ordered) count(ctx context.Context, e parser.Expr, g eval.Grid) (n int, alike bool, err error) {
	met := map[string]bool{}
	err = o.run(ctx, e.String(), g, func(m promql.Matrix) error {
		for i := range m {
			met[m[i].Metric.DropReserved(schema.IsMetadataLabel).String()] = true
		}
		n = len(m)
		return nil
	})
	return n, len(met) < n, err
}

// oneName says whether all series of an expression have the same metric name, or none.
func oneName(e parser.Expr) bool {
	switch e := e.(type) {
	case *parser.VectorSelector:
		return eval.OneMetric(e)
	case *parser.MatrixSelector:
		return oneName(e.VectorSelector)
	case *parser.AggregateExpr:
		return !slices.Contains(e.Grouping, model.MetricNameLabel)
	case *parser.Call:
		if e.Func.Name != "last_over_time" && e.Func.Name != "label_replace" && e.Func.Name != "label_join" {
			return true
		}
	}
	if of := below(e); of != nil {
		return oneName(of)
	}
	return false
}
