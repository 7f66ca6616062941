package engine

import (
	"fmt"
	"time"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/models"
)

// A series may have a shared part, such as a forest, to itself: one built of its own samples alone, which knows its shapes and not its family's.
// As with a family's, points that may teach enter two generations of samples, and what judges is built of them at grid times and then stays as it is,
// so that an incident cannot teach what judges it.

const (
	ownGeneration = 7 * 24 * time.Hour // a week of shapes; of a step of an hour two of them are enough samples
	ownSamples    = 512                // kept of a series in one generation: a forest draws 256 for each of its trees
	// MaxOwn is how many series of a detector have a forest of their own, 350 KiB each with its samples; the others share one.
	MaxOwn = 100
)

// shelter gives free places to groups that are judged, in order of their ids, once in an epoch.
func (d *detector) shelter() {
	if !d.Own || d.spec.Dim == 0 {
		return
	}
	held := 0
	for _, g := range d.groups {
		if g.own() != nil {
			held++
		}
	}
	for _, g := range d.groups {
		if held < MaxOwn && g.own() == nil && g.rows[0].ready && !g.rows[0].few().replaced {
			g.rarely().own = newOwn(d.spec)
			held++
		}
	}
}

func newOwn(spec models.Spec) *family {
	f := &family{}
	f.cur, f.prev = pool{dim: spec.Dim, size: ownSamples}, pool{dim: spec.Dim, size: ownSamples}
	return f
}

// rebuildOwn builds the forests of those who have one to themselves: the first as soon as there are samples, others when a generation ends.
func (d *detector) rebuildOwn(t int64) {
	d.shelter()
	turn := crossesEpoch(t, epochEvery.Milliseconds(), ownGeneration)
	for _, g := range d.groups {
		if g.own() == nil || g.own().shared != nil && !turn {
			continue
		}
		if s := g.own().rebuild(d.spec, d.Model.Seed^g.id(), turn); s != nil {
			g.model.(models.Sharer).Adopt(s) //nolint:errcheck // a kind with a family is a Sharer
		}
	}
}

// judgedWith is the shared part that judges a group, nil where there is none yet.
func (d *detector) judgedWith(g *group) models.Shared {
	if g.own() != nil && g.own().shared != nil {
		return g.own().shared
	}
	return d.family.shared
}

// equip hands the group's model the shared part that judges it.
func (d *detector) equip(g *group) {
	if s := d.judgedWith(g); s != nil {
		if m, ok := g.model.(models.Sharer); ok {
			m.Adopt(s)
		}
	}
}

// bequeath gives an heir what its predecessor had to itself; the predecessor shares from then on.
func (d *detector) bequeath(g, old *group) {
	if old.own() != nil {
		g.rarely().own, old.seldom.own = old.own(), nil
		d.equip(old)
	}
}

// ownUnit is said of a figure that a forest of the series' own gave.
const ownUnit = ", by the series' own forest"

// named says which forest gave an isolation figure.
func (g *group) named(c tidewatch.Channel, e tidewatch.Explanation) tidewatch.Explanation {
	if c == tidewatch.ChannelIsolation && g.own() != nil && g.own().shared != nil {
		e.Unit += ownUnit
	}
	return e
}

// ownForests are how many series have a place for a forest of their own, and how many live ones there is no place for.
func (d *detector) ownForests() (held, leftOut int) {
	if !d.Own || d.spec.Dim == 0 {
		return 0, 0
	}
	for _, g := range d.groups {
		switch r := &g.rows[0]; {
		case g.own() != nil:
			held++
		case r.ready && !r.few().replaced && r.seen > d.next-goneAfter.Milliseconds():
			leftOut++
		}
	}
	if held < MaxOwn { // the next epoch has places
		leftOut = max(0, leftOut-(MaxOwn-held))
	}
	return held, leftOut
}

// OwnForests are how many series of a detector have a forest of their own, or gather samples for one, and how many judged ones share because there are
// MaxOwn of them.
func (c *Core) OwnForests(name string) (held, leftOut int) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if d := c.engine.find(name); d != nil {
		return d.ownForests()
	}
	return 0, 0
}

func (e *encoder) own(f *family) {
	e.bool(f != nil)
	if f == nil {
		return
	}
	e.pool(&f.prev)
	e.pool(&f.cur)
	e.bool(f.shared != nil)
	if f.shared != nil {
		e.sized(f.shared.AppendState)
	}
}

func (d *decoder) own(spec models.Spec) (*family, error) {
	if !d.bool() {
		return nil, d.err
	}
	f := newOwn(spec)
	f.prev, f.cur = d.pool(spec.Dim), d.pool(spec.Dim)
	f.prev.size, f.cur.size = ownSamples, ownSamples
	if d.bool() {
		b := d.bytes()
		if d.err != nil {
			return nil, d.err
		}
		s, err := spec.LoadShared(b)
		if err != nil {
			return nil, fmt.Errorf("own forest: %w", err)
		}
		f.shared = s
	}
	return f, d.err
}
