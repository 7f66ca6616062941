package alerting

import (
	"cmp"
	"container/heap"
	"errors"
	"maps"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// Check reports why a control would be refused; nothing changes. Its errors are for the person who asked; see ErrNoSuchTarget.
func (d *Dispatcher) Check(c Control) error {
	err := d.check(c)
	if r := (refusal{}); err == nil || errors.As(err, &r) {
		return err
	}
	return refusal{err, ErrInvalid}
}

func (d *Dispatcher) check(c Control) error {
	if err := c.validate(); err != nil {
		return err
	}
	switch c.Kind {
	case ControlSilence:
		return d.checkSilence(&c)
	case ControlExpireSilence:
		return d.checkExpire(&c)
	case ControlAcknowledge, ControlUnacknowledge:
		return d.checkIncident(&c)
	case ControlFeedback:
		return d.checkFeedback(&c)
	case ControlSetState:
		return nil // the dispatcher follows alarms and has none
	case ControlDisableActions, ControlEnableActions:
		return d.checkActions(&c)
	default:
		return d.checkRetract(&c)
	}
}

// Control lets a control take effect at its At and returns the id of what it created or changed. One that Check refuses changes
// nothing and gives Check's error. Call AdvanceTo(At) before, so that what was due sees the state from before it, and after, for
// what it does to messages.
func (d *Dispatcher) Control(c Control) (id string, err error) {
	if d.silences[c.ID] != nil || d.feedback[c.ID] != nil { // delivered twice
		return c.ID, nil
	}
	if in := d.incidentOf(c.Target); in != nil && slices.Contains(in.asked, c.ID) { // likewise
		return c.Target, nil
	}
	if err := d.Check(c); err != nil {
		return "", err
	}
	d.forget(c.At)
	switch c.Kind {
	case ControlSilence:
		if old := d.silences[c.Silence.ID]; old != nil {
			d.touchMatching(old.Matchers, c.At)
		}
		id = d.silence(&c)
		d.touchMatching(c.Silence.Matchers, c.At)
		return id, nil
	case ControlExpireSilence:
		d.expire(&c)
		d.touchMatching(d.silences[c.Target].Matchers, c.At)
	case ControlFeedback:
		f := &FeedbackEntry{ID: c.ID, At: c.At, By: c.Actor, Comment: c.Comment, Feedback: *c.Feedback, Incidents: d.incidentsJudged(c.Feedback)}
		d.feedback[c.ID] = f
		d.touchFeedback(f, c.At)
		return c.ID, nil
	case ControlRetractFeedback:
		f := d.feedback[c.Target]
		f.Retracted, f.RetractAt = &c.Actor, c.At
		d.touchFeedback(f, c.At)
	case ControlDisableActions, ControlEnableActions:
		d.setActions(&c)
	case ControlAcknowledge, ControlUnacknowledge:
		d.acknowledge(&c)
	}
	return c.Target, nil
}

// touch brings the incident's next tick forward to t, but not before its group_wait has passed.
func (d *Dispatcher) touch(in *incident, t int64) {
	if next := max(t, in.first); next < in.next {
		in.next = next
		heap.Fix(&d.timers, in.index)
	}
}

// touchMatching touches every incident with an open alarm that matches.
func (d *Dispatcher) touchMatching(ms Matchers, t int64) {
	for _, id := range slices.Sorted(maps.Keys(d.incidents)) {
		in := d.incidents[id]
		for _, m := range in.members {
			if m.open && ms.Match(m.sig.Labels) {
				d.touch(in, t)
				break
			}
		}
	}
}

// Incident is one open incident as the API lists it.
type Incident struct {
	Key             string // of its message, Notice.Key
	Receiver        string
	Group           labels.Labels
	Posted          bool  // a message about it exists
	StartsAt        int64 // of its oldest open alarm, Unix milliseconds
	EndedAt         int64 // when its message said that it is over; 0: it is open
	Alarms          []string
	Common          labels.Labels    // what all open alarms share
	Hidden          int              // of Alarms, those that are silenced, inhibited or muted
	Acknowledgement *Acknowledgement // nil: nobody looks after it
	Cause           *SharedCause     // that its alarms were found to have, nil: none
	Company         *Company         // the weakest reason for which a group joined by its time and labels; nil: none did
	Groups          int              // of the routing tree that it tells of
}

// Incidents are all open ones, by key. Alarms holds the ids of the open alarms, the most severe first.
func (d *Dispatcher) Incidents() []Incident {
	out := make([]Incident, 0, len(d.incidents))
	for _, in := range d.incidents {
		v := Incident{Key: in.key, Receiver: in.receiver, Group: in.group, Posted: in.version > 0, Acknowledgement: in.ack, Cause: in.cause, Company: in.why, Groups: 1 + len(in.groups)}
		var open []*member
		for _, m := range rank(in.members) {
			if !m.open {
				continue
			}
			open = append(open, m)
			if len(v.Alarms) == 0 || m.startsAt < v.StartsAt {
				v.StartsAt = m.startsAt
			}
			v.Alarms = append(v.Alarms, m.sig.ID)
			if m.hiding != nil {
				v.Hidden++
			}
		}
		if len(v.Alarms) > 0 { // else it is over and only its last message is still to be made
			v.Common = labels.FromMap(commonLabels(open))
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b Incident) int { return cmp.Compare(a.Key, b.Key) })
	return out
}
