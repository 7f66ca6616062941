package app

import (
	"encoding/json"
	"fmt"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/api"
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/outbox"
	"github.com/tidewatch/tidewatch/internal/store"
)

// decisionData is what the history keeps of a decision so that it can be explained and recomputed later.
type decisionData struct {
	Limit        float64         `json:"limit"`
	Surprise     float64         `json:"surprise"`
	Channel      string          `json:"channel"`
	Why          string          `json:"why"`
	Promise      string          `json:"promise"`
	SharedModel  string          `json:"shared_model,omitempty"`
	TrainedOn    trained         `json:"trained_on,omitzero"`
	ModelConfig  string          `json:"model_config"`
	PolicyConfig string          `json:"config"`
	Breaches     int             `json:"breaches"`
	Of           int             `json:"of"`
	Since        int64           `json:"since,omitempty"`
	SetBy        string          `json:"set_by,omitempty"`   // who set the state
	SetData      json.RawMessage `json:"set_data,omitempty"` // what they gave with it
	Evaluation   *evaluation     `json:"evaluation,omitempty"`
}

// trained names the data that had taught the models.
type trained struct {
	SHA256 string `json:"sha256"`
	From   int64  `json:"from"`
	To     int64  `json:"to"`
	Points int64  `json:"points"`
}

func trainedOn(t engine.TrainedOn) trained { return trained{t.SHA256(), t.From, t.To, t.Points} }

func (t trained) api() api.TrainedOn {
	if t.Points == 0 {
		return api.TrainedOn{}
	}
	return api.TrainedOn{SHA256: t.SHA256, From: api.Time(t.From), To: api.Time(t.To), Points: int(t.Points)}
}

// takes reports whether the integration is told the notice.
func (in integration) takes(n *alerting.Notice) bool {
	return in.receiver == n.Receiver && (in.resolved || n.Status != "resolved") && (in.edits || !n.Amends)
}

// batch is what the store keeps of a result, and the messages that leave because of it.
func (s *Service) batch(res engine.Result) store.Batch {
	var b store.Batch
	for _, ch := range res.Changes {
		b.Transitions = append(b.Transitions, transitionRow(ch, res.Now))
	}
	for _, a := range res.Anomalies {
		b.Anomalies = append(b.Anomalies, anomalyRow(a))
	}
	for _, c := range res.Controls {
		row, err := controlRow(c)
		if err != nil { // plain data
			s.log.Error("control cannot be kept", "err", err)
			s.m.errors.WithLabelValues("controls").Inc()
			continue
		}
		b.Controls = append(b.Controls, row)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for i := range res.Notices {
		n := &res.Notices[i]
		s.m.notices.WithLabelValues(n.Receiver, string(n.Kind), n.Status).Inc()
		if s.opts.DryRun {
			s.log.Info("dry run: would send", "receiver", n.Receiver, "kind", string(n.Kind), "status", n.Status, "headline", n.Headline)
			continue
		}
		var to []string
		for _, in := range s.ints {
			if in.takes(n) {
				to = append(to, in.id)
			}
		}
		rows, err := outbox.Rows(n, to...)
		if err != nil { // a notice is plain data; this cannot happen, and must not be lost quietly if it does
			s.log.Error("notice cannot be queued", "err", err)
			s.m.errors.WithLabelValues("outbox").Inc()
			continue
		}
		b.Notices = append(b.Notices, rows...)
		if n.Omitted > 0 {
			s.keeper.wake() // what the message has no room for is told as well
		}
	}
	return b
}

func transitionRow(ch engine.Change, now int64) store.TransitionRow {
	d := decisionData{
		Limit: ch.Limit, Surprise: ch.Surprise, Channel: ch.View.Channel, Why: ch.View.Why, Promise: ch.View.Promise,
		ModelConfig: ch.ModelHash, PolicyConfig: ch.ConfigHash, Breaches: ch.Transition.Breaches, Of: ch.Transition.Of, Since: ch.Transition.Since,
		TrainedOn: trainedOn(ch.Data), Evaluation: evaluationOf(&ch),
	}
	if ch.Set != nil {
		d.SetBy, d.SetData = ch.Set.By.String(), ch.Set.Data
	}
	if ch.Shared != 0 {
		d.SharedModel = fmt.Sprintf("%016x", ch.Shared)
	}
	data, err := json.Marshal(d)
	if err != nil {
		data = nil // only numbers that JSON does not know can fail; the row stands without them
	}
	return store.TransitionRow{
		ID: ch.ID, AlarmID: ch.Alarm, Detector: ch.Detector, SeriesID: ch.Series.ID, Labels: ch.Series.Labels,
		T: ch.Transition.T, DecidedAt: now, From: ch.Transition.From.String(), To: ch.Transition.To.String(),
		Rule: string(ch.Transition.Rule), Note: ch.Note, Reason: ch.View.Reason, Score: ch.AnomalyScore, Data: data,
	}
}

func anomalyRow(a engine.Anomaly) store.AnomalyRow {
	state := "active"
	if a.EndsAt != 0 {
		state = "ended"
	}
	return store.AnomalyRow{
		ID:       fmt.Sprintf("%s-%x", alerting.AlarmID(a.Detector, a.Series.ID), a.StartsAt),
		Detector: a.Detector, SeriesID: a.Series.ID, Labels: a.Series.Labels, StartsAt: a.StartsAt, EndsAt: a.EndsAt,
		Peak: a.PeakScore, PeakT: a.PeakT, Value: a.Value, Mid: a.Band.Mid, Lower: a.Band.Lower, Upper: a.Band.Upper,
		Surprise: a.Surprise, Channel: a.Channel.String(), State: state, Points: a.Breaches, Alarmed: a.Alarmed,
	}
}
