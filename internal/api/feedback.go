package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/alerting"
)

// JudgedAlarm is an alarm as it was when a person judged it.
type JudgedAlarm struct {
	AlarmID  string        `json:"alarm_id" doc:"The alarm."`
	Detector string        `json:"detector" doc:"Name of the detector."`
	Labels   labels.Labels `json:"labels" doc:"The labels that matchers see."`
	State    string        `json:"state" enum:"OK,ALARM,INSUFFICIENT_DATA" doc:"State of the alarm then."`
	Since    Time          `json:"since,omitzero" doc:"When it had begun."`
	Reason   string        `json:"reason" doc:"What it said."`
	Hash     string        `json:"hash" doc:"SHA-256 over the points that could be seen."`
	From     Time          `json:"data_from,omitzero" doc:"Oldest of those points."`
	Points   int           `json:"data_points" minimum:"0" doc:"How many they were."`
}

// Feedback is what a person made of alarms.
type Feedback struct {
	ID          string        `json:"id" doc:"Identity."`
	Verdict     string        `json:"verdict" enum:"expected,not_anomaly,anomaly" doc:"expected: normal from now on. not_anomaly: nothing was wrong; its scope is hidden until it expires. anomaly: something was wrong."`
	Time        Time          `json:"at" doc:"When it was given."`
	By          string        `json:"by" doc:"Who gave it, and where in parentheses."`
	Comment     string        `json:"comment,omitempty" doc:"Why."`
	Matchers    []Matcher     `json:"matchers" doc:"Its scope."`
	ExpiresAt   Time          `json:"expires_at" doc:"Until when it stands."`
	Active      bool          `json:"active" doc:"Whether it stands: neither expired nor retracted."`
	RetractedBy string        `json:"retracted_by,omitempty" doc:"Who took it back."`
	RetractedAt Time          `json:"retracted_at,omitzero" doc:"When."`
	Judged      []JudgedAlarm `json:"judged" doc:"What it was given on."`
}

// FeedbackList is the answer of GET /api/v1/feedback.
type FeedbackList struct {
	Feedback []Feedback `json:"feedback" doc:"Newest first."`
}

// PostFeedback is the body of POST /api/v1/feedback.
type PostFeedback struct {
	Verdict   string        `json:"verdict" enum:"expected,not_anomaly,anomaly" doc:"What to make of it."`
	AlarmID   string        `json:"alarm_id,omitempty" doc:"The alarm that is judged; or incident."`
	Incident  string        `json:"incident,omitempty" doc:"Key of the incident that is judged: all its open alarms, or those that its message shows, until seven days after its end."`
	Matchers  []PostMatcher `json:"matchers,omitempty" doc:"Scope; left out: the labels of the alarm, or those that the incident's alarms share."`
	ExpiresAt Time          `json:"expires_at,omitempty" doc:"Default: after 24 hours for not_anomaly, else after 30 days."`
	By        string        `json:"by" doc:"Who asks."`
	Comment   string        `json:"comment,omitempty" doc:"Why."`
}

func (s *server) feedback(ctx context.Context, a *args) (answer, error) {
	if err := a.err(); err != nil {
		return answer{}, err
	}
	if s.opts.Controls == nil {
		return answer{}, errNoControls
	}
	all, err := s.opts.Controls.Feedback(ctx)
	if err != nil {
		return answer{}, fmt.Errorf("reading feedback: %w", err)
	}
	out := make([]Feedback, len(all))
	for i := range all {
		out[i] = apiFeedback(&all[i], s.now().UnixMilli())
	}
	slices.SortFunc(out, func(x, y Feedback) int { return cmp.Or(cmp.Compare(y.Time, x.Time), cmp.Compare(x.ID, y.ID)) })
	return answer{data: FeedbackList{out}}, nil
}

func apiFeedback(f *alerting.FeedbackEntry, now int64) Feedback {
	out := Feedback{
		ID: f.ID, Verdict: string(f.Verdict), Time: Time(f.At), By: f.By.String(), Comment: f.Comment, Matchers: apiMatchers(f.Matchers),
		ExpiresAt: Time(f.ExpiresAt), Active: f.Active(now), Judged: []JudgedAlarm{},
	}
	if f.Retracted != nil {
		out.RetractedBy, out.RetractedAt = f.Retracted.String(), Time(f.RetractAt)
	}
	for i := range f.Judged {
		j := &f.Judged[i]
		out.Judged = append(out.Judged, JudgedAlarm{
			AlarmID: j.Alarm, Detector: j.Detector, Labels: j.Labels, State: j.State, Since: Time(j.Since), Reason: j.Reason, Hash: j.Hash,
			From: Time(j.Data.From), Points: len(j.Data.Y),
		})
	}
	return out
}

func (s *server) postFeedback(r *http.Request, _ *args) (answer, error) {
	var p PostFeedback
	if err := body(r, &p); err != nil {
		return answer{}, err
	}
	f := alerting.Feedback{Verdict: alerting.FeedbackVerdict(p.Verdict), ExpiresAt: int64(p.ExpiresAt), Incident: p.Incident}
	ids, err := s.judgedIDs(r.Context(), &p)
	if err != nil {
		return answer{}, err
	}
	if f.Judged, err = s.opts.Controls.Judge(r.Context(), ids); err != nil {
		return answer{}, fmt.Errorf("reading what is judged: %w", err)
	}
	if f.Matchers, err = matchersOf(p.Matchers); err != nil {
		return answer{}, err
	}
	if len(f.Matchers) == 0 {
		f.Matchers = alerting.CommonMatchers(f.Judged)
	}
	if f.ExpiresAt == 0 {
		f.ExpiresAt = alerting.FeedbackExpiry(f.Verdict, s.now().UnixMilli())
	}
	id, err := s.control(r, asked{p.By, p.Comment}, alerting.Control{Kind: alerting.ControlFeedback, Feedback: &f})
	return answer{data: Changed{id}}, err
}

// judgedIDs are the alarms that feedback is about.
func (s *server) judgedIDs(ctx context.Context, p *PostFeedback) ([]string, error) {
	switch {
	case (p.AlarmID == "") == (p.Incident == ""):
		return nil, badData(errors.New("feedback judges either an alarm (alarm_id) or an incident (incident)"))
	case p.AlarmID != "":
		return []string{p.AlarmID}, nil
	}
	all, err := s.opts.Controls.Incidents(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading incidents: %w", err)
	}
	for _, in := range all {
		if in.Key == p.Incident {
			return in.Alarms, nil
		}
	}
	if in, ok := s.opts.Controls.EndedIncident(ctx, p.Incident); ok {
		return in.Alarms, nil
	}
	return nil, NotFoundf("no incident %s that is open or ended in the last seven days; /api/v1/incidents lists the open ones", shown(p.Incident))
}

func (s *server) deleteFeedback(r *http.Request, a *args) (answer, error) {
	id, err := s.control(r, asked{a.text("by"), a.text("comment")}, alerting.Control{Kind: alerting.ControlRetractFeedback, Target: a.text("id")})
	return answer{data: Changed{id}}, err
}
