package engine

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/models"
)

// A series that replaces another goes on from what was learnt of it. For an hour after its first point a new series seeks a predecessor among
// its kin (kinOf): one that has fallen silent, whose model is ready, and whose end lies before that time, so that the two have not lived side by
// side for longer. Of several the one that ended last is taken, one that has no heir before one that has. Births end a stretch of columns, and
// so does every column in that hour: each seeker sees all others as of its own time, however the points are cut into blocks.

const (
	seekFor     = time.Hour      // how long a series seeks its predecessor, and the longest time that the two may live side by side
	silentSteps = 3              // columns without a point after which a series may have been replaced
	replacedFor = 24 * time.Hour // a series that has been replaced, or has nothing to leave, is forgotten after so long
	donors      = 32             // relatives whose tails a new series borrows, at most
	oldEnough   = 48 * time.Hour // history from which on they are worth borrowing
)

// Origin is where a series' baseline comes from.
type Origin struct {
	ID     uint64 // of the predecessor; 0: there is none
	Labels labels.Labels
	Begun  int64 // first point of the first predecessor, Unix milliseconds
	At     int64 // when it was taken over
}

// inherited names a predecessor by the labels in which the series differs from it.
func (o Origin) inherited(own labels.Labels) string {
	if o.ID == 0 {
		return ""
	}
	var parts []string
	o.Labels.Range(func(l labels.Label) {
		if own.Get(l.Name) != l.Value {
			parts = append(parts, fmt.Sprintf("%s=%q", l.Name, l.Value))
		}
	})
	return strings.Join(parts, ", ")
}

// born prepares a new group of a single series: its tails are its family's, and it begins to seek.
func (d *detector) born(g *group) {
	h, ok := g.model.(models.Heir)
	if !ok || d.Join != nil {
		return
	}
	if from := d.donors(g.next); len(from) > 0 {
		h.Borrow(from)
	}
	if d.Churn == nil || len(d.Churn) > 0 {
		g.kin, g.rows[0].rarely().seeking = d.kinOf(g.rows[0].series.Labels), true
		d.seekers = append(d.seekers, g)
	}
}

// donors are the live groups that have learnt most of what can be, chosen by hash.
func (d *detector) donors(t int64) []models.Model {
	type donor struct {
		hash uint64
		g    *group
	}
	var all []donor
	for _, g := range d.groups {
		if r := &g.rows[0]; r.ready && r.seen > t-goneAfter.Milliseconds() && t-r.begun() >= oldEnough.Milliseconds() {
			all = append(all, donor{sampleHash(d.Model.Seed, g.id(), 0), g})
		}
	}
	slices.SortFunc(all, func(a, b donor) int { return cmp.Compare(a.hash, b.hash) })
	out := make([]models.Model, 0, donors)
	for _, x := range all[:min(len(all), donors)] {
		out = append(out, x.g.model)
	}
	return out
}

