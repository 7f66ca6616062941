package ingest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
)

// Behind gives expressions about the raw samples behind the series of another expression. Their series have the labels of its
// series, but for the metric's name; what they say of an aggregate is an average over what it is made of. Their samples are those
// that the expression itself reads, or nearly.
type Behind struct {
	// Resets is how often counters fell within a range, where that is from least on, on average; the falls of one of them that are
	// no restart, because it did not fall to a tenth, count twice and for all. "" where the expression takes no increase of a
	// counter, or names its series in a way that this does not follow.
	Resets func(within time.Duration, least float64) string
	// Count is how many samples there are within a range; "" as above.
	Count func(within time.Duration) string
	// Window is the longest range over which an increase is taken; 0: none is.
	Window time.Duration
}

// SeesSamples reports whether a source evaluates over raw samples, so that what is behind a series costs little to ask: by
// remote-read or from a recording, not by query_range or from CSV files.
func SeesSamples(s Source) bool {
	switch s := s.(type) {
	case *Remote, *recordedReader:
		return true
	case *auto:
		return s.State().Protocol != ProtocolQueryRange
	}
	return false
}

// increases are the functions that take a fall of a counter for a restart.
var increases = []string{"rate", "increase", "irate"}

// BehindOf looks behind an expression that parses; another gives the zero value's answers, "".
func BehindOf(expr string) Behind {
	e, err := exprParser.ParseExpr(expr)
	b := Behind{Resets: func(time.Duration, float64) string { return "" }, Count: func(time.Duration) string { return "" }}
	if err != nil {
		return b
	}
	parser.Inspect(e, func(n parser.Node, path []parser.Node) error {
		m, ok := n.(*parser.MatrixSelector)
		if !ok || len(path) == 0 {
			return nil
		}
		if c, ok := path[len(path)-1].(*parser.Call); ok && slices.Contains(increases, c.Func.Name) {
			b.Window = max(b.Window, m.Range)
		}
		return nil
	})
	b.Resets = func(within time.Duration, least float64) string {
		partly := &look{
			within: within, only: increases, group: "max",
			leaf: "2 * (resets(%[1]s) > 0 and min_over_time(%[1]s) > 0.1 * max_over_time(%[1]s) and max_over_time(%[1]s) > 100)",
		}
		wholly := &look{within: within, only: increases, group: "avg", leaf: "resets(%s)"}
		if text := wholly.behind(e); text != "" {
			return fmt.Sprintf("(%s) or (%s) >= %g", partly.behind(e), text, least)
		}
		return ""
	}
	b.Count = func(within time.Duration) string {
		return (&look{within: within, group: "avg", leaf: "count_over_time(%s)"}).behind(e)
	}
	return b
}

// look says what to put in the place of what an expression makes of its samples.
type look struct {
	leaf   string // an expression, with %s for the selector and its range
	group  string // the aggregation of what an aggregate is made of
	within time.Duration
	only   []string // functions of a range that are looked behind; nil: any, and plain selectors
}

func (l *look) samples(of parser.Expr) string {
	return fmt.Sprintf(l.leaf, &parser.MatrixSelector{VectorSelector: of, Range: l.within})
}

func (l *look) behind(e parser.Expr) string {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return l.behind(e.Expr)
	case *parser.UnaryExpr:
		return l.behind(e.Expr)
	case *parser.VectorSelector:
		if l.only != nil {
			return ""
		}
		return l.samples(e)
	case *parser.AggregateExpr:
		if e.Param != nil {
			return ""
		}
		return l.grouped(l.behind(e.Expr), e.Without, e.Grouping)
	case *parser.Call:
		return l.call(e)
	case *parser.BinaryExpr:
		return l.binary(e)
	}
	return ""
}

// grouped aggregates what an expression gives.
func (l *look) grouped(inner string, without bool, names []string) string {
	if inner == "" {
		return ""
	}
	by := "by"
	if without {
		by = "without"
	}
	quoted := make([]string, len(names))
	for i, n := range names {
		if quoted[i] = n; !model.LegacyValidation.IsValidLabelName(n) {
			quoted[i] = strconv.Quote(n)
		}
	}
	return fmt.Sprintf("%s %s (%s) (%s)", l.group, by, strings.Join(quoted, ", "), inner)
}

func (l *look) call(e *parser.Call) string {
	switch e.Func.Name {
	case "label_replace", "label_join", "absent", "absent_over_time", "info", "vector":
		return ""
	case "histogram_quantile":
		return l.grouped(l.behind(e.Args[1]), true, []string{model.BucketLabel})
	}
	for _, a := range e.Args {
		switch a := a.(type) {
		case *parser.MatrixSelector:
			if l.only != nil && !slices.Contains(l.only, e.Func.Name) {
				return ""
			}
			return l.samples(a.VectorSelector)
		case *parser.SubqueryExpr:
			return ""
		default:
			if a.Type() == parser.ValueTypeVector {
				return l.behind(a)
			}
		}
	}
	return ""
}

// binary looks behind the side whose labels the result has, or the other where that has nothing to show.
func (l *look) binary(e *parser.BinaryExpr) string {
	m := e.VectorMatching
	switch {
	case e.LHS.Type() == parser.ValueTypeScalar:
		return l.behind(e.RHS)
	case e.RHS.Type() == parser.ValueTypeScalar:
		return l.behind(e.LHS)
	case e.Op == parser.LOR:
		return ""
	case e.Op.IsSetOperator(), m.Card == parser.CardManyToOne:
		return l.behind(e.LHS)
	case m.Card == parser.CardOneToMany:
		return l.behind(e.RHS)
	}
	for _, side := range []parser.Expr{e.LHS, e.RHS} {
		switch inner := l.behind(side); {
		case inner == "":
			continue
		case m.On || len(m.MatchingLabels) > 0:
			return l.grouped(inner, !m.On, m.MatchingLabels)
		default:
			return inner
		}
	}
	return ""
}
