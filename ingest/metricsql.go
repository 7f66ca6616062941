package ingest

import (
	"slices"

	"github.com/prometheus/prometheus/promql/parser"
)

// victoriaHeader is in every answer of VictoriaMetrics, unless it was told to leave it out.
const victoriaHeader = "X-Server-Hostname"

// metricsQL writes an expression for VictoriaMetrics. That takes the newest sample of about two of a series' usual intervals for a
// selector alone, however long max_lookback is, and so gives nothing in gaps that PromQL bridges. Its default_rollup with a range is
// what a selector means in PromQL: the newest sample of the last five minutes, none after a staleness marker
// (app/vmselect/promql/rollup.go of v1.148).
func metricsQL(expr string) string {
	e, err := exprParser.ParseExpr(expr)
	if err != nil {
		return expr // the server will say it
	}
	var alone []*parser.VectorSelector
	parser.Inspect(e, func(n parser.Node, path []parser.Node) error {
		sel, ok := n.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		if _, ranged := last(path).(*parser.MatrixSelector); !ranged {
			alone = append(alone, sel)
		}
		return nil
	})
	slices.SortFunc(alone, func(a, b *parser.VectorSelector) int { return int(b.PosRange.Start) - int(a.PosRange.Start) })
	out := expr
	for _, sel := range alone {
		from, to := int(sel.PosRange.Start), int(sel.PosRange.End)
		if from < 0 || to > len(expr) || from >= to {
			return expr
		}
		ranged := &parser.MatrixSelector{VectorSelector: sel, Range: LookbackDelta}
		out = out[:from] + "default_rollup(" + ranged.String() + ")" + out[to:]
	}
	return out
}

// last is the node around; nil at the top.
func last(path []parser.Node) parser.Node {
	if len(path) == 0 {
		return nil
	}
	return path[len(path)-1]
}
