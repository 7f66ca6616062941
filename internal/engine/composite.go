package engine

import (
	"math"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
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
	for _, tr := range c.composites.Evaluate(newest, now, c.counter()) {
		out = append(out, describeComposite(tr.Composite, tr.Transition))
	}
	return out
}

// counted is what an operand chooses, as counter remembers it.
type counted struct {
	states alerting.Counts
	known  bool
}

// counter tells the states of the series of a detector that an operand chooses, and goes through them once for each operand, however
// many rules name it; the states must not change meanwhile. Those of a detector in training are not known yet.
func (c *Core) counter() func(alerting.Operand) (n alerting.Counts, known bool) {
	memo := map[string]counted{}
	return func(o alerting.Operand) (alerting.Counts, bool) {
		key := o.String()
		x, seen := memo[key]
		if !seen {
			if d := c.engine.find(o.Name); d != nil && d.begun {
				x = counted{d.counts(o.Matchers), true}
			}
			memo[key] = x
		}
		return x.states, x.known
	}
}

// counts are the states of the listed series that match.
func (d *detector) counts(ms alerting.Matchers) (n alerting.Counts) {
	for _, g := range d.groups {
		for i := range g.rows {
			if r := &g.rows[i]; r.listed(d.next) && d.matches(ms, r) {
				n[r.alarm.State()]++
			}
		}
	}
	return n
}

// matches reports whether all matchers match what labels gives of the row.
func (d *detector) matches(ms alerting.Matchers, r *row) bool {
	for _, m := range ms {
		value, own := d.Labels[m.Name]
		switch {
		case m.Name == labels.AlertName:
			value = d.Name
		case m.Name == model.MetricNameLabel:
			value = ""
		case !own:
			value = r.series.Labels.Get(m.Name)
		}
		if !m.Matches(value) {
			return false
		}
	}
	return true
}

func describeComposite(x *alerting.Composite, tr alerting.Transition) Change {
	id := alerting.AlarmID(x.Name, 0)
	var children []alerting.Child
	if tr.Rule != alerting.RuleStateSet {
		children = x.Children
	}
	return Change{
		Children: children,
		ID:       alerting.TransitionID(id, tr.T, tr.To, x.Hash), Alarm: id, Detector: x.Name, Series: compositeSeries(x), Transition: tr,
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
