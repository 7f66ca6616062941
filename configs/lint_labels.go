package configs

import (
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// churn are labels whose values come and go with every roll-out or restart.
var churn = []string{"pod", "pod_name", "pod_ip", "pod_uid", "uid", "id", "container_id", "image_id", "pid", "endpoint_ip"}

// tied are labels that name a place: fine where the author asks for them by name (one series per machine), churn where they
// only were not aggregated away.
var tied = []string{"instance", "container", "node", "replica"}

// labelSet is what is known of the labels of an expression's result: at least nothing, at most the given names, or all but
// some where all is set.
type labelSet struct {
	all    bool
	except map[string]bool // where all
	names  map[string]bool
	from   []*parser.VectorSelector // where all: whose labels they are
}

func (s labelSet) mayHave(name string) bool {
	return s.names[name] || s.all && !s.except[name]
}

func only(names ...string) labelSet {
	s := labelSet{names: map[string]bool{}}
	for _, n := range names {
		s.names[n] = true
	}
	return s
}

// outputLabels says which labels an expression's series may have.
func outputLabels(e parser.Expr) labelSet {
	switch e := e.(type) {
	case *parser.VectorSelector:
		return labelSet{all: true, except: pinned(e.LabelMatchers), names: map[string]bool{}, from: []*parser.VectorSelector{e}}
	case *parser.MatrixSelector:
		return outputLabels(e.VectorSelector)
	case *parser.SubqueryExpr:
		return outputLabels(e.Expr)
	case *parser.ParenExpr:
		return outputLabels(e.Expr)
	case *parser.UnaryExpr:
		return outputLabels(e.Expr)
	case *parser.StepInvariantExpr:
		return outputLabels(e.Expr)
	case *parser.AggregateExpr:
		return aggregateLabels(e)
	case *parser.BinaryExpr:
		return binaryLabels(e)
	case *parser.Call:
		return callLabels(e)
	default:
		return only()
	}
}

// pinned are the labels that a selector fixes to one value, so that they cannot churn.
func pinned(ms []*labels.Matcher) map[string]bool {
	out := map[string]bool{}
	for _, m := range ms {
		if m.Type == labels.MatchEqual && m.Value != "" {
			out[m.Name] = true
		}
	}
	return out
}

func aggregateLabels(a *parser.AggregateExpr) labelSet {
	in := outputLabels(a.Expr)
	if a.Op == parser.TOPK || a.Op == parser.BOTTOMK || a.Op == parser.LIMITK || a.Op == parser.LIMIT_RATIO {
		return in
	}
	if !a.Without {
		return only(a.Grouping...)
	}
	out := labelSet{all: in.all, except: maps.Clone(in.except), names: maps.Clone(in.names), from: in.from}
	for _, g := range a.Grouping {
		delete(out.names, g)
		if out.all {
			out.except[g] = true
		}
	}
	return out
}

func binaryLabels(b *parser.BinaryExpr) labelSet {
	if b.LHS.Type() == parser.ValueTypeScalar {
		return outputLabels(b.RHS)
	}
	left := outputLabels(b.LHS)
	if b.RHS.Type() == parser.ValueTypeScalar || b.VectorMatching == nil {
		return left
	}
	right := outputLabels(b.RHS)
	switch {
	case b.Op == parser.LAND || b.Op == parser.LUNLESS:
		return left
	case b.Op == parser.LOR:
		return union(left, right)
	case b.VectorMatching.Card == parser.CardManyToOne:
		return union(left, only(b.VectorMatching.Include...))
	case b.VectorMatching.Card == parser.CardOneToMany:
		return union(right, only(b.VectorMatching.Include...))
	case b.VectorMatching.On:
		return only(b.VectorMatching.MatchingLabels...)
	default:
		return left
	}
}

func union(a, b labelSet) labelSet {
	out := labelSet{all: a.all || b.all, except: map[string]bool{}, names: maps.Clone(a.names), from: append(slices.Clone(a.from), b.from...)}
	maps.Copy(out.names, b.names)
	for name := range a.except {
		if !b.all || b.except[name] {
			out.except[name] = true
		}
	}
	if !a.all {
		maps.Copy(out.except, b.except)
	}
	return out
}

func callLabels(c *parser.Call) labelSet {
	if c.Func.Name == "absent" || c.Func.Name == "absent_over_time" {
		return only() // equality matchers only
	}
	out := only()
	for _, arg := range c.Args {
		if t := arg.Type(); t == parser.ValueTypeVector || t == parser.ValueTypeMatrix {
			out = outputLabels(arg)
			break
		}
	}
	switch c.Func.Name {
	case "label_replace", "label_join":
		if dst, ok := c.Args[1].(*parser.StringLiteral); ok {
			out = union(out, only(dst.Val))
		}
	case "histogram_quantile":
		out = union(out, only())
		delete(out.names, "le")
		if out.all {
			out.except["le"] = true
		}
	}
	return out
}

// churnLabels: a series whose labels change with every roll-out never grows old enough to be known.
func (l *linter) churnLabels() {
	out := outputLabels(l.expr)
	for _, name := range churn {
		if out.names[name] {
			l.add(LevelWarning, "churn-label", l.expr, "the result has the label "+name+", whose values come and go", "leave it out of by (…)")
		}
	}
	if !out.all {
		return
	}
	names := l.keptLabels(out)
	if len(names) == 0 {
		return
	}
	l.add(LevelWarning, "churn-label", l.expr, "the result keeps every label, also "+strings.Join(names, ", ")+", whose values come and go",
		"aggregate, for example sum by (job) ("+shorten(l.expr.String())+")")
}

// keptLabels are the labels that nobody asked for and that come and go: those that the data has, else those that every scrape
// adds.
func (l *linter) keptLabels(out labelSet) []string {
	var kept []string
	for _, v := range out.from {
		known := l.meta.labelNames(metricName(v))
		if known == nil {
			if strings.Contains(metricName(v), ":") {
				continue // a recording rule has the labels that its author chose
			}
			known = []string{"instance"}
		}
		for _, name := range known {
			if (slices.Contains(churn, name) || slices.Contains(tied, name)) && out.mayHave(name) && !slices.Contains(kept, name) {
				kept = append(kept, name)
			}
		}
	}
	slices.Sort(kept)
	return kept
}
