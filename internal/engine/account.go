package engine

import "slices"

// account counts the onsets of one way to alarm: those since the last epoch as whole numbers, so that sums do not depend on
// their order, and those before it decayed.
type account struct {
	fresh, onsets onsets
	last          lastOnset // of all series, where they share the budget
	lately        lately    // of each series, where each has its own
}

// count takes the rises of so many series-steps, in any order.
func (a *account) count(rises []rise, steps int, perSeries bool) {
	slices.SortFunc(rises, func(x, y rise) int { return order(x.t, y.t, x.series, y.series, 0, 0) })
	if perSeries && a.lately == nil {
		a.lately = lately{}
	}
	for _, r := range rises {
		if perSeries {
			a.fresh.count(a.lately.fresh(r), r.hi)
		} else {
			a.last.enter(r, &a.fresh)
		}
	}
	a.fresh.steps += float64(steps)
	a.fresh.seen += float64(steps)
}

// turn makes what was fresh a part of the past, at grid time t.
func (a *account) turn(t int64) {
	a.lately.forget(t)
	a.onsets.add(&a.fresh)
	a.fresh = onsets{}
}

// solve finds the detector's limits. Where single points may decide, they get half of the budget and M of N the other half:
// whatever their dependence, together they stay within the whole.
func (d *detector) solve(series int) Limit {
	if d.Promise.FDR > 0 {
		return d.solveFDR(series)
	}
	many, one := tailRule(ofMany), ofOne(max(series, 1), d.Promise.PerSeries)
	if d.Join != nil {
		many, one = ofGroup, ofGroup
	}
	if !d.lone() {
		return d.many.onsets.solve(d.Promise, 1, series, d.Model.Step, many)
	}
	l := d.many.onsets.solve(d.Promise, 0.5, series, d.Model.Step, many)
	lone := d.single.onsets.solve(d.Promise, 0.5, series, d.Model.Step, one)
	l.Lone = max(lone.Surprise, l.Surprise)
	l.Observed += d.single.onsets.at(l.Lone)
	return l
}

// lone reports whether a single point may decide.
func (d *detector) lone() bool { return d.Alarm.AtOnce && d.Promise.Band <= 0 }
