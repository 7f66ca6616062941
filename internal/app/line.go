package app

import (
	"log/slog"

	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/engine"
)

// TransitionLine is a transition as replay prints it as JSON.
type TransitionLine struct {
	ID       string            `json:"id"`
	Alarm    string            `json:"alarm"`
	Detector string            `json:"detector"`
	Labels   map[string]string `json:"labels"`
	T        int64             `json:"t"`          // grid time, Unix ms
	Decided  int64             `json:"decided_at"` // Unix ms
	From     string            `json:"from"`
	To       string            `json:"to"`
	Rule     string            `json:"rule"`
	Note     string            `json:"note,omitempty"`
	Reason   string            `json:"reason"`
	Score    float64           `json:"anomaly_score"`
	Limit    float64           `json:"limit"`
	Data     string            `json:"trained_on,omitempty"` // engine.TrainedOn.SHA256
}

// NewTransitionLine makes the line of a change decided at now, Unix milliseconds.
func NewTransitionLine(ch engine.Change, now int64) TransitionLine {
	return TransitionLine{
		ID: ch.ID, Alarm: ch.Alarm, Detector: ch.Detector, Labels: ch.Series.Labels.Map(), T: ch.Transition.T, Decided: now,
		From: ch.Transition.From.String(), To: ch.Transition.To.String(), Rule: string(ch.Transition.Rule), Note: ch.Note,
		Reason: ch.View.Reason, Score: ch.AnomalyScore, Limit: ch.Limit,
		Data: ch.Data.SHA256(),
	}
}

// RemoteSources opens the configured sources when they are asked for.
func RemoteSources(cfg *configs.Config, log *slog.Logger) func(name string) (ingest.Source, error) {
	return openOnce(cfg, func(s configs.Source) (ingest.Source, error) { return openRemote(s, log, nil) })
}
