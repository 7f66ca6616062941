package configs

import (
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
)

const (
	windowScrapes   = 4                // a window must survive a missed scrape and the jitter of the others
	assumedInterval = 15 * time.Second // where the scrape interval is not known: the shortest in common use
)

// shortWindows: rate over fewer than four scrapes has gaps whenever one fails, and a window shorter than the step never looks
// at some of the samples.
func (l *linter) shortWindows() {
	l.walk(func(n parser.Node, _ []parser.Node) {
		m, ok := n.(*parser.MatrixSelector)
		if !ok {
			return
		}
		v, ok := m.VectorSelector.(*parser.VectorSelector)
		if !ok {
			return
		}
		interval, known := l.meta.interval(metricName(v)), "of"
		if interval == 0 {
			interval, known = assumedInterval, "if they are"
		}
		switch {
		case l.d.Agg != "":
			l.thinSteps(m, l.meta.interval(metricName(v)))
		case m.Range < windowScrapes*interval:
			l.add(LevelWarning, "short-window", m, fmt.Sprintf("the window of %s holds fewer than %d scrapes, %s %s",
				formatDuration(m.Range), windowScrapes, known, formatDuration(interval)), "write ["+formatDuration(windowScrapes*interval)+"] or more")
		case l.d.Step > 0 && m.Range < l.d.Step:
			l.add(LevelWarning, "window-under-step", m, fmt.Sprintf("the window of %s is shorter than the step of %s: samples between are never seen",
				formatDuration(m.Range), formatDuration(l.d.Step)), "write ["+formatDuration(l.d.Step)+"] or more")
		}
	})
}

// thinSteps: a step that is shorter than two scrapes holds one sample or none, of which agg makes nothing better. An interval
// that is not known is 0.
func (l *linter) thinSteps(m *parser.MatrixSelector, interval time.Duration) {
	if m.Range < 2*interval {
		l.add(LevelWarning, "thin-step", m, fmt.Sprintf("agg: %s has fewer than two samples to make a point of: scrapes are %s apart, the step is %s",
			l.d.Agg, formatDuration(interval), formatDuration(m.Range)), "leave agg out, or make the step longer")
	}
}

// youngMetrics: a recording rule exists only since it was written, so its history may be shorter than the detector's.
func (l *linter) youngMetrics() {
	l.walk(func(n parser.Node, _ []parser.Node) {
		v, ok := n.(*parser.VectorSelector)
		if !ok {
			return
		}
		name := metricName(v)
		age := l.meta.age(name)
		if age == 0 || age >= l.d.History-l.d.History/20 {
			return
		}
		what, hint := "the data of "+name, ""
		if strings.Contains(name, ":") {
			what, hint = "the recording rule "+name, "write out its expression to have the whole history at once"
		}
		l.add(LevelWarning, "young-metric", v, fmt.Sprintf("%s reaches back %s, history is %s", what, formatDuration(age.Truncate(time.Minute)), formatDuration(l.d.History)), hint)
	})
}
