package alerting

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// ContextEvent is something that happened beside the watched series and may explain what they do: a deploy, a restart.
type ContextEvent struct {
	ID     string // of its content: the same event is known once
	At     int64  // Unix milliseconds
	Kind   string // deploy, restart, rollout, or a word of whoever posted it
	Text   string // what happened, as it stands after "40 s after": "build_info of api changed 1.4 → 1.5"
	Mark   string // the same in few words, for a chart: "api 1.4 → 1.5"
	Labels labels.Labels
	Origin string // the source whose metrics told, or "api"
}

// NewContextEvent gives an event its ID. mark "" is the text.
func NewContextEvent(at int64, kind, text, mark string, ls labels.Labels, origin string) ContextEvent {
	return ContextEvent{
		ID: hash(16, "event", strconv.FormatInt(at, 10), kind, text, ls.String()),
		At: at, Kind: kind, Text: text, Mark: cmp.Or(mark, text), Labels: ls, Origin: origin,
	}
}

// CompareEvents orders events by time, then ID.
func CompareEvents(a, b ContextEvent) int {
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.ID, b.ID))
}

// workloadLabels name what runs; a workload has the same name under any of them.
var workloadLabels = []string{"job", "service", "service_name", "app", "deployment", "statefulset", "daemonset"}

// narrowLabels name one part of a workload.
var narrowLabels = []string{"pod", "container", "node", "instance", "host"}

// Concerns reports whether the event may be about what has these labels, and how closely: no label that both have may differ, and
// where the event names a workload or a part of one, one such name must be shared.
func (e ContextEvent) Concerns(ls labels.Labels) (weight int, ok bool) {
	named, differs := false, false
	e.Labels.Range(func(l labels.Label) {
		workload := slices.Contains(workloadLabels, l.Name)
		named = named || workload || slices.Contains(narrowLabels, l.Name)
		switch v := ls.Get(l.Name); {
		case v == l.Value && (workload || slices.Contains(narrowLabels, l.Name)):
			weight++
		case v != "" && v != l.Value:
			differs = true
		case workload && sharesName(ls, l.Value):
			weight++
		}
	})
	return weight, !differs && (weight > 0 || !named)
}

// sharesName reports whether some workload label has the value.
func sharesName(ls labels.Labels, value string) bool {
	return slices.ContainsFunc(workloadLabels, func(n string) bool { return ls.Get(n) == value })
}

const (
	nearbyBefore = 30 * 60_000 // how long before a breach an event may lie to be told beside it, milliseconds
	nearbyMost   = 2           // events that a message spells out; it counts the others
)

// NearbyEvents are the events that may explain a breach from since on (Unix milliseconds), whose points are step apart, of what has
// these labels: the closest in labels first, then the latest.
func NearbyEvents(events []ContextEvent, ls labels.Labels, since, step int64) []ContextEvent {
	type found struct {
		ContextEvent
		weight int
	}
	var all []found
	for _, e := range events {
		if e.At < since-nearbyBefore || e.At > since+step {
			continue
		}
		if w, ok := e.Concerns(ls); ok {
			all = append(all, found{e, w})
		}
	}
	slices.SortStableFunc(all, func(a, b found) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(b.At, a.At), cmp.Compare(a.ID, b.ID))
	})
	out := make([]ContextEvent, len(all))
	for i := range all {
		out[i] = all[i].ContextEvent
	}
	return out
}

// nearby is "Nearby: began 40 s after build_info of api changed 1.4 → 1.5.", "" without an event.
func nearby(events []ContextEvent, since int64) string {
	var parts []string
	for i, e := range events {
		if i == nearbyMost {
			parts = append(parts, fmt.Sprintf("and %d more", len(events)-i))
			break
		}
		when := "began " + FormatSpan(since-e.At) + " after "
		if since-e.At < 1000 {
			when = "began as "
		}
		if i > 0 {
			when = strings.TrimPrefix(when, "began ")
		}
		parts = append(parts, when+e.Text)
	}
	if len(parts) == 0 {
		return ""
	}
	return "Nearby: " + strings.Join(parts, "; ") + "."
}

// maxMarks is how many events a chart marks; it says how many it left out.
const maxMarks = 8

// EventMarks are the marks of a chart over [from, to] (Unix milliseconds) of what has these labels: the latest, in order of time.
func EventMarks(events []ContextEvent, ls labels.Labels, from, to int64) []Mark {
	var out []Mark
	for _, e := range events {
		if _, ok := e.Concerns(ls); ok && e.At >= from && e.At <= to {
			out = append(out, Mark{T: e.At, Text: e.Mark})
		}
	}
	if more := len(out) - maxMarks; more > 0 {
		out = out[more:]
		out[0].Text += fmt.Sprintf(" (%d earlier ones are not shown)", more)
	}
	return out
}
