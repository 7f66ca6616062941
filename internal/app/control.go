package app

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/api"
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/store"
)

// Control lets what a person asked for take effect now and returns the id of what was created or changed. It is in the journal
// before it takes effect, and what it does to messages is queued when Control returns. What the dispatcher refuses, with an error
// for the person (see alerting.ErrNoSuchTarget and ErrConflict), has changed nothing.
func (s *Service) Control(ctx context.Context, c alerting.Control) (id string, err error) {
	s.deciding.Lock()
	defer s.deciding.Unlock()
	now := max(s.lastNow, s.nowMilli())
	c.At = now
	if err := s.core.CheckControl(c); err != nil {
		return "", err
	}
	s.lastNow = now
	s.journal(engine.Record{Now: now, Controls: []alerting.Control{c}}.Append(nil, nil))
	id, res, err := s.core.Control(now, c)
	s.carry(ctx, res)
	if err != nil {
		return "", err
	}
	s.m.controls.WithLabelValues(string(c.Kind), c.Actor.From).Inc()
	s.log.Info("control", "kind", string(c.Kind), "by", c.Actor.Name, "from", c.Actor.From, "id", id, "comment", c.Comment)
	return id, nil
}

// controlAgain repeats a control of the journal.
func (s *Service) controlAgain(ctx context.Context, now int64, c alerting.Control) error {
	_, res, err := s.core.Control(now, c)
	if err != nil {
		s.log.Debug("a control in the journal was refused, as it was then", "kind", string(c.Kind), "err", err)
	}
	return s.store.Commit(ctx, s.batch(res))
}

// recallControls repeats what people asked for and neither the snapshot nor the journal has: all of it where there is no snapshot
// that can be read.
func (s *Service) recallControls(ctx context.Context) error {
	rows, err := s.store.Controls(ctx)
	if err != nil {
		return err
	}
	since := s.core.Now()
	for _, r := range rows {
		if r.At <= since || r.Kind == configurationKind {
			continue
		}
		var c alerting.Control
		if err := json.Unmarshal(r.Data, &c); err != nil {
			return fmt.Errorf("control %s in state.db: %w", r.ID, err)
		}
		s.lastNow = max(s.lastNow, r.At)
		if err := s.controlAgain(ctx, r.At, c); err != nil {
			return err
		}
	}
	return nil
}

// controlRow is what the store keeps of a control.
func controlRow(c alerting.Control) (store.ControlRow, error) {
	data, err := json.Marshal(c)
	if err != nil {
		return store.ControlRow{}, fmt.Errorf("control %s: %w", c.ID, err)
	}
	until := c.At
	switch {
	case c.Silence != nil:
		until = c.Silence.EndsAt
	case c.Feedback != nil:
		until = c.Feedback.ExpiresAt
	case c.Kind == alerting.ControlDisableActions, c.Kind == alerting.ControlEnableActions:
		until = math.MaxInt64 // the newest stands until another takes its place
	}
	return store.ControlRow{ID: c.ID, Kind: string(c.Kind), Actor: c.Actor.String(), At: c.At, Until: until, Data: data}, nil
}

// controls lets the API act on the service.
type controls struct{ s *Service }

// Control implements api.Controls.
func (c controls) Control(ctx context.Context, ctl alerting.Control) (string, error) {
	return c.s.Control(context.WithoutCancel(ctx), ctl) // a caller who hangs up does not leave it half done
}

// Silences implements api.Controls.
func (c controls) Silences(context.Context) ([]alerting.Silence, error) {
	return c.s.core.Silences(), nil
}

// Incidents implements api.Controls.
func (c controls) Incidents(context.Context) ([]alerting.Incident, error) {
	return c.s.core.Incidents(), nil
}

// EndedIncident implements api.Controls.
func (c controls) EndedIncident(_ context.Context, key string) (alerting.Incident, bool) {
	return c.s.core.EndedIncident(key, c.s.nowMilli())
}

// NoiseReport implements api.Controls.
func (c controls) NoiseReport(_ context.Context, from, to int64) (alerting.NoiseReport, error) {
	return c.s.core.NoiseReport(from, to), nil
}

// Feedback implements api.Controls.
func (c controls) Feedback(context.Context) ([]alerting.FeedbackEntry, error) {
	return c.s.core.Feedback(), nil
}

// Judge implements api.Controls.
func (c controls) Judge(_ context.Context, ids []string) ([]alerting.Judged, error) {
	return c.s.Judge(ids)
}

// Judge is alarms as a person sees them now: what feedback is stored with.
func (s *Service) Judge(ids []string) (out []alerting.Judged, err error) {
	for _, id := range ids {
		j, ok := s.core.Judge(id)
		if !ok {
			return nil, api.NotFoundf("no alarm %q", id)
		}
		out = append(out, j)
	}
	return out, nil
}