// births are the grid times from t on at which series of the block that are not known have their first sample, in ascending order.
func (d *detector) births(b tidewatch.Block, t int64) []int64 {
	if d.Join != nil {
		return nil
	}
	var out []int64
	for _, r := range b.Rows {
		if d.group(r.Series.ID) != nil {
			continue
		}
		if at, ok := firstSample(b, r.V, t, b.End()); ok {
			out = append(out, at)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// stretch is the end of the columns from t on that groups can be driven through one after the other: an epoch, a birth or a seeker ends it.
func (d *detector) stretch(b tidewatch.Block, t int64, births []int64) (end int64) {
	step := d.step()
	end = t + step
	next, born := slices.BinarySearch(births, t)
	if born || len(d.seekers) > 0 {
		return end
	}
	for end < b.End() && !crossesEpoch(end, step, epochEvery) && (next == len(births) || end < births[next]) {
		end += step
	}
	return end
}

// adopt has the seekers seek at grid time t.
func (d *detector) adopt(t int64) {
	if len(d.seekers) == 0 {
		return
	}
	silent := d.silent(t)
	d.seekers = slices.DeleteFunc(d.seekers, func(g *group) bool {
		r := &g.rows[0]
		old := predecessor(g, silent)
		switch {
		case old != nil:
			d.succeed(g, old, t)
		case t-r.first >= seekFor.Milliseconds():
			d.noteStranger(g, t)
		default:
			return false
		}
		r.seldom.seeking = false
		r.tidy()
		return true
	})
}

// silent are the groups that may have been replaced by t.
func (d *detector) silent(t int64) []*group {
	var out []*group
	for _, g := range d.groups {
		if r := &g.rows[0]; r.ready && r.seen <= t-silentSteps*d.step() {
			out = append(out, g)
		}
	}
	return out
}

// predecessor is the best of the silent groups for a seeker, nil if there is none.
func predecessor(g *group, silent []*group) (best *group) {
	r := &g.rows[0]
	for _, c := range silent {
		if c == g || c.kin != g.kin || c.rows[0].first >= r.first || c.rows[0].seen > r.first+seekFor.Milliseconds() {
			continue
		}
		if c.rows[0].few().replaced && r.first-c.rows[0].seen > seekFor.Milliseconds() {
			continue // it was replaced long ago; this is another one
		}
		if best == nil || better(&c.rows[0], &best.rows[0]) {
			best = c
		}
	}
	return best
}

// better reports whether a is to be preferred to b as a predecessor; groups come in ascending order of their id.
func better(a, b *row) bool {
	switch {
	case a.few().replaced != b.few().replaced:
		return b.few().replaced
	case a.seen != b.seen:
		return a.seen > b.seen
	}
	return a.begun() < b.begun()
}

// succeed makes g the heir of old.
func (d *detector) succeed(g, old *group, t int64) {
	h := g.model.(models.Heir) //nolint:errcheck // only heirs seek
	if err := h.Inherit(old.model, d.unlike(old, t)); err != nil {
		panic("engine: detector " + d.Name + ": " + err.Error()) // the same kind and Config
	}
	d.bequeath(g, old)
	d.equip(g)
	o := &old.rows[0]
	o.rarely().replaced = true
	g.rows[0].rarely().origin = &Origin{ID: old.id(), Labels: o.series.Labels, Begun: o.begun(), At: t}
}

// unlike is how far the expectations of kin that live side by side lie from their median, on average: replicas are not always alike.
func (d *detector) unlike(old *group, t int64) float64 {
	mids := []float64{old.rows[0].mid(d.step())}
	for _, g := range d.groups {
		if g != old && g.kin == old.kin && g.rows[0].ready && g.rows[0].seen > t-goneAfter.Milliseconds() {
			mids = append(mids, g.rows[0].mid(d.step()))
		}
	}
	mids = slices.DeleteFunc(mids, math.IsNaN)
	if len(mids) < 2 {
		return 0
	}
	slices.Sort(mids)
	median, sum := mids[len(mids)/2], 0.0
	for _, m := range mids {
		sum += math.Abs(m - median)
	}
	return sum / float64(len(mids))
}

// mid is what was expected of the newest real point, NaN where nothing is held of it.
func (r *row) mid(step int64) float64 {
	v := r.recent.view(step, r.seen, r.seen)
	if len(v.Mid) == 0 {
		return math.NaN()
	}
	return v.Mid[0]
}

// listed reports whether a row is still of interest at t: it is in ALARM, or was there in the last day and has not been replaced.
func (r *row) listed(t int64) bool {
	return r.alarm.State() == alerting.Alarming || !r.few().replaced && r.seen > t-replacedFor.Milliseconds()
}

// forgotten reports whether a row is of no more use at t.
func (r *row) forgotten(t int64) bool {
	after := deadAfter
	if (r.few().replaced || !r.ready) && r.alarm.State() != alerting.Alarming {
		after = replacedFor
	}
	return r.seen <= t-after.Milliseconds()
}
