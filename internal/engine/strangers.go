package engine

import (
	"cmp"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
)

// stranger is a label whose values were seen to be replaced: how often the series that came went on where the one that ended had been
// expected to be, and how often it did not.
type stranger struct {
	name       string
	fits, odds int
}

const (
	strangersNeeded = 3 // replacements that fit before a label counts as a churn label …
	strangersOdd    = 4 // … and at most one in so many may not fit
)

func (s stranger) churns() bool { return s.fits >= strangersNeeded && strangersOdd*s.odds <= s.fits }

// noteStranger looks for what a seeker that has found no kin may have replaced all the same: a series that ended within an hour of its birth,
// differs from it in labels whose values have ended with it, and was expected to be where the seeker is. It takes nothing over; the labels
// are learnt, for the next time.
func (d *detector) noteStranger(g *group, t int64) {
	if d.Churn != nil {
		return
	}
	r := &g.rows[0]
	var best *group
	var names []string
	for _, c := range d.silent(t) {
		o := &c.rows[0]
		if c == g || o.few().replaced || o.first >= r.first || r.first-o.seen > seekFor.Milliseconds() || o.seen-r.first > seekFor.Milliseconds() {
			continue
		}
		differ, ok := differing(o.series.Labels, r.series.Labels)
		if ok && (best == nil || len(differ) < len(names)) {
			best, names = c, differ
		}
	}
	if best == nil || !d.ended(best, names, t) {
		return
	}
	fits := d.fits(best, r, t)
	changed := false
	for _, name := range names {
		changed = d.learnStranger(name, fits) || changed
	}
	if changed {
		d.renameKin()
	}
}

// differing are the names of the labels in which two sets with the same names differ; ok is false where they have other names, or nothing
// but labels that differ in common while there are several.
func differing(a, b labels.Labels) (names []string, ok bool) {
	if a.Len() != b.Len() {
		return nil, false
	}
	ok = true
	a.Range(func(l labels.Label) {
		v := b.Get(l.Name)
		ok = ok && v != ""
		if v != l.Value {
			names = append(names, l.Name)
		}
	})
	return names, ok && len(names) > 0
}

// ended reports whether no live series has the values that the names have in old's labels: a value that others still have was not replaced.
func (d *detector) ended(old *group, names []string, t int64) bool {
	for _, g := range d.groups {
		if g == old || g.rows[0].seen <= t-silentSteps*d.step() {
			continue
		}
		for _, name := range names {
			if g.rows[0].series.Labels.Get(name) == old.rows[0].series.Labels.Get(name) {
				return false
			}
		}
	}
	return true
}

// fits reports whether the mean of what the new series has shown so far lies within twice the band of what is expected of the old one at t.
func (d *detector) fits(old *group, r *row, t int64) bool {
	sum, n := 0.0, 0
	for _, y := range r.recent.view(d.step(), r.first, t).Y {
		if !math.IsNaN(y) {
			sum, n = sum+y, n+1
		}
	}
	var b [1]tidewatch.Band
	old.model.Band(t, d.limit.Surprise, b[:])
	return n > 0 && math.Abs(sum/float64(n)-b[0].Mid) <= b[0].Upper-b[0].Lower
}

// learnStranger counts a replacement and reports whether the label has become, or ceased to be, a churn label by it.
func (d *detector) learnStranger(name string, fits bool) (changed bool) {
	if slices.Contains(knownChurn, name) {
		return false
	}
	i, ok := slices.BinarySearchFunc(d.strangers, name, func(s stranger, n string) int { return cmp.Compare(s.name, n) })
	if !ok {
		d.strangers = slices.Insert(d.strangers, i, stranger{name: name})
	}
	s := &d.strangers[i]
	before := s.churns()
	if fits {
		s.fits++
	} else {
		s.odds++
	}
	return s.churns() != before
}

// restoreKin works out who is whose kin and who seeks after a snapshot was read.
func (d *detector) restoreKin() {
	if d.Join != nil {
		for _, g := range d.groups {
			for i := range g.members() {
				g.members()[i].kin = d.kinOf(g.members()[i].series.Labels)
			}
		}
		return
	}
	d.renameKin()
	d.seekers = nil
	for _, g := range d.groups {
		if g.rows[0].few().seeking {
			d.seekers = append(d.seekers, g)
		}
	}
	slices.SortStableFunc(d.seekers, func(a, b *group) int { return cmp.Compare(a.rows[0].first, b.rows[0].first) })
}

// renameKin works out all identities anew after a change of the churn labels.
func (d *detector) renameKin() {
	for _, g := range d.groups {
		g.kin = d.kinOf(g.rows[0].series.Labels)
	}
}
