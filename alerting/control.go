package alerting

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// ControlKind says what a Control asks for.
type ControlKind string

// The kinds of control. Those after ControlExpireSilence concern an incident or an alarm, not a silence.
const (
	ControlSilence         ControlKind = "silence"          // creates Control.Silence, or edits the silence that it names
	ControlExpireSilence   ControlKind = "expire_silence"   // ends the silence Control.Target now
	ControlAcknowledge     ControlKind = "acknowledge"      // somebody looks after the incident Control.Target
	ControlUnacknowledge   ControlKind = "unacknowledge"    // and does not any more
	ControlFeedback        ControlKind = "feedback"         // judges what Control.Feedback names
	ControlRetractFeedback ControlKind = "retract_feedback" // takes the feedback Control.Target back

	ControlSetState       ControlKind = "set_alarm_state"       // sets the alarm Control.Target to Control.State until its next evaluation
	ControlDisableActions ControlKind = "disable_alarm_actions" // tells nobody of the alarm Control.Target, or of all alarms of the detector of that name
	ControlEnableActions  ControlKind = "enable_alarm_actions"  // ends that
)

// Actor is who asked for something, and where.
type Actor struct {
	Name string `json:"name"` // as people know them; never empty
	From string `json:"from"` // slack, api or cli
	// ID is the identity behind the name where the place has one, for example a Slack user's.
	ID string `json:"id,omitempty"`
}

// String is "anna (slack)".
func (a Actor) String() string {
	if a.From == "" {
		return a.Name
	}
	return a.Name + " (" + a.From + ")"
}

// Control is one thing that a person asked for. It enters the journal before it takes effect, so that a restart and a replay
// of the journal do the same as before. Its JSON form is stable.
type Control struct {
	// ID names the request. A second control with the id of one that has created something does nothing, so a caller that may
	// deliver twice derives it from what was delivered. It becomes the id of a new silence or feedback.
	ID      string      `json:"id"`
	At      int64       `json:"at"` // when it takes effect, Unix milliseconds
	Actor   Actor       `json:"actor"`
	Kind    ControlKind `json:"kind"`
	Comment string      `json:"comment,omitempty"`
	// Target is the Notice.Key of an incident, the id of a silence, a feedback or an alarm, or the name of a detector.
	Target   string        `json:"target,omitempty"`
	Silence  *SilenceSpec  `json:"silence,omitempty"`
	Feedback *Feedback     `json:"feedback,omitempty"`
	State    *StateSetting `json:"state,omitempty"`
}

// Kinds of refusal; errors.Is finds one of them in Check's error.
var (
	ErrNoSuchTarget = errors.New("what a control names does not exist")
	ErrConflict     = errors.New("what a control names is in a state that does not allow it")
	ErrInvalid      = errors.New("a control is not valid")
)

// refusal is an error of one of these kinds with a text of its own.
type refusal struct {
	error
	kind error
}

func (r refusal) Unwrap() error { return r.kind }

func refuse(kind error, format string, args ...any) error {
	return refusal{fmt.Errorf(format, args...), kind}
}

const (
	maxControlText = 4096 // bytes of a comment
	maxControlName = 256  // bytes of a name or an id
)

// validate checks what can be checked without knowing the dispatcher.
func (c *Control) validate() error {
	switch {
	case c.ID == "" || len(c.ID) > maxControlName:
		return fmt.Errorf("id has %d bytes, want 1 to %d", len(c.ID), maxControlName)
	case c.Actor.Name == "" || len(c.Actor.Name) > maxControlName:
		return fmt.Errorf("the name of who asks has %d bytes, want 1 to %d", len(c.Actor.Name), maxControlName)
	case len(c.Comment) > maxControlText:
		return fmt.Errorf("comment has %d bytes, at most %d are allowed", len(c.Comment), maxControlText)
	case c.At <= 0:
		return fmt.Errorf("at is %d, want Unix milliseconds", c.At)
	}
	needs := map[ControlKind]bool{
		ControlSilence: c.Silence != nil, ControlExpireSilence: c.Target != "", ControlAcknowledge: c.Target != "",
		ControlUnacknowledge: c.Target != "", ControlFeedback: c.Feedback != nil, ControlRetractFeedback: c.Target != "",
		ControlSetState: c.Target != "" && c.State != nil, ControlDisableActions: c.Target != "", ControlEnableActions: c.Target != "",
	}
	has, known := needs[c.Kind]
	switch {
	case !known:
		return fmt.Errorf("kind %q is unknown, want one of %s", c.Kind, slices.Sorted(maps.Keys(needs)))
	case !has:
		return fmt.Errorf("a control of kind %s needs what it is about: silence, feedback, state or target", c.Kind)
	case c.State != nil:
		return c.State.validate()
	}
	return nil
}
