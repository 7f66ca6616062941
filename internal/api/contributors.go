package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// The evaluation states of a detector, with CloudWatch's names; "" is neither.
const (
	PartialData       = "PARTIAL_DATA"       // series are left out of what is judged
	EvaluationFailure = "EVALUATION_FAILURE" // the newest evaluation failed
)

// MaxContributors is how many contributors are listed: CloudWatch's limit.
const MaxContributors = 100

// Contributor is one series that brings its detector into ALARM.
type Contributor struct {
	AlarmID        string        `json:"alarm_id" doc:"Identity of its alarm."`
	Labels         labels.Labels `json:"labels" doc:"The series' labels."`
	Since          Time          `json:"since,omitzero" doc:"When its breach began."`
	Reason         string        `json:"reason" doc:"Why it is in ALARM, in one sentence with the values."`
	Score          Value         `json:"anomaly_score" doc:"Of its newest point; above 1 breaches."`
	DataStopped    bool          `json:"data_stopped,omitempty" doc:"Nothing says that its breach goes on."`
	ActionsEnabled bool          `json:"actions_enabled" doc:"Whether messages tell of it."`
}

// ContributorList is the answer of /api/v1/detectors/{name}/contributors.
type ContributorList struct {
	Detector         string        `json:"detector" doc:"Name of the detector."`
	Contributors     []Contributor `json:"contributors" doc:"Series in ALARM, the highest score first; at most 100."`
	Omitted          int           `json:"omitted" minimum:"0" doc:"How many more there are in ALARM."`
	Alarms           AlarmCounts   `json:"alarms" doc:"All of its alarms by state."`
	EvaluationState  string        `json:"evaluation_state,omitempty" enum:"PARTIAL_DATA,EVALUATION_FAILURE" doc:"Absent where all series are judged."`
	EvaluationReason string        `json:"evaluation_reason,omitempty" doc:"Why."`
}

func (s *server) contributors(ctx context.Context, a *args) (answer, error) {
	name := a.text("name")
	if err := a.err(); err != nil {
		return answer{}, err
	}
	all, err := s.backend.Detectors(ctx)
	if err != nil {
		return answer{}, fmt.Errorf("reading detectors: %w", err)
	}
	i := slices.IndexFunc(all, func(d Detector) bool { return d.Name == name })
	if i < 0 {
		return answer{}, NotFoundf("no detector %s; /api/v1/detectors lists them", shown(name))
	}
	d := &all[i]
	list := ContributorList{
		Detector: name, Contributors: []Contributor{}, Alarms: d.Alarms, EvaluationState: d.EvaluationState, EvaluationReason: d.EvaluationReason,
	}
	q := AlarmQuery{Detector: name, State: "ALARM", Limit: MaxLimit}
	for { // page by page: a detector may have many
		page, err := s.backend.Alarms(ctx, q)
		if err != nil {
			return answer{}, fmt.Errorf("reading alarms: %w", err)
		}
		for i := range page.Alarms {
			x := &page.Alarms[i]
			list.Contributors = append(list.Contributors, Contributor{x.ID, x.Labels, x.Since, x.Reason, x.Score, x.DataStopped, x.ActionsEnabled})
		}
		n := len(page.Alarms)
		if page.Remaining == 0 || n == 0 {
			break
		}
		q.AfterID = page.Alarms[n-1].ID
	}
	slices.SortFunc(list.Contributors, func(x, y Contributor) int {
		return cmp.Or(cmp.Compare(y.Score, x.Score), cmp.Compare(x.AlarmID, y.AlarmID))
	})
	if more := len(list.Contributors) - MaxContributors; more > 0 {
		list.Omitted, list.Contributors = more, list.Contributors[:MaxContributors]
	}
	var infos []string
	if list.Omitted > 0 {
		infos = append(infos, fmt.Sprintf("%d more series in ALARM are not listed", list.Omitted))
	}
	return answer{list, infos}, nil
}
