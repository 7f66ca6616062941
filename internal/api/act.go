package api

import (
	"encoding/json"
	"net/http"

	"github.com/tidewatch/tidewatch/alerting"
)

// PostState is the body that sets an alarm's state until its next evaluation: CloudWatch's SetAlarmState.
type PostState struct {
	State      string          `json:"state" enum:"OK,ALARM,INSUFFICIENT_DATA" doc:"The state that is wanted."`
	Reason     string          `json:"reason" doc:"Why; at most 1,023 bytes."`
	ReasonData json.RawMessage `json:"reason_data,omitempty" doc:"Any JSON, at most 4,000 bytes; it is kept in the history."`
	By         string          `json:"by" doc:"Who asks."`
}

// PostActions is the body that switches the actions of an alarm off or on: CloudWatch's DisableAlarmActions and EnableAlarmActions.
type PostActions struct {
	Enabled bool   `json:"enabled" doc:"false: what happens to the alarm is told to nobody."`
	By      string `json:"by" doc:"Who asks."`
	Comment string `json:"comment,omitempty" doc:"Why."`
}

// DisabledActions says who switched an alarm's actions off.
type DisabledActions struct {
	By      string `json:"by" doc:"Who, and where in parentheses."`
	Time    Time   `json:"at" doc:"Since when."`
	Target  string `json:"target" doc:"What they did it for: the alarm's id, or the name of the detector and so of all of its alarms."`
	Comment string `json:"comment,omitempty" doc:"Why."`
}

// Disabled is d as the API gives it; nil is the zero value.
func Disabled(d *alerting.DisabledActions) DisabledActions {
	if d == nil {
		return DisabledActions{}
	}
	return DisabledActions{By: d.By.String(), Time: Time(d.At), Target: d.Target, Comment: d.Comment}
}

func (s *server) postState(r *http.Request, a *args) (answer, error) {
	var p PostState
	if err := body(r, &p); err != nil {
		return answer{}, err
	}
	id, err := s.control(r, asked{by: p.By}, alerting.Control{
		Kind: alerting.ControlSetState, Target: a.text("id"),
		State: &alerting.StateSetting{State: p.State, Reason: p.Reason, Data: p.ReasonData},
	})
	return answer{data: Changed{id}}, err
}

func (s *server) postActions(r *http.Request, a *args) (answer, error) {
	var p PostActions
	if err := body(r, &p); err != nil {
		return answer{}, err
	}
	kind := alerting.ControlDisableActions
	if p.Enabled {
		kind = alerting.ControlEnableActions
	}
	id, err := s.control(r, asked{p.By, p.Comment}, alerting.Control{Kind: kind, Target: a.text("id")})
	return answer{data: Changed{id}}, err
}
