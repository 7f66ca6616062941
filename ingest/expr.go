package ingest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// LookbackDelta is how old the newest sample of a series may be for an instant selector to see it: Prometheus's default.
const LookbackDelta = 5 * time.Minute

var exprParser = parser.NewParser(parser.Options{})

// Analysis is what an expression asks of its source.
type Analysis struct {
	// Type is the type of the result: "vector" is what a detector needs; "scalar", "string" and "matrix" are refused.
	Type string
	// Selectors are the distinct selectors as matcher strings, for example {__name__="up",job="a"}, sorted.
	Selectors []string
	// Uses are the places where a selector stands, in the order of the text.
	Uses []Use
	// LookBack is how far before an evaluation time samples are read, ranges, subqueries, offsets and the look-back delta
	// together. Selectors at a fixed time (@ 1700000000) are left out.
	LookBack time.Duration
	// Ahead is how far after an evaluation time samples are read (negative offsets). Live there is nothing yet.
	Ahead time.Duration
	// Fixed says that some selector reads at a fixed time.
	Fixed bool
}

// Use is one place where an expression selects series.
type Use struct {
	Matchers string        // the selector, as in Analysis.Selectors
	Metric   string        // the metric's name, "" when it is not selected by equality
	Range    time.Duration // of a range selector, 0 for an instant selector
	Offset   time.Duration
	Func     string // the innermost function or aggregation around it, for example "rate"; "" without one
}

// ParseExpr says whether an expression can be a detector's: it parses, gives an instant vector and does not depend on where
// the read begins or ends.
func ParseExpr(expr string) error {
	_, err := Analyze(expr)
	return err
}

// Analyze parses an expression and says what it reads. The error says what is wrong and what would be right.
func Analyze(expr string) (Analysis, error) {
	e, err := exprParser.ParseExpr(expr)
	if err != nil {
		return Analysis{}, queryError(expr, parseMessage(err))
	}
	a := Analysis{Type: string(e.Type())}
	if err := checkType(expr, e); err != nil {
		return a, err
	}
	if err := a.inspect(expr, e); err != nil {
		return a, err
	}
	if len(a.Uses) == 0 {
		return a, queryError(expr, errors.New("it selects no series, so there is nothing to watch; name a metric"))
	}
	a.span(e)
	return a, nil
}

// parseMessage keeps what the parser says about its first errors; its own text repeats the whole expression.
func parseMessage(err error) error {
	var list parser.ParseErrors
	if errors.As(err, &list) && len(list) > 0 {
		return fmt.Errorf("it does not parse: %w", list)
	}
	return fmt.Errorf("it does not parse: %w", err)
}

func checkType(expr string, e parser.Expr) error {
	switch e.Type() {
	case parser.ValueTypeVector:
		return nil
	case parser.ValueTypeMatrix:
		return queryError(expr, errors.New("it gives a range vector; put a function around it, for example rate(…) for a counter or avg_over_time(…) for a gauge"))
	default:
		return queryError(expr, fmt.Errorf("it gives a %s, not series; select series, or write vector(…) around a number", e.Type()))
	}
}

func queryError(expr string, err error) error {
	return &Error{Kind: KindQuery, Op: fmt.Sprintf("expression %q", expr), Err: err}
}

func (a *Analysis) inspect(expr string, e parser.Expr) error {
	var bad error
	parser.Inspect(e, func(n parser.Node, path []parser.Node) error {
		switch n := n.(type) {
		case *parser.VectorSelector:
			a.use(n, path)
			bad = errors.Join(bad, refuseEdge(expr, n.StartOrEnd))
		case *parser.SubqueryExpr:
			bad = errors.Join(bad, refuseEdge(expr, n.StartOrEnd))
		}
		return nil
	})
	slices.Sort(a.Selectors)
	a.Selectors = slices.Compact(a.Selectors)
	return bad
}

// refuseEdge refuses @ start() and @ end(): history is read in pieces and live one point at a time, and the same point
// would get different values.
func refuseEdge(expr string, edge parser.ItemType) error {
	if edge != parser.START && edge != parser.END {
		return nil
	}
	return queryError(expr, errors.New("@ start() and @ end() depend on the range that is read, which differs between history and live; write a Unix time after @, or leave it out"))
}

func (a *Analysis) use(n *parser.VectorSelector, path []parser.Node) {
	u := Use{Matchers: matcherString(n.LabelMatchers), Offset: n.OriginalOffset}
	for _, m := range n.LabelMatchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			u.Metric = m.Value
		}
	}
	for i := len(path) - 1; i >= 0 && u.Func == ""; i-- {
		switch p := path[i].(type) {
		case *parser.MatrixSelector:
			u.Range = p.Range
		case *parser.Call:
			u.Func = p.Func.Name
		case *parser.AggregateExpr:
			u.Func = p.Op.String()
		}
	}
	a.Uses = append(a.Uses, u)
	a.Selectors = append(a.Selectors, u.Matchers)
}

// span asks the engine's own code which samples it would want, selector by selector.
func (a *Analysis) span(e parser.Expr) {
	const at = int64(1) << 42 // any time far from both ends
	for _, sel := range pathsOf(e) {
		mint, maxt := engineSpan(sel, at)
		if later, _ := engineSpan(sel, at+1); later == mint {
			a.Fixed = true
			continue
		}
		a.LookBack = max(a.LookBack, time.Duration(at-mint)*time.Millisecond)
		a.Ahead = max(a.Ahead, time.Duration(maxt-at)*time.Millisecond)
	}
}

func engineSpan(e parser.Expr, at int64) (mint, maxt int64) { return engineRange(e, at, at) }

// engineRange is which samples the engine wants for the times from to to.
func engineRange(e parser.Expr, from, to int64) (mint, maxt int64) {
	return promql.FindMinMaxTime(&parser.EvalStmt{
		Expr: e, Start: time.UnixMilli(from), End: time.UnixMilli(to), Interval: time.Minute, LookbackDelta: LookbackDelta,
	})
}

// pathsOf gives for every selector the expression around it that decides on its range: the outermost subquery, or the
// range or instant selector itself.
func pathsOf(e parser.Expr) []parser.Expr {
	var out []parser.Expr
	parser.Inspect(e, func(n parser.Node, path []parser.Node) error {
		sel, ok := n.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		// Innermost first, so that a later, outer one replaces it.
		widest := parser.Expr(sel)
		for i := len(path) - 1; i >= 0; i-- {
			switch p := path[i].(type) {
			case *parser.MatrixSelector:
				widest = p
			case *parser.SubqueryExpr:
				widest = p
			}
		}
		out = append(out, widest)
		return nil
	})
	return out
}
