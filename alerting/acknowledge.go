package alerting

import (
	"fmt"
	"strings"
)

// Acknowledgement says that somebody looks after an incident.
type Acknowledgement struct {
	By      Actor  `json:"by"`
	At      int64  `json:"at"` // Unix milliseconds
	Comment string `json:"comment,omitempty"`
}

// severities rank the values of the label severity; what is not here ranks lowest.
var severities = map[string]int{
	"critical": 3, "page": 3, "emergency": 3, "fatal": 3,
	"error": 2, "major": 2, "high": 2,
	"warning": 1, "warn": 1, "minor": 1, "medium": 1, "ticket": 1,
}

// severity is the rank of the alarm's label severity.
func (s *Signal) severity() int { return severities[strings.ToLower(s.Labels.Get("severity"))] }

// incidentOf is the open incident whose message has the key.
func (d *Dispatcher) incidentOf(key string) *incident {
	for _, in := range d.timers {
		if in.key == key {
			return in
		}
	}
	return nil
}

func (d *Dispatcher) checkIncident(c *Control) error {
	in := d.incidentOf(c.Target)
	switch {
	case in == nil:
		return refuse(ErrNoSuchTarget, "no open incident %q", c.Target)
	case c.Kind == ControlUnacknowledge && in.ack == nil:
		return refuse(ErrConflict, "incident %s is not acknowledged", c.Target)
	}
	return nil
}

// maxAsked is how many acknowledgements, given and taken back, an incident knows by their id to tell a second delivery.
const maxAsked = 32

// acknowledge stops what an incident repeats and what it adds to its thread, until it ends or something more severe joins.
func (d *Dispatcher) acknowledge(c *Control) {
	in := d.incidentOf(c.Target)
	in.asked = append(in.asked, c.ID)
	in.asked = in.asked[max(0, len(in.asked)-maxAsked):]
	in.ack, in.ackedSeverity, in.ackEnded = nil, 0, ""
	if c.Kind == ControlAcknowledge {
		in.ack = &Acknowledgement{By: c.Actor, At: c.At, Comment: c.Comment}
		for _, m := range in.members {
			if m.open {
				in.ackedSeverity = max(in.ackedSeverity, m.sig.severity())
			}
		}
	}
	in.ackChanged = true
	d.touch(in, c.At)
}

// outgrow ends the acknowledgement if the alarm is more severe than all that it was given for.
func (in *incident) outgrow(s *Signal) {
	if in.ack == nil || s.severity() <= in.ackedSeverity {
		return
	}
	in.ackEnded = fmt.Sprintf("The acknowledgement by %s ended: an alarm of severity %s joined", in.ack.By.Name, s.Labels.Get("severity"))
	in.ack, in.ackedSeverity, in.ackChanged = nil, 0, true
}
