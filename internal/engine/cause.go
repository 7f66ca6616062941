package engine

import (
	"cmp"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/alerting"
)

// CauseFound is a cause of alarms that fire, with what may explain it.
type CauseFound struct {
	alerting.Cause
	Nearby []alerting.ContextEvent // events near the onset of those that moved first, the closest first
}

// CausesFound are the causes of all alarms that fire.
type CausesFound struct {
	alerting.CauseReport
	Found  []CauseFound           // those of several alarms
	Alarms map[string]CauseMember // those that were gathered, by ID
	Quiet  int                    // series without an alarm

	leftOut int // alarms that were not gathered
}

// CauseMember is an alarm that fires.
type CauseMember struct {
	Detector      string
	Labels        labels.Labels
	Onset, Spread int64 // as in alerting.CauseAlarm
	step          int64
}

// Causes parts the alarms that fire by what they go back to. Residuals are compared on the grid of the step that most of them have,
// of several the shortest: those of a shorter step are averaged, those of a longer one are not compared.
func (c *Core) Causes() CausesFound {
	in, found, events := c.firing()
	found.CauseReport = alerting.Causes(in)
	found.AlarmsLeftOut += found.leftOut
	found.Quiet = in.Quiet.Series
	for _, cause := range found.Causes {
		if len(cause.Members) == 1 {
			continue
		}
		f := CauseFound{Cause: cause}
		for _, id := range cause.First {
			m := found.Alarms[id]
			for _, e := range alerting.NearbyEvents(events, m.Labels, m.Onset, m.step) {
				if !slices.ContainsFunc(f.Nearby, func(x alerting.ContextEvent) bool { return x.ID == e.ID }) {
					f.Nearby = append(f.Nearby, e)
				}
			}
		}
		found.Found = append(found.Found, f)
	}
	return found
}

// mostCauses is how many alarms are gathered, the newest; the others are counted as left out.
const mostCauses = 2 * alerting.MaxCauseAlarms

// firing gathers what alarms are compared by, how many it left out, and the events that are known.
func (c *Core) firing() (in alerting.CauseInput, found CausesFound, events []alerting.ContextEvent) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	in.Step, in.From = c.engine.causeGrid()
	all := c.engine.alarmed()
	found.leftOut = max(0, len(all)-mostCauses)
	found.Alarms, in.Quiet.With = map[string]CauseMember{}, map[labels.Label]int{}
	for _, a := range all[:len(all)-found.leftOut] {
		m := CauseMember{Detector: a.d.Name, Labels: a.d.labels(a.r.series), Onset: a.onset, Spread: a.d.step() / 2, step: a.d.step()}
		found.Alarms[a.id] = m
		m.Labels.Range(func(l labels.Label) { in.Quiet.With[l] = 0 })
		x := alerting.CauseAlarm{ID: a.id, Onset: m.Onset, Spread: m.Spread, Labels: m.Labels}
		if m.step <= in.Step {
			x.Past = residuals(a.r.recent.view(m.step, in.From, a.d.next), in)
		}
		in.Alarms = append(in.Alarms, x)
	}
	c.engine.eachListed(func(d *detector, r *row) {
		if r.alarm.State() != alerting.Alarming {
			in.Quiet.Series++
			d.countLabels(r, in.Quiet.With)
		}
	})
	return in, found, slices.Clone(c.engine.events.events)
}

// alarmedRow is a series whose alarm fires.
type alarmedRow struct {
	d     *detector
	r     *row
	id    string
	onset int64
}

// alarmed are the series whose alarms fire, the newest first. A trouble begins between the last point before the breach and its first.
func (e *Engine) alarmed() (all []alarmedRow) {
	e.eachListed(func(d *detector, r *row) {
		if r.alarm.State() == alerting.Alarming {
			all = append(all, alarmedRow{d, r, alerting.AlarmID(d.Name, r.series.ID), r.alarm.Since() - d.step()/2})
		}
	})
	slices.SortFunc(all, func(a, b alarmedRow) int { return cmp.Or(cmp.Compare(b.onset, a.onset), cmp.Compare(a.id, b.id)) })
	return all
}

// eachListed calls each for every series that is listed.
func (e *Engine) eachListed(each func(*detector, *row)) {
	for _, d := range e.detectors {
		for _, g := range d.groups {
			for i := range g.rows {
				if r := &g.rows[i]; r.listed(d.next) {
					each(d, r)
				}
			}
		}
	}
}

// causeGrid is the step of most alarms that fire, of several the shortest, and where a grid of it begins that holds all the recent
// points of its detectors; 0 without alarms.
func (e *Engine) causeGrid() (step, from int64) {
	count, newest := map[int64]int{}, map[int64]int64{}
	e.eachListed(func(d *detector, r *row) {
		if s := d.step(); r.alarm.State() == alerting.Alarming {
			count[s]++
			newest[s] = max(newest[s], d.next-s*int64(d.size))
		}
	})
	for s, n := range count {
		if step == 0 || n > count[step] || n == count[step] && s < step {
			step, from = s, newest[s]
		}
	}
	return step, from
}

// countLabels counts those of a row's labels that with has already.
func (d *detector) countLabels(r *row, with map[labels.Label]int) {
	count := func(l labels.Label) {
		if n, ok := with[l]; ok {
			with[l] = n + 1
		}
	}
	r.series.Labels.Range(func(l labels.Label) {
		if _, own := d.Labels[l.Name]; !own && l.Name != labels.AlertName {
			count(l)
		}
	})
	for name, value := range d.Labels {
		count(labels.Label{Name: name, Value: value})
	}
}

// residuals are a view's values less what was expected, averaged over the points of in's grid; NaN where there are none.
func residuals(v View, in alerting.CauseInput) []float64 {
	if len(v.T) == 0 {
		return nil
	}
	n := int((v.T[len(v.T)-1]-in.From)/in.Step) + 1
	sum, count := make([]float64, n), make([]int, n)
	for i, t := range v.T {
		if r := v.Y[i] - v.Mid[i]; !math.IsNaN(r) && !math.IsInf(r, 0) {
			at := (t - in.From) / in.Step
			sum[at] += r
			count[at]++
		}
	}
	for i := range sum {
		if count[i] == 0 {
			sum[i] = math.NaN()
		} else {
			sum[i] /= float64(count[i])
		}
	}
	return sum
}
