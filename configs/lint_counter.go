package configs

import (
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
)

// counterFunctions make of a counter something that goes up and down, or ask only whether it is there.
var counterFunctions = []string{
	"rate", "irate", "increase", "changes", "resets", "absent", "absent_over_time", "present_over_time", "count_over_time",
	"timestamp",
}

// rawCounters: a counter only grows, and what is normal for a value that only grows cannot be learnt.
func (l *linter) rawCounters() {
	l.walk(func(n parser.Node, above []parser.Node) {
		v, ok := n.(*parser.VectorSelector)
		if !ok {
			return
		}
		name := metricName(v)
		level := l.counterLevel(name)
		if level == "" || tamed(v, above) {
			return
		}
		window := "5m"
		if iv := l.meta.interval(name); iv > 0 && 4*iv > 5*60e9 {
			window = formatDuration(4 * iv)
		}
		hint := "write rate(" + v.String() + "[" + window + "])"
		if l.d.Agg != "" {
			hint += ", without agg"
		}
		l.add(level, "raw-counter", v, name+" is a counter, which only grows", hint)
	})
}

// counterLevel is LevelError where the metric is known to be a counter or named like one, LevelWarning where only a suffix that
// gauges have too says so, "" for everything else.
func (l *linter) counterLevel(name string) Level {
	switch l.meta.typeOf(name) {
	case "counter":
		return LevelError
	case "histogram", "summary":
		if strings.HasSuffix(name, "_bucket") || strings.HasSuffix(name, "_count") || strings.HasSuffix(name, "_sum") {
			return LevelError
		}
		return ""
	case "":
	default:
		return ""
	}
	switch {
	case strings.Contains(name, ":"):
		return "" // a recording rule
	case strings.HasSuffix(name, "_total"), strings.HasSuffix(name, "_bucket"):
		return LevelError
	case strings.HasSuffix(name, "_sum"), strings.HasSuffix(name, "_count"):
		return LevelWarning
	default:
		return ""
	}
}

// tamed reports whether the counter's own value does not reach the result: a function made a rate of it, it is only counted,
// or it stands on the side of a set operator that only filters.
func tamed(n parser.Node, above []parser.Node) bool {
	child := n
	for i := len(above) - 1; i >= 0; i-- {
		switch p := above[i].(type) {
		case *parser.Call:
			if slices.Contains(counterFunctions, p.Func.Name) {
				return true
			}
		case *parser.AggregateExpr:
			if p.Op == parser.COUNT || p.Op == parser.GROUP || p.Op == parser.COUNT_VALUES {
				return true
			}
		case *parser.BinaryExpr:
			if child == p.RHS && (p.Op == parser.LAND || p.Op == parser.LUNLESS) {
				return true
			}
		}
		child = above[i]
	}
	return false
}

// rateOfGauge: rate takes every fall for a counter's restart.
func (l *linter) rateOfGauge() {
	l.walk(func(n parser.Node, above []parser.Node) {
		v, ok := n.(*parser.VectorSelector)
		if !ok || len(above) < 2 {
			return
		}
		call, ok := above[len(above)-2].(*parser.Call)
		if !ok {
			return
		}
		name := metricName(v)
		if l.meta.typeOf(name) == "gauge" && slices.Contains([]string{"rate", "irate", "increase"}, call.Func.Name) {
			l.add(LevelWarning, "rate-of-gauge", call, call.Func.Name+" takes every fall of the gauge "+name+" for a restart",
				"write deriv or delta, or watch the gauge itself")
		}
	})
}
