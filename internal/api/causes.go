package api

import (
	"context"
	"fmt"

	"github.com/prometheus/prometheus/model/labels"
)

// Cause is several alarms that go back to one thing.
type Cause struct {
	Members []CauseMember `json:"members" doc:"The alarms, by onset."`
	First   []string      `json:"first" doc:"IDs of those that moved first: the earliest, and what the uncertainty of the onsets cannot tell from it."`
	Labels  []CauseLabel  `json:"labels" doc:"What all members share and at most a tenth of the quiet series have, the rarest first."`
	P       Value         `json:"p_value" doc:"Chance that alarms so much in step before the trouble are unrelated, from 999 circular shifts."`
	Nearby  []CauseEvent  `json:"nearby" doc:"Deploys, restarts and other events near the onset of those that moved first, the closest first."`
}

// CauseMember is an alarm of a cause.
type CauseMember struct {
	AlarmID       string        `json:"alarm_id" doc:"The alarm."`
	Detector      string        `json:"detector" doc:"Name of the detector."`
	Labels        labels.Labels `json:"labels" doc:"The labels that routes see."`
	Onset         Time          `json:"onset" doc:"Estimate of when its trouble began."`
	SpreadSeconds float64       `json:"spread_seconds" doc:"Standard deviation of that estimate."`
}

// CauseLabel is a label that all members of a cause share.
type CauseLabel struct {
	Name  string `json:"name" doc:"Its name."`
	Value string `json:"value" doc:"Its value."`
	Quiet int    `json:"quiet_series" doc:"Series without an alarm that have it, too."`
}

// CauseEvent is an event near a cause.
type CauseEvent struct {
	ID   string `json:"id" doc:"Identity of the event."`
	Time Time   `json:"time" doc:"When it happened."`
	Kind string `json:"kind" doc:"deploy, restart or rollout, or what was posted."`
	Text string `json:"text" doc:"What happened."`
}

// CauseList is the answer of /api/v1/causes.
type CauseList struct {
	Causes        []Cause `json:"causes" doc:"By onset of the first member."`
	Alone         int     `json:"alone" doc:"Alarms that fire and share their cause with no other."`
	QuietSeries   int     `json:"quiet_series" doc:"Series without an alarm."`
	Pairs         int     `json:"pairs" doc:"Pairs of alarms that were compared."`
	PairsLeftOut  int     `json:"pairs_left_out" doc:"Pairs that were not compared because there were too many."`
	AlarmsLeftOut int     `json:"alarms_left_out" doc:"Alarms that were not looked at because there were too many."`
}

func (s *server) causes(ctx context.Context, a *args) (answer, error) {
	if err := a.err(); err != nil {
		return answer{}, err
	}
	list, err := s.backend.Causes(ctx)
	if err != nil {
		return answer{}, fmt.Errorf("looking for common causes: %w", err)
	}
	list.Causes = orEmpty(list.Causes)
	return answer{data: list}, nil
}
