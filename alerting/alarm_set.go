package alerting

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// CloudWatch's limits of SetAlarmState, in bytes.
const (
	MaxStateReason     = 1023
	MaxStateReasonData = 4000
)

// StateSetting is the state that a person wants an alarm to have until its next evaluation: CloudWatch's SetAlarmState.
type StateSetting struct {
	State  string          `json:"state"`  // by CloudWatch's name
	Reason string          `json:"reason"` // not empty, at most MaxStateReason bytes
	Data   json.RawMessage `json:"reason_data,omitempty"`
}

// validate checks what can be checked without knowing the alarm.
func (s *StateSetting) validate() error {
	switch _, err := ParseState(s.State); {
	case err != nil:
		return err
	case s.Reason == "" || len(s.Reason) > MaxStateReason:
		return fmt.Errorf("the reason has %d bytes, want 1 to %d", len(s.Reason), MaxStateReason)
	case len(s.Data) > MaxStateReasonData:
		return fmt.Errorf("the reason data have %d bytes, at most %d are allowed", len(s.Data), MaxStateReasonData)
	case len(s.Data) > 0 && !json.Valid(s.Data):
		return errors.New("the reason data are no JSON")
	}
	return nil
}

// StateSet is a state that was set, and by whom.
type StateSet struct {
	StateSetting
	By Actor `json:"by"`
	At int64 `json:"at"` // decision time, Unix milliseconds
}

// String is "Set to ALARM by anna (cli), until the next evaluation: route test."
func (s *StateSet) String() string {
	text := fmt.Sprintf("Set to %s by %s, until the next evaluation: %s", s.State, s.By, s.Reason)
	if !strings.ContainsAny(text[len(text)-1:], ".!?") {
		text += "."
	}
	return text
}

// Set shows the state to until the next Step, which decides as if it had not been called; false if that is the state already. now is the
// decision time in Unix milliseconds. The transition's time lies between the newest grid time and the next, so that a history is in order.
func (a *Alarm) Set(now int64, to State, step time.Duration) (Transition, bool) {
	tr := Transition{T: now, From: a.State(), To: to, Rule: RuleStateSet}
	if tr.From == to {
		return Transition{}, false
	}
	if a.seen > 0 || a.last > 0 {
		tr.T = max(min(now, a.last+step.Milliseconds()-1), a.last+1, a.setT+1)
	}
	if to == Alarming {
		tr.Since = tr.T
	}
	a.set, a.setT = uint8(to)+1, tr.T
	return tr, true
}

// IsSet reports whether the state is one that a person has set.
func (a *Alarm) IsSet() bool { return a.set > 0 }
