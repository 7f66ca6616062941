package engine

import (
	"math"
	"time"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
)

// Compose makes set the composite alarms; those whose names are already there keep their states. Call it after Configure, with a
// set checked against the same detectors.
func (c *Core) Compose(set *alerting.Composites) {
	c.mu.Lock()
	defer c.mu.Unlock()
	set.Inherit(c.composites)
	c.composites = set
	c.endGone()
}

// compose evaluates the composite alarms after the blocks of a tick, at the grid time of their newest point.
func (c *Core) compose(now int64, blocks []tidewatch.Block) (out []Change) {
	newest := int64(math.MinInt64)
	for _, b := range blocks {
		newest = max(newest, b.End()-b.Step)
	}
	if newest == math.MinInt64 {
		return nil
	}
	for _, tr := range c.composites.Evaluate(newest, now, c.counts) {
		out = append(out, describeComposite(tr.Composite, tr.Transition))
	}
	return out
}

// counts are the states of the series of a detector that an operand chooses. Those of a detector in training are not known yet.
func (c *Core) counts(o alerting.Operand) (n alerting.Counts, known bool) {
	d := c.engine.find(o.Name)
	if d == nil || !d.begun {
		return n, false
	}
	for _, g := range d.groups {
		for i := range g.rows {
			r := &g.rows[i]
			if r.listed(d.next) && (len(o.Matchers) == 0 || o.Matchers.Match(d.labels(r.series))) {
				n[r.alarm.State()]++
			}
		}
	}
	return n, true
}

func describeComposite(x *alerting.Composite, tr alerting.Transition) Change {
	id := alerting.AlarmID(x.Name, 0)
	return Change{
		ID: alerting.TransitionID(id, tr.T, tr.To, x.Hash), Alarm: id, Detector: x.Name, Series: compositeSeries(x), Transition: tr,
		View: alerting.View(compositeFacts(x)), ConfigHash: x.Hash,
	}
}

func compositeSeries(x *alerting.Composite) tidewatch.Series {
	return tidewatch.Series{Labels: x.AlertLabels()}
}

// compositeFacts is what is known of a composite alarm now.
func compositeFacts(x *alerting.Composite) alerting.Facts {
	nan := math.NaN()
	f := alerting.Facts{
		ID: alerting.AlarmID(x.Name, 0), Detector: x.Name, Labels: x.AlertLabels(), Annotations: x.Annotations, Composite: x.Rule.String(),
		Transition: x.Last, State: x.State, Verdict: x.Reason, Location: time.UTC, StartsAt: x.Since,
		Now: tidewatch.Point{T: x.Last.T, V: nan}, Peak: nan, Band: tidewatch.Band{Lower: nan, Mid: nan, Upper: nan},
	}
	if x.Last.From == alerting.Alarming {
		f.EndsAt = x.Last.T
	}
	return f
}

// act hands the actions of composite alarms that are due by now to the dispatcher. One that a suppressor has kept back is never
// historical.
func (c *Core) act(now int64) {
	for _, a := range c.composites.Actions(now) {
		note := ""
		if a.Transition.Rule == alerting.RuleStateSet {
			note = handNote(a.Transition.To)
		}
		c.disp.Handle(alerting.Signal{
			At: a.At, Note: note, ID: alerting.AlarmID(a.Name, 0), Detector: a.Name, Labels: a.AlertLabels(), Transition: a.Transition,
			Historical: a.Suppressor == nil && a.At-a.Transition.T > historicalAfter.Milliseconds(), Muted: a.Disabled,
		})
	}
}

// compositeInfo is a composite alarm as the API lists it.
func (c *Core) compositeInfo(x *alerting.Composite) AlarmInfo {
	nothing := math.NaN()
	return AlarmInfo{
		ID: alerting.AlarmID(x.Name, 0), Detector: x.Name, Series: compositeSeries(x), State: x.State, Since: x.Since, Limit: nothing,
		Facts: compositeFacts(x), Alerting: x.AlertLabels(), Hiding: c.disp.HidingAt(c.now)(alerting.AlarmID(x.Name, 0), x.Name, x.AlertLabels()), Composite: true, SuppressedBy: x.SuppressedBy(c.now),
	}
}

// handle hands the changes of detectors to the dispatcher at time now, with the causes that they share; those of composite alarms wait
// for act.
func (c *Core) handle(changes []Change, now int64) alerting.CauseReport {
	var signals []alerting.Signal
	for i := range changes {
		if d := c.engine.find(changes[i].Detector); d != nil {
			signals = append(signals, d.signal(changes[i], now, now-changes[i].Transition.T > historicalAfter.Milliseconds()+2*d.step()))
		}
	}
	rep := c.shareCauses(signals)
	for i := range signals {
		c.disp.Handle(signals[i])
	}
	return rep
}

// Muted reports whether the actions of a composite alarm are disabled.
func (c *Core) Muted(name string) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	x := c.composites.Find(name)
	return x != nil && x.Disabled
}
