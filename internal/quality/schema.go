package quality

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

const settled = 60 // columns after which the labels of the series at hand are the known ones

// schema is which labels all series of a detector have.
type schema struct {
	common    []string // labels that all series had, ascending; nil before they are known
	any       []string // labels that any of them had
	gone, new []string // what those of now lack of the first, and have beyond the second
	since     int64
}

func (s *schema) changed() bool { return len(s.gone)+len(s.new) > 0 }

// lacks reports whether the member is without a label that was declared to be there.
func (m *Monitor) lacks(mb *Member) bool {
	for _, name := range m.expect.Labels {
		if mb.Series.Labels.Get(name) == "" {
			m.say(Schema, fmt.Sprintf("%s has no label %s", mb.Series.Labels, name))
			return true
		}
	}
	return false
}

// labels compares the labels that series have in common with the known ones. It looks only when series have appeared, and
// speaks when they are at least half of what reports: a label that only some have is a series of another kind. A change is
// over when the known labels are back, or is the new normal after Accept.
func (m *Monitor) labels(t int64, ms []Member) {
	s := &m.schema
	if s.changed() && t-s.since >= m.expect.Accept.Milliseconds() {
		*s = schema{}
	}
	fresh, present := 0, 0
	for i := range ms {
		if ms[i].present() {
			present++
			if ms[i].S.n == 0 {
				fresh++
			}
		}
	}
	if present == 0 {
		return
	}
	if s.common == nil {
		if m.columns >= settled {
			s.common, s.any = common(ms, (*Member).present), anyOf(ms)
		}
		return
	}
	if 2*fresh < present && !s.changed() {
		return
	}
	now := common(ms, func(mb *Member) bool { return mb.present() && (fresh == 0 || mb.S.n == 0) })
	s.gone, s.new = missingFrom(s.common, now), slices.DeleteFunc(missingFrom(now, s.any), namesReplica)
	if !s.changed() {
		return
	}
	if fresh > 0 {
		s.since = t
	}
	var parts []string
	for _, l := range []struct {
		what  string
		names []string
	}{{"gone", s.gone}, {"new", s.new}} {
		if len(l.names) > 0 {
			parts = append(parts, fmt.Sprintf("%s: label %s", l.what, strings.Join(l.names, ", ")))
		}
	}
	m.say(Schema, fmt.Sprintf("%s (on %d of %d series)", strings.Join(parts, "; "), max(fresh, 1), present))
}

// common are the names of the labels that all chosen members have, ascending; empty, not nil, where there are none.
func common(ms []Member, keep func(*Member) bool) []string {
	names := []string{}
	first := true
	for i := range ms {
		if !keep(&ms[i]) {
			continue
		}
		ls := ms[i].Series.Labels
		if first {
			first = false
			ls.Range(func(l labels.Label) { names = append(names, l.Name) })
			continue
		}
		names = slices.DeleteFunc(names, func(n string) bool { return !ls.Has(n) })
	}
	return names
}

// anyOf are the names of the labels that any present member has.
func anyOf(ms []Member) []string {
	var names []string
	for i := range ms {
		if ms[i].present() {
			ms[i].Series.Labels.Range(func(l labels.Label) {
				if !slices.Contains(names, l.Name) {
					names = append(names, l.Name)
				}
			})
		}
	}
	return names
}

// missingFrom are the elements of a that b lacks.
func missingFrom(a, b []string) []string {
	var out []string
	for _, x := range a {
		if !slices.Contains(b, x) {
			out = append(out, x)
		}
	}
	return out
}
