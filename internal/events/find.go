package events

import (
	"cmp"
	"math"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
)

// Kind is what a metric tells of.
type Kind string

// The kinds of event that metrics tell of.
const (
	Deploy  Kind = "deploy"  // the labels of a build_info have changed
	Restart Kind = "restart" // a process_start_time_seconds has risen, or is new
	Rollout Kind = "rollout" // the generation of a Kubernetes workload has risen
)

// Memory is how many columns a series may be missing and still be compared with what it was before.
const Memory = 5

// Found is an event, and the grid time of the column that told of it.
type Found struct {
	alerting.ContextEvent
	Seen int64 // Unix milliseconds
}

// Find returns the events of kind between the columns of b whose grid time is after the given one (Unix milliseconds), in order.
// Columns before that are what later ones are compared with; Memory of them are enough. origin names the source.
// Their texts name what visible lets out.
func Find(kind Kind, b tidewatch.Block, after int64, origin string, visible *alerting.Visible) []Found {
	var out []Found
	f := finder{kind: kind, b: b, origin: origin, visible: visible}
	for _, group := range f.groups() {
		out = append(out, f.in(group, after)...)
	}
	slices.SortFunc(out, func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.Seen, b.Seen), alerting.CompareEvents(a.ContextEvent, b.ContextEvent))
	})
	return out
}

type finder struct {
	kind   Kind
	b      tidewatch.Block
	origin string

	visible *alerting.Visible
}

// workload is the rows of one workload, and the labels that they share.
type workload struct {
	labels labels.Labels
	rows   []tidewatch.Row
}

// identity are the labels that a kind's event keeps: what runs and where. Others tell instances and versions apart.
var identity = map[Kind][]string{
	Deploy:  {"job", "namespace", "service", "app", "cluster", "env", "environment", "region", "tenant"},
	Restart: {"job", "namespace", "service", "app", "cluster", "env", "environment", "region", "tenant"},
	Rollout: {"namespace", "deployment", "statefulset", "daemonset", "cluster", "env", "environment", "region", "tenant"},
}

// groups are the workloads, in order of their labels; those of a build_info are kept apart by the metric's name.
func (f *finder) groups() []workload {
	by := map[string]int{}
	var out []workload
	names := identity[f.kind]
	if f.kind == Deploy {
		names = append(slices.Clip(names), model.MetricNameLabel)
	}
	for _, r := range f.b.Rows {
		ls := r.Series.Labels.MatchLabels(true, names...)
		key := ls.String()
		i, ok := by[key]
		if !ok {
			i = len(out)
			by[key] = i
			out = append(out, workload{labels: ls})
		}
		out[i].rows = append(out[i].rows, r)
	}
	slices.SortFunc(out, func(a, b workload) int { return labels.Compare(a.labels, b.labels) })
	return out
}

func (f *finder) in(w workload, after int64) []Found {
	var next func(i int) (alerting.ContextEvent, bool)
	switch f.kind {
	case Deploy:
		next = f.deploys(w)
	case Restart:
		next = f.restarts(w)
	default:
		next = f.rollouts(w)
	}
	var out []Found
	for i := range f.b.N {
		if e, ok := next(i); ok && f.b.Time(i) > after {
			out = append(out, Found{e, f.b.Time(i)})
		}
	}
	return out
}

func (f *finder) event(at int64, text, mark string, ls labels.Labels) alerting.ContextEvent {
	ls = labels.NewBuilder(ls).Del(model.MetricNameLabel).Labels()
	return alerting.NewContextEvent(at, string(f.kind), text, mark, ls, f.origin)
}

// subject is what a workload is called.
func (f *finder) subject(ls labels.Labels) string {
	for _, name := range []string{"deployment", "statefulset", "daemonset", "service", "app", "job"} {
		if v := ls.Get(name); v != "" && f.visible.Shows(name) {
			return v
		}
	}
	return cmp.Or(ls.Get(model.MetricNameLabel), "a workload")
}

// last is the newest value of a series, and how many columns ago that was.
type last struct {
	v   float64
	age int
}

// step takes the value of the next column and returns the one before; ok is false where there is none, or it is too old.
func (l *last) step(x float64) (before float64, ok bool) {
	before, ok = l.v, l.age > 0 && l.age <= Memory
	if math.IsNaN(x) {
		if l.age > 0 {
			l.age++
		}
		return before, false
	}
	l.v, l.age = x, 1
	return before, ok
}
