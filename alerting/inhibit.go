package alerting

import (
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// InhibitRule hides alarms that match Target while one that matches Source fires, with Alertmanager's semantics: both must agree in
// the labels of Equal, where a label that is not there equals an empty one; and an alarm that matches both sides is not hidden by one
// that does, too, so that none hides itself. What is silenced or muted hides others all the same.
type InhibitRule struct {
	Source, Target Matchers
	Equal          []string
}

// inhibitors are the firing alarms that a rule's sources are, by the values of its equal labels.
type inhibitors struct {
	rule    *InhibitRule
	sources map[string]sources
}

// sources are the least ids of firing alarms: of all sources, and of those that do not match the target as well.
type sources struct{ any, pure string }

// inhibitors gathers who hides whom from the alarms that fire now: one state, whatever the order in which it came about.
func (d *Dispatcher) inhibitors() []inhibitors {
	out := make([]inhibitors, len(d.opts.Inhibit))
	for i := range out {
		out[i] = inhibitors{&d.opts.Inhibit[i], map[string]sources{}}
	}
	if len(out) == 0 {
		return nil
	}
	add := func(id string, ls labels.Labels) {
		for i := range out {
			out[i].add(id, ls)
		}
	}
	for id, q := range d.quiet {
		add(id, q.Signal.Labels)
	}
	for id, ins := range d.where {
		for _, in := range ins {
			if m := in.members[id]; m.open {
				add(id, m.sig.Labels)
				break
			}
		}
	}
	return out
}

func (x *inhibitors) add(id string, ls labels.Labels) {
	if !x.rule.Source.Match(ls) {
		return
	}
	key := x.key(ls)
	s := x.sources[key]
	if s.any == "" || id < s.any {
		s.any = id
	}
	if !x.rule.Target.Match(ls) && (s.pure == "" || id < s.pure) {
		s.pure = id
	}
	x.sources[key] = s
}

// of is the id of an alarm that hides one with these labels, "" if none does.
func (x *inhibitors) of(ls labels.Labels) string {
	if len(x.sources) == 0 || !x.rule.Target.Match(ls) {
		return ""
	}
	s := x.sources[x.key(ls)]
	if x.rule.Source.Match(ls) {
		return s.pure
	}
	return s.any
}

func (x *inhibitors) key(ls labels.Labels) string {
	parts := make([]string, len(x.rule.Equal))
	for i, name := range x.rule.Equal {
		parts[i] = ls.Get(name)
	}
	return strings.Join(parts, "\xff")
}

// firingName is the alertname of a firing alarm.
func (d *Dispatcher) firingName(id string) string {
	if q, ok := d.quiet[id]; ok {
		return q.Signal.Detector
	}
	for _, in := range d.where[id] {
		return in.members[id].sig.Detector
	}
	return "another alarm"
}
