package engine

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/internal/quality"
	"github.com/tidewatch/tidewatch/models"
)

// member is one series of a joint group.
type member struct {
	series   tidewatch.Series
	slot     int    // row of the model; noSlot where the group had no room
	seen     int64  // grid time of the newest real point
	born     int64  // of the first one; until seekFor after it the series may still find whose place it takes
	kin      uint64 // kinOf its labels
	replaced bool   // another has its slot
	heir     bool   // it has another's

	v     []float64      // the block's values, while it is run; nil where it has none
	held  []bool         // as in joined
	reset int64          // as in joined
	data  quality.Series // what its data checks remember
}

// withheld reports whether column c of the columns that are run is.
func (m *member) withheld(c int) bool { return len(m.held) > c && m.held[c] }

// noSlot is the slot of a member that was left out.
const noSlot = -1

// members of a group in ascending order of their ID.
type members []member

func (ms members) find(id uint64) (int, bool) {
	return slices.BinarySearchFunc(ms, id, func(m member, id uint64) int { return cmp.Compare(m.series.ID, id) })
}

// leftOut is how many members there is no room for.
func (ms members) leftOut() (n int) {
	for i := range ms {
		if ms[i].slot == noSlot && !ms[i].replaced {
			n++
		}
	}
	return n
}

// owner is the index of the member that has the slot, or -1.
func (ms members) owner(slot int) int {
	return slices.IndexFunc(ms, func(m member) bool { return m.slot == slot })
}

// gather is join for joint groups: it tells every member its values, and takes in series that have their first sample in [from, to).
func (d *detector) gather(b tidewatch.Block, from, to int64) []joined {
	if d.home == nil {
		d.home = map[uint64]*group{}
	}
	for _, g := range d.groups {
		for i := range g.members() {
			g.members()[i].v = nil
		}
	}
	for _, r := range b.Rows {
		g := d.home[r.Series.ID]
		if g == nil {
			t, ok := firstSample(b, r.V, from, to)
			if !ok {
				continue
			}
			g = d.enter(r.Series, t)
		}
		if i, ok := g.members().find(r.Series.ID); ok {
			g.members()[i].v = r.V
		}
	}
	out := make([]joined, len(d.groups))
	for i, g := range d.groups {
		out[i].g = g
	}
	return out
}

// enter makes a series, which has its first sample at t, a member of its group.
func (d *detector) enter(s tidewatch.Series, t int64) *group {
	shared := s.Labels.MatchLabels(true, d.Join...)
	id := tidewatch.SeriesID(d.Name, shared)
	at, ok := slices.BinarySearchFunc(d.groups, id, func(g *group, id uint64) int { return cmp.Compare(g.id(), id) })
	if !ok {
		d.groups = slices.Insert(d.groups, at, d.newGroup(tidewatch.Series{ID: id, Labels: shared}, t))
	}
	g := d.groups[at]
	if !ok || g.rows[0].seen == 0 {
		g.next = min(g.next, t) // a group begins with the first of its series
	}
	i, _ := g.members().find(s.ID)
	g.rarely().members = slices.Insert(g.members(), i, member{series: s, slot: noSlot, seen: t, born: t, kin: d.kinOf(s.Labels)})
	d.home[s.ID] = g
	return g
}

// stepAll is step for a joint group: column i of its members' values, none where i is missing, which is column c of those that
// are run.
func (st *stepper) stepAll(t int64, g *group, i, c int) {
	present := false
	st.held = false
	for k := range g.members() {
		m := &g.members()[k]
		if m.reset == t && m.slot != noSlot {
			g.model.(models.Joiner).Clear(m.slot) //nolint:errcheck // a detector that joins has a joint kind
		}
		if m.withheld(c) {
			m.seen, st.held = t, true
			continue
		}
		if m.v == nil || i == missing || math.IsNaN(m.v[i]) {
			continue
		}
		switch {
		case st.d.takesPlaces() && t-m.born <= seekFor.Milliseconds() && g.succeed(k, t-silentSteps*st.d.step()):
		case m.slot == noSlot && !g.admit(k, t):
			m.seen = t
			continue
		}
		m.seen, present = t, true
	}
	st.fit(g.model.(models.Joiner).Rows()) //nolint:errcheck // a detector that joins has a joint kind
	for k := range st.x {
		st.x[k] = math.NaN()
	}
	for k := range g.members() {
		if m := &g.members()[k]; m.slot != noSlot && m.v != nil && i != missing && !m.withheld(c) {
			st.x[m.slot] = m.v[i]
		}
	}
	st.t = t
	g.model.Score(t, st.x, st.scores)
	value := math.NaN()
	if present {
		value, st.held = st.scores[0].Surprise, false
	}
	st.decide(t, g, 0, value, value)
	st.advance(t, g)
}

// fit makes the scratch space as long as a group of n rows needs it.
func (st *stepper) fit(n int) {
	if cap(st.x) < n {
		st.x, st.scores, st.bands = make([]float64, n), make([]tidewatch.Score, n), make([]tidewatch.Band, n)
		st.verdicts, st.events = make([]tidewatch.Verdict, n), make([]tidewatch.Event, n)
	}
	st.x, st.scores, st.bands, st.verdicts, st.events = st.x[:n], st.scores[:n], st.bands[:n], st.verdicts[:n], st.events[:n]
}

// takesPlaces reports whether a series may go on in another's slot.
func (d *detector) takesPlaces() bool { return d.Churn == nil || len(d.Churn) > 0 }

