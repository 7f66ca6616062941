package configs

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// Level says how bad a finding is.
type Level string

// The levels.
const (
	LevelError   Level = "error"   // the detector cannot do what was meant
	LevelWarning Level = "warning" // it probably does not
)

// Finding is what Lint has to say about one place of a detector's expression.
type Finding struct {
	Detector string
	Level    Level
	Rule     string // a stable name, for example "raw-counter"
	Offset   int    // byte offset in the expression
	Problem  string
	Hint     string // what to write instead; may be empty
}

// String is one line: "error: RequestDrop: at 12: … (raw-counter); write …".
func (f Finding) String() string {
	s := fmt.Sprintf("%s: %s: at %d: %s (%s)", f.Level, f.Detector, f.Offset+1, f.Problem, f.Rule)
	if f.Hint != "" {
		s += "; " + f.Hint
	}
	return s
}

// Metadata is what is known about the data that a detector reads. Every function may be nil and may answer "unknown" with its
// zero value, so that the zero Metadata lints offline.
type Metadata struct {
	// Type is the metric's type in Prometheus's words: counter, gauge, histogram, summary.
	Type func(metric string) string
	// ScrapeInterval is the usual distance of the metric's samples.
	ScrapeInterval func(metric string) time.Duration
	// Age is how long ago the metric's oldest sample was taken.
	Age func(metric string) time.Duration
	// LabelNames are the label names that the metric's series have.
	LabelNames func(metric string) []string
}

func (m Metadata) typeOf(metric string) string {
	if m.Type == nil {
		return ""
	}
	return m.Type(metric)
}

func (m Metadata) interval(metric string) time.Duration {
	if m.ScrapeInterval == nil {
		return 0
	}
	return m.ScrapeInterval(metric)
}

func (m Metadata) age(metric string) time.Duration {
	if m.Age == nil {
		return 0
	}
	return m.Age(metric)
}

func (m Metadata) labelNames(metric string) []string {
	if m.LabelNames == nil {
		return nil
	}
	return m.LabelNames(metric)
}

// linter gathers the findings of one detector.
type linter struct {
	d     Detector
	meta  Metadata
	expr  parser.Expr
	found []Finding
}

func (l *linter) add(level Level, rule string, at parser.Node, problem, hint string) {
	l.found = append(l.found, Finding{l.d.Name, level, rule, l.d.Agg.written(int(at.PositionRange().Start)), problem, hint})
}

// lintRules are the rules in the order in which they run.
var lintRules = []func(*linter){
	(*linter).rawCounters,
	(*linter).rateOfGauge,
	(*linter).shortWindows,
	(*linter).churnLabels,
	(*linter).quantiles,
	(*linter).absentNumerator,
	(*linter).unstableSet,
	(*linter).youngMetrics,
	(*linter).joinLabels,
}

// Lint looks for expressions that do not give what a detector needs: steady series of steady identity. The findings are in the
// order of the expression.
func Lint(d Detector, meta Metadata) []Finding {
	e, bad := parseExpr(d.Expr)
	if bad != nil {
		return []Finding{{d.Name, LevelError, "promql", bad.offset, bad.problem, bad.hint}}
	}
	l := &linter{d: d, meta: meta, expr: e}
	for _, rule := range lintRules {
		rule(l)
	}
	slices.SortStableFunc(l.found, func(a, b Finding) int { return cmp.Compare(a.Offset, b.Offset) })
	return slices.Compact(l.found)
}

// walk calls f for every node with the nodes above it, the outermost first.
func (l *linter) walk(f func(n parser.Node, above []parser.Node)) {
	parser.Inspect(l.expr, func(n parser.Node, above []parser.Node) error {
		if n != nil {
			f(n, above)
		}
		return nil
	})
}

// metricName is the name that a selector asks for, "" where it is not one name.
func metricName(v *parser.VectorSelector) string {
	if v.Name != "" {
		return v.Name
	}
	for _, m := range v.LabelMatchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			return m.Value
		}
	}
	return ""
}
