package configs

import (
	"errors"
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

// exprProblem is what makes an expression unusable, with the byte offset at which it begins.
type exprProblem struct {
	offset        int
	problem, hint string
}

// parseExpr parses a detector's expression and checks that it returns an instant vector.
func parseExpr(expr string) (parser.Expr, *exprProblem) {
	if strings.TrimSpace(expr) == "" {
		return nil, &exprProblem{0, "is empty", ""}
	}
	e, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		var pes parser.ParseErrors
		if errors.As(err, &pes) && len(pes) > 0 {
			return nil, &exprProblem{int(pes[0].PositionRange.Start), "is not PromQL: " + pes[0].Err.Error(), ""}
		}
		return nil, &exprProblem{0, "is not PromQL: " + firstLine(err), ""}
	}
	switch e.Type() {
	case parser.ValueTypeVector:
		return e, nil
	case parser.ValueTypeScalar:
		return nil, &exprProblem{0, "returns a scalar, want an instant vector", "vector(" + shorten(expr) + ")"}
	case parser.ValueTypeMatrix:
		return nil, &exprProblem{0, "returns a range vector, want an instant vector", "rate(" + shorten(expr) + ") of a counter, avg_over_time(…) of a gauge"}
	default:
		return nil, &exprProblem{0, fmt.Sprintf("returns a %s, want an instant vector", e.Type()), ""}
	}
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

func checkExpr(s scope, expr string) {
	_, bad := parseExpr(expr)
	if bad == nil {
		return
	}
	n := s.d.pos[s.path]
	if n != nil {
		n = resolve(n)
	}
	if !s.broken() {
		s.d.report(inside(n, expr, bad.offset), s.path, bad.problem, bad.hint)
	}
}

// inside is a node that stands where the offset of a scalar's value stands in the file; where the value spans several lines
// or holds escapes, the nearest that can be told.
func inside(n *yaml.Node, value string, offset int) *yaml.Node {
	if n == nil || offset <= 0 || offset > len(value) {
		return n
	}
	at := *n
	before := value[:offset]
	switch {
	case n.Style&yaml.LiteralStyle != 0:
		at.Line += 1 + strings.Count(before, "\n")
		at.Column = offset - strings.LastIndexByte(before, '\n')
	case n.Style&yaml.FoldedStyle != 0:
		at.Line++
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		at.Column += 1 + offset
	default:
		at.Column += offset
	}
	return &at
}
