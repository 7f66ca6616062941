package engine

import (
	"fmt"
	"math"
	"time"

	"github.com/tidewatch/tidewatch"
)

// unlearnFor is for how long what a model accepted because of a person can be taken back: as long as it remembers the regime before.
const unlearnFor = 14 * 24 * time.Hour

// before is a group's model as it was before it accepted what a person had called expected, so that this can be taken back.
type before struct {
	by    string // id of the feedback
	at    int64  // grid time of the point at which it was accepted; 0: that point has not come yet
	state []byte // the model before that point
}

// remember keeps the model as it is before a point that it is told to accept, and forgets one that is too old.
func (g *group) remember(t int64, vs []tidewatch.Verdict) {
	b := g.before()
	switch {
	case b == nil:
	case b.at != 0 && t-b.at > unlearnFor.Milliseconds():
		g.seldom.before = nil
	case b.at == 0 && vs[0] == tidewatch.Expected:
		b.at, b.state = t, g.model.AppendState(nil)
	}
}

// expect has the model of a group accept what it sees at its next real point, because of the feedback with this id.
func (g *group) expect(feedback string) {
	g.rows[0].rarely().expected, g.rarely().before = true, &before{by: feedback}
}

// unexpect takes that back: where the point has come, the model is as it was before, and what came since is in quarantine, as it
// would be had the alarm gone on.
func (d *detector) unexpect(g *group, feedback string) error {
	b := g.before()
	if b == nil || b.by != feedback {
		return nil
	}
	g.seldom.before = nil
	if r := &g.rows[0]; r.seldom != nil {
		r.seldom.expected = false
		r.tidy()
	}
	if b.at == 0 {
		return nil
	}
	m := d.newModel()
	if err := m.LoadState(b.state); err != nil {
		return fmt.Errorf("detector %s, series %016x: the model before feedback %s: %w", d.Name, g.id(), feedback, err)
	}
	g.model = m
	d.equip(g)
	st := newStepper(d, &outcome{})
	held := g.rows[0].recent.view(d.step(), b.at, g.next-d.step())
	next := 0
	for t := b.at; t < g.next; t += d.step() {
		for i := range st.x {
			st.x[i], st.verdicts[i], st.events[i] = math.NaN(), tidewatch.Quarantined, tidewatch.NoEvent
		}
		for next < len(held.T) && held.T[next] < t {
			next++
		}
		if d.Join == nil && next < len(held.T) && held.T[next] == t {
			st.x[0] = held.Y[next]
		}
		if d.Exclude != nil && d.Exclude(t) {
			st.verdicts[0] = tidewatch.Excluded
		}
		m.Score(t, st.x, st.scores)
		m.Advance(t, st.x, st.verdicts, st.events)
	}
	return nil
}

func (e *encoder) before(b *before) {
	e.bool(b != nil)
	if b != nil {
		e.str(b.by)
		e.i64(b.at)
		e.bytes(b.state)
	}
}

func (d *decoder) before() *before {
	if !d.bool() {
		return nil
	}
	return &before{by: d.str(), at: d.i64(), state: append([]byte(nil), d.bytes()...)}
}
