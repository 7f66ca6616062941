package engine

import (
	"math"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/quality"
)

// AlarmInfo is one alarm as the API lists it.
type AlarmInfo struct {
	ID       string
	Detector string
	Series   tidewatch.Series
	State    alerting.State
	Since    int64 // grid time at which the breach began; 0 unless in ALARM
	Seen     int64 // grid time of the newest real point
	First    int64 // grid time of the oldest
	Training Training
	Origin   Origin          // of its baseline
	Limit    float64         // surprise at which anomaly_score is 1
	Newest   View            // the newest decided point
	Facts    alerting.Facts  // of now; after an alarm, with what explains it
	Data     TrainedOn       // what the models had been given that raised the newest alarm; without one, what they have been given
	Quality  quality.Verdict // of its data; None where they can be judged

	SuppressedBy string // alerting.Composite.SuppressedBy: what keeps its action back
	DataStopped  bool   // an incident of it stays open whatever the state: alerting.Alarm.Stopped
	Composite    bool   // of a composite alarm, which has no series and has learnt nothing

	Alerting labels.Labels   // those that routes, groups and matchers see
	Hiding   alerting.Hiding // what keeps it from being told, or would if it fired
}

// Status returns the state of every detector.
func (c *Core) Status() []Status {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.engine.Status()
}

// Decided is the grid time just after the newest decided column of a detector, 0 if there is none.
func (c *Core) Decided(name string) int64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.engine.Decided(name)
}

// Series is how many series of a detector are known.
func (c *Core) Series(name string) int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	d := c.engine.find(name)
	switch {
	case d == nil:
		return 0
	case d.Join != nil:
		return len(d.home)
	}
	return len(d.groups)
}

// LeftOut is how many series of a detector their joint groups have no room for.
func (c *Core) LeftOut(name string) (n int) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	d := c.engine.find(name)
	if d == nil || d.Join == nil {
		return 0
	}
	for _, g := range d.groups {
		n += g.members().leftOut()
	}
	return n
}

// Alarms calls yield for every alarm in order of detector and series, then every composite alarm, until it returns false; those of series that have been replaced, or have
// been gone for a day, are left out. keep, which may be nil, chooses
// by identity and state before the expensive view is made.
func (c *Core) Alarms(keep func(detector string, s tidewatch.Series, state alerting.State) bool, yield func(AlarmInfo) bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	hiding := c.disp.HidingAt(c.now)
	for _, d := range c.engine.detectors {
		for _, g := range d.groups {
			for i := range g.rows {
				r := &g.rows[i]
				if !r.listed(d.next) || keep != nil && !keep(d.Name, r.series, r.alarm.State()) {
					continue
				}
				if !yield(c.told(d, r, hiding)) {
					return
				}
			}
		}
	}
	for _, x := range c.composites.All() {
		if (keep == nil || keep(x.Name, compositeSeries(x), x.State)) && !yield(c.compositeInfo(x)) {
			return
		}
	}
}

func (d *detector) info(r *row) AlarmInfo {
	state, t := r.alarm.State(), d.next-d.step()
	now := r.alarm.Decide(d.Alarm)
	tr := alerting.Transition{T: t, From: state, To: state, Rule: now.Rule, Breaches: now.Breaches, Of: now.Of, Missing: now.Missing}
	if r.alarm.IsSet() {
		tr = alerting.Transition{T: t, From: state, To: state, Rule: alerting.RuleStateSet}
	}
	limit := d.limit.Surprise
	if r.few().alarmed != nil && state == alerting.Alarming && !r.alarm.IsSet() {
		tr, limit = r.few().alarmed.transition, r.few().pinned
	}
	data := d.data.trained
	if r.few().alarmed != nil {
		data = r.few().alarmed.data
	}
	return AlarmInfo{
		ID: alerting.AlarmID(d.Name, r.series.ID), Detector: d.Name, Series: r.series, State: state, Since: r.alarm.Since(),
		Seen: r.seen, First: r.first, Training: d.training(r), Origin: r.from(), Limit: limit, Newest: r.recent.view(d.step(), t, t), Facts: d.facts(r, r.episodeOf(tr), tr, t),
		Quality: d.dataOf(r), Data: data, DataStopped: r.alarm.Stopped(d.Alarm),
	}
}

// FindAlarm returns the alarm of an id.
func (c *Core) FindAlarm(id string) (info AlarmInfo, ok bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, x := range c.composites.All() {
		if alerting.AlarmID(x.Name, 0) == id {
			return c.compositeInfo(x), true
		}
	}
	if d, g := c.places.find(c.engine, id); g != nil {
		return c.told(d, &g.rows[0], c.disp.HidingAt(c.now)), true
	}
	return AlarmInfo{}, false
}

// told is the row's info with what the dispatcher knows of it.
func (c *Core) told(d *detector, r *row, hiding func(id, detector string, ls labels.Labels) alerting.Hiding) AlarmInfo {
	a := d.info(r)
	a.Facts.Set = c.setOf(d, r)
	a.Alerting = d.labels(r.series)
	a.Hiding = hiding(a.ID, a.Detector, a.Alerting)
	return a
}

// Chart is the detector's chart of what is held of a series from the grid time from to the grid time to, Unix milliseconds, or up to
// now if that is earlier. ok is false for an unknown series.
func (c *Core) Chart(id uint64, from, to int64) (chart *alerting.Chart, ok bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	d, r := c.engine.row(id)
	if r == nil {
		return nil, false
	}
	return d.chart(r, alerting.View(d.info(r).Facts), from, min(to, d.next-d.step())), true
}

// row finds a series by its id in any detector.
func (e *Engine) row(id uint64) (*detector, *row) {
	for _, d := range e.detectors {
		if g := d.group(id); g != nil {
			return d, &g.rows[0]
		}
	}
	return nil, nil
}

// Band returns the points of a series with from <= t <= to (Unix milliseconds) and the times of the oldest and newest point
// held, both 0 where there is none. ok is false for an unknown series.
func (c *Core) Band(id uint64, from, to int64) (v View, held [2]int64, ok bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	d, r := c.engine.row(id)
	if r == nil {
		return v, held, false
	}
	v = r.recent.view(d.step(), from, to)
	v.Series, v.Detector = r.series, d.Name
	if all := r.recent.view(d.step(), math.MinInt64, math.MaxInt64).T; len(all) > 0 {
		held = [2]int64{all[0], all[len(all)-1]}
	}
	return v, held, true
}

// Latest calls yield with the newest point of every live series that keep chooses, until yield returns false.
func (c *Core) Latest(keep func(detector string, s tidewatch.Series) bool, yield func(View) bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, d := range c.engine.detectors {
		for _, g := range d.groups {
			for i := range g.rows {
				r := &g.rows[i]
				if r.seen <= d.next-goneAfter.Milliseconds() || !keep(d.Name, r.series) {
					continue
				}
				v := r.recent.view(d.step(), d.next-d.step(), d.next-d.step())
				v.Series, v.Detector = r.series, d.Name
				if len(v.T) == 1 && !yield(v) {
					return
				}
			}
		}
	}
}
