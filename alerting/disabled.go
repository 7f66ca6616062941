package alerting

import (
	"fmt"
	"maps"
	"slices"
)

// DisabledActions says who switched the actions of an alarm off: CloudWatch's DisableAlarmActions.
type DisabledActions struct {
	Target  string `json:"target"` // an alarm's id, or the name of a detector or of a composite alarm
	By      Actor  `json:"by"`
	At      int64  `json:"at"` // Unix milliseconds
	Comment string `json:"comment,omitempty"`
}

// text is "actions disabled by anna since 07:00: planned work".
func (a *DisabledActions) text(when string) string {
	text := fmt.Sprintf("actions disabled by %s since %s", a.By.Name, when)
	if a.Comment != "" {
		text += ": " + a.Comment
	}
	return text
}

// Disabled are the actions that are switched off, by target.
func (d *Dispatcher) Disabled() []DisabledActions {
	out := make([]DisabledActions, 0, len(d.disabled))
	for _, target := range slices.Sorted(maps.Keys(d.disabled)) {
		out = append(out, *d.disabled[target])
	}
	return out
}

// ForgetDisabled drops what was switched off before a time (Unix milliseconds) and is not known any more.
func (d *Dispatcher) ForgetDisabled(before int64, known func(target string) bool) {
	maps.DeleteFunc(d.disabled, func(target string, a *DisabledActions) bool { return a.At < before && !known(target) })
}

// DisabledFor is who switched the actions of an alarm off, nil if they are on.
func (d *Dispatcher) DisabledFor(alarm, detector string) *DisabledActions {
	if a := d.disabled[alarm]; a != nil {
		return a
	}
	return d.disabled[detector]
}

// checkActions refuses what would change nothing.
func (d *Dispatcher) checkActions(c *Control) error {
	switch was := d.disabled[c.Target]; {
	case c.Kind == ControlDisableActions && was != nil:
		return refuse(ErrConflict, "the actions of %s were disabled by %s", c.Target, was.By)
	case c.Kind == ControlEnableActions && was == nil:
		return refuse(ErrConflict, "the actions of %s are not disabled", c.Target)
	}
	return nil
}

// setActions switches the actions of an alarm or a detector off or on, and has the messages about it tell so.
func (d *Dispatcher) setActions(c *Control) {
	if c.Kind == ControlEnableActions {
		delete(d.disabled, c.Target)
	} else {
		d.disabled[c.Target] = &DisabledActions{Target: c.Target, By: c.Actor, At: c.At, Comment: c.Comment}
	}
	for _, id := range slices.Sorted(maps.Keys(d.incidents)) {
		in := d.incidents[id]
		for _, m := range in.members {
			if m.open && (m.sig.ID == c.Target || m.sig.Detector == c.Target) {
				d.touch(in, c.At)
				break
			}
		}
	}
}