// succeed gives member k the slot of one of its kin that was not seen after silent, if there is one: of several that of the one that ended
// last. The slot that it may have had till now is free.
func (g *group) succeed(k int, silent int64) bool {
	m := &g.members()[k]
	if m.heir {
		return false
	}
	old := -1
	for i := range g.members() {
		c := &g.members()[i]
		if i != k && c.slot != noSlot && c.kin == m.kin && c.seen <= silent && c.born < m.born && (old < 0 || c.seen > g.members()[old].seen) {
			old = i
		}
	}
	if old < 0 {
		return false
	}
	j := g.model.(models.Joiner) //nolint:errcheck // a detector that joins has a joint kind
	if m.slot != noSlot {
		j.Clear(m.slot)
	}
	m.slot, m.heir, m.replaced = g.members()[old].slot, true, false
	g.members()[old].slot, g.members()[old].replaced = noSlot, true
	j.Succeed(m.slot)
	return true
}

// admit gives member k a slot at grid time t: the first that nobody has, a new one, or that of the member that has been gone longest,
// if that is goneAfter or more. It reports whether there was one.
func (g *group) admit(k int, t int64) bool {
	m := g.model.(models.Joiner) //nolint:errcheck // a detector that joins has a joint kind
	slot, n := noSlot, m.Rows()
	for s := range n {
		if g.members().owner(s) < 0 {
			slot = s
			break
		}
	}
	switch {
	case slot != noSlot:
	case n < models.MaxJoint:
		slot = n
	default:
		o := g.longestGone()
		if t-g.members()[o].seen < goneAfter.Milliseconds() {
			return false
		}
		slot, g.members()[o].slot = g.members()[o].slot, noSlot
	}
	if slot < n {
		m.Clear(slot)
	} else {
		m.Resize(slot + 1)
	}
	g.members()[k].slot, g.members()[k].replaced = slot, false
	return true
}

// longestGone is the index of the member with a slot that was seen longest ago.
func (g *group) longestGone() int {
	o := -1
	for i := range g.members() {
		if m := &g.members()[i]; m.slot != noSlot && (o < 0 || m.seen < g.members()[o].seen) {
			o = i
		}
	}
	return o
}

// pruneMembers forgets series that have been dead for deadAfter, and those of groups that were forgotten.
func (d *detector) pruneMembers(t int64) {
	d.home = map[uint64]*group{}
	for _, g := range d.groups {
		if g.members() == nil {
			continue
		}
		g.seldom.members = slices.DeleteFunc(g.members(), func(m member) bool {
			dead := m.seen <= t-deadAfter.Milliseconds()
			if dead && m.slot != noSlot {
				g.model.(models.Joiner).Clear(m.slot) //nolint:errcheck // a detector that joins has a joint kind
			}
			return dead
		})
		for i := range g.members() {
			d.home[g.members()[i].series.ID] = g
		}
	}
}

// explain is the model's explanation of row i. A joint group's features are named after its members and sorted, the largest
// first.
func (g *group) explain(t int64, x []float64, i int, limit float64) tidewatch.Explanation {
	e := g.model.Explain(t, x, i, limit)
	if g.members() == nil {
		return e
	}
	named := make([]tidewatch.Term, 0, len(e.Features))
	rest := 0.0
	for _, f := range e.Features {
		slot, err := strconv.Atoi(f.Name)
		o := -1
		if err == nil {
			o = g.members().owner(slot)
		}
		if o < 0 {
			rest += f.Value // what has been forgotten still fades from the means
			continue
		}
		named = append(named, tidewatch.Term{Name: g.memberName(o), Value: f.Value})
	}
	slices.SortStableFunc(named, func(a, b tidewatch.Term) int { return cmp.Compare(b.Value, a.Value) })
	if rest != 0 {
		named = append(named, tidewatch.Term{Name: "gone", Value: rest})
	}
	e.Features = named
	return e
}

// memberName is what tells a member from the others: its labels without those that the group shares.
func (g *group) memberName(i int) string {
	shared := g.rows[0].series.Labels
	var parts []string
	name := ""
	g.members()[i].series.Labels.Range(func(l labels.Label) {
		switch {
		case l.Name == model.MetricNameLabel:
			name = l.Value
		case !shared.Has(l.Name):
			parts = append(parts, fmt.Sprintf("%s=%q", l.Name, l.Value))
		}
	})
	if len(parts) == 0 && name != "" {
		return name
	}
	return name + "{" + strings.Join(parts, ", ") + "}"
}

func (e *encoder) members(ms members) {
	e.uint(len(ms))
	for i := range ms {
		m := &ms[i]
		e.u64(m.series.ID)
		e.labels(m.series.Labels)
		e.uint(m.slot + 1)
		e.i64(m.seen)
		e.i64(m.born)
		e.bool(m.replaced)
		e.bool(m.heir)
		e.sized(m.data.AppendState)
	}
}

// loadMembers restores the members of a group and where they are found.
func (d *detector) loadMembers(in *decoder, g *group) error {
	if d.home == nil {
		d.home = map[uint64]*group{}
	}
	g.rarely().members = make(members, in.count(28))
	for i := range g.members() {
		m := &g.members()[i]
		m.series = tidewatch.Series{ID: in.u64(), Labels: in.labels()}
		m.slot, m.seen, m.born = in.uint()-1, in.i64(), in.i64()
		m.replaced, m.heir = in.bool(), in.bool()
		m.kin = d.kinOf(m.series.Labels)
		if err := m.data.LoadState(in.bytes()); err != nil {
			return err
		}
		if m.slot >= models.MaxJoint || i > 0 && m.series.ID <= g.members()[i-1].series.ID {
			return errShort
		}
		d.home[m.series.ID] = g
	}
	return in.err
}

// letGo forgets the values of the block that was run: of history they are more than all that is learnt of it.
func (d *detector) letGo() {
	if d.Join == nil {
		return
	}
	for _, g := range d.groups {
		for i := range g.members() {
			g.members()[i].v, g.members()[i].held = nil, nil
		}
	}
}
