package engine

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/tidewatch/tidewatch/alerting"
)

// checkAlarm reports whether what a control says of an alarm can be done to one that there is.
func (c *Core) checkAlarm(ctl alerting.Control) error {
	switch ctl.Kind {
	case alerting.ControlSetState:
		if d, _ := c.places.find(c.engine, ctl.Target); d == nil && c.composite(ctl.Target) == nil {
			return noAlarm(ctl.Target)
		}
	case alerting.ControlDisableActions:
		d, _ := c.places.find(c.engine, ctl.Target)
		if d == nil {
			d = c.engine.find(ctl.Target)
		}
		x := c.composite(ctl.Target)
		switch {
		case d == nil && x == nil:
			return noAlarm(ctl.Target)
		case d != nil && d.Muted:
			return refused{fmt.Errorf("the configuration switches the actions of %s off: notify: false", d.Name), alerting.ErrConflict}
		case x != nil && x.Disabled:
			return refused{fmt.Errorf("the configuration switches the actions of %s off: actions_enabled: false", x.Name), alerting.ErrConflict}
		}
	}
	return nil
}

// refused is an error for a person, of one of alerting's kinds.
type refused struct {
	error
	kind error
}

func (r refused) Unwrap() error { return r.kind }

func noAlarm(target string) error {
	return refused{fmt.Errorf("no alarm %q", target), alerting.ErrNoSuchTarget}
}

// forgetDisabled drops actions that were switched off long ago of alarms and detectors that are gone, once all is known that there is.
func (c *Core) forgetDisabled(now int64) {
	for _, d := range c.engine.detectors {
		if !d.begun {
			return
		}
	}
	c.disp.ForgetDisabled(now-alerting.LedgerRetention.Milliseconds(), func(target string) bool {
		d, _ := c.places.find(c.engine, target)
		return d != nil || c.engine.find(target) != nil || c.composite(target) != nil
	})
}

// composite finds a composite alarm by its id or name, nil if there is none.
func (c *Core) composite(target string) *alerting.Composite {
	for _, x := range c.composites.All() {
		if x.Name == target || alerting.AlarmID(x.Name, 0) == target {
			return x
		}
	}
	return nil
}

// setState sets the state of an alarm until its next evaluation, and lets the composite alarms above it see that.
func (c *Core) setState(ctl alerting.Control, r *Result) {
	set := alerting.StateSet{StateSetting: *ctl.State, By: ctl.Actor, At: ctl.At}
	name, ch, changed := c.set(ctl.Target, set)
	if !changed {
		return
	}
	ch.Set = &set
	r.Changes = append(r.Changes, ch)
	c.handle([]Change{ch}, ctl.At)
	for _, tr := range c.composites.EvaluateAbove(name, ch.Transition.T, ctl.At, c.counter()) {
		r.Changes = append(r.Changes, describeComposite(tr.Composite, tr.Transition))
	}
}

// set sets the state; false where the alarm has it already.
func (c *Core) set(target string, set alerting.StateSet) (name string, ch Change, changed bool) {
	if x := c.composite(target); x != nil {
		tr, changed := x.Set(set.At, set)
		if !changed {
			return x.Name, ch, false
		}
		return x.Name, describeComposite(x, tr), true
	}
	d, g := c.places.find(c.engine, target)
	to, err := alerting.ParseState(set.State)
	if d == nil || err != nil {
		return "", ch, false
	}
	tr, changed := g.rows[0].alarm.Set(set.At, to, d.Model.Step)
	if !changed {
		return d.Name, ch, false
	}
	if c.sets == nil {
		c.sets = map[string]alerting.StateSet{}
	}
	c.sets[target] = set
	ch = d.describe(change{t: tr.T, g: g, tr: tr, data: d.data.trained, note: handNote(to)})
	f := d.facts(&g.rows[0], nil, tr, d.next-d.step())
	f.Set = &set
	ch.View = alerting.View(f)
	return d.Name, ch, true
}

// handNote is the note of an alarm that leaves a state by hand: an incident does not end because somebody says that data are lacking.
func handNote(to alerting.State) string {
	if to == alerting.OK {
		return alerting.NoteSetByHand
	}
	return ""
}

// forgetSets drops the sets that evaluations have ended.
func (c *Core) forgetSets() {
	maps.DeleteFunc(c.sets, func(id string, _ alerting.StateSet) bool {
		d, g := c.places.find(c.engine, id)
		return d == nil || !g.rows[0].alarm.IsSet()
	})
}

// setOf is who set the state that the row shows, nil where nobody did.
func (c *Core) setOf(d *detector, r *row) *alerting.StateSet {
	if !r.alarm.IsSet() {
		return nil
	}
	if set, ok := c.sets[alerting.AlarmID(d.Name, r.series.ID)]; ok {
		return &set
	}
	return nil
}

// appendSets appends what loadSets reads: JSON, in which a map is in order.
func appendSets(b []byte, sets map[string]alerting.StateSet) []byte {
	out, err := json.Marshal(sets)
	if err != nil { // its data were checked to be JSON
		panic("engine: a set state does not marshal: " + err.Error())
	}
	return append(b, out...)
}

func loadSets(b []byte) (sets map[string]alerting.StateSet, err error) {
	if err := json.Unmarshal(b, &sets); err != nil {
		return nil, fmt.Errorf("states set by hand: %w", err)
	}
	return sets, nil
}
