package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/tidewatch/tidewatch/alerting"
)

// CheckControl reports why a control would be refused.
func (c *Core) CheckControl(ctl alerting.Control) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if err := c.disp.Check(ctl); err != nil {
		return err
	}
	return c.checkAlarm(ctl)
}

// Control lets a control take effect at decision time now, Unix milliseconds, after all that was due by then. It returns the id of
// what was created or changed, and what became of it. A control that CheckControl refuses does nothing.
func (c *Core) Control(now int64, ctl alerting.Control) (id string, r Result, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r = c.advance(now)
	ctl.At = c.now
	if id, err = c.disp.Control(ctl); err != nil {
		return "", r, err
	}
	if err := c.tellModels(ctl); err != nil {
		r.Warnings = append(r.Warnings, "what was taken back could not be unlearnt: "+err.Error())
	}
	if ctl.Kind == alerting.ControlSetState {
		c.setState(ctl, &r)
	}
	r.Controls = append(r.Controls, ctl)
	c.dispatch(&r)
	return id, r, nil
}

// tellModels has the models of series that a person calls expected accept, at their next real point, the regime that they are in; or
// have it forgotten, where that is taken back.
func (c *Core) tellModels(ctl alerting.Control) error {
	var errs []error
	switch ctl.Kind {
	case alerting.ControlFeedback:
		if ctl.Feedback.Verdict == alerting.FeedbackExpected {
			c.eachJudged(ctl.Feedback.Judged, func(_ *detector, g *group) { g.expect(ctl.ID) })
		}
	case alerting.ControlRetractFeedback:
		for _, f := range c.disp.Feedback() {
			if f.ID == ctl.Target && f.Verdict == alerting.FeedbackExpected {
				c.eachJudged(f.Judged, func(d *detector, g *group) { errs = append(errs, d.unexpect(g, f.ID)) })
			}
		}
	}
	return errors.Join(errs...)
}

// eachJudged calls f for the groups of judged alarms that were not where they should be: elsewhere there is nothing to accept.
func (c *Core) eachJudged(judged []alerting.Judged, f func(*detector, *group)) {
	for i := range judged {
		d := c.engine.find(judged[i].Detector)
		if d == nil || judged[i].State == alerting.OK.String() {
			continue
		}
		if g := d.group(judged[i].SeriesID); g != nil {
			f(d, g)
		}
	}
}

// Now is the newest decision time, Unix milliseconds; 0 before the first.
func (c *Core) Now() int64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.now
}

// Judge is an alarm as a person sees it now, with the points that are held.
func (c *Core) Judge(alarm string) (j alerting.Judged, ok bool) {
	a, ok := c.FindAlarm(alarm)
	if !ok {
		return j, false
	}
	v := alerting.View(a.Facts)
	j = alerting.Judged{
		Alarm: a.ID, Detector: a.Detector, SeriesID: a.Series.ID, Labels: a.Alerting, State: a.State.String(), Since: a.Since,
		Reason: v.Reason, Score: v.Score,
	}
	if p, _, known := c.Band(a.Series.ID, math.MinInt64, math.MaxInt64); known && len(p.T) > 0 {
		j.Data = alerting.JudgedData{From: p.T[0], Step: p.Step, Y: p.Y, Lower: p.Lower, Upper: p.Upper}
	}
	j.Hash = j.Data.Hash()
	return j, true
}

// Silences are those that have not been forgotten, by id.
func (c *Core) Silences() []alerting.Silence {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.disp.Silences()
}

// EndedIncident is the one with this key whose message has ended and can still be judged at now, Unix milliseconds.
func (c *Core) EndedIncident(key string, now int64) (alerting.Incident, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.disp.EndedIncident(key, now)
}

// NoiseReport counts what people were told in [from, to), Unix milliseconds.
func (c *Core) NoiseReport(from, to int64) alerting.NoiseReport {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.disp.NoiseReport(from, to)
}

// Feedback is what has not been forgotten, by id.
func (c *Core) Feedback() []alerting.FeedbackEntry {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.disp.Feedback()
}

// Incidents are the open ones, by key.
func (c *Core) Incidents() []alerting.Incident {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.disp.Incidents()
}

func (e *encoder) controls(cs []alerting.Control) {
	e.uint(len(cs))
	for i := range cs {
		b, err := json.Marshal(&cs[i])
		if err != nil { // plain data; floats are kept as their bits, and a score is finite
			panic("engine: a control does not marshal: " + err.Error())
		}
		e.bytes(b)
	}
}

func (d *decoder) controls() ([]alerting.Control, error) {
	cs := make([]alerting.Control, d.count(1))
	for i := range cs {
		if b := d.bytes(); d.err == nil {
			if err := json.Unmarshal(b, &cs[i]); err != nil {
				return nil, fmt.Errorf("control: %w", err)
			}
		}
	}
	return cs, d.err
}
