package app

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/store"
)

// Inputs are what a service was told beside its data, in the order in which it took effect.
type Inputs []Input

// Input is one of them. Its JSON form is stable.
type Input struct {
	At      int64             `json:"at"` // Unix milliseconds
	Control *alerting.Control `json:"control,omitempty"`
	// Reconfigured is told and has no effect: a replay has one configuration.
	Reconfigured *Reconfiguration `json:"reconfigured,omitempty"`
}

// ReadInputs reads from a state directory what took effect up to to, Unix milliseconds: what a replay of a range that ends there needs
// to say what was sent. The service that owns the directory may be running. What mattered only before its retention is gone.
func ReadInputs(ctx context.Context, dir string, to int64) (in Inputs, err error) {
	rows, err := store.ReadControls(ctx, dir)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if r.At > to {
			continue
		}
		i := Input{At: r.At}
		if r.Kind == configurationKind {
			err = json.Unmarshal(r.Data, &i.Reconfigured)
		} else {
			err = json.Unmarshal(r.Data, &i.Control)
		}
		if err != nil {
			return nil, fmt.Errorf("control %s in %s: %w", r.ID, dir, err)
		}
		in = append(in, i)
	}
	return in, nil
}

// tell lets the inputs that took effect before now, and have not yet, take effect at their times.
func (r *replay) tell(now int64) error {
	for len(r.Inputs) > 0 && r.Inputs[0].At < now {
		in := r.Inputs[0]
		r.Inputs = r.Inputs[1:]
		if in.Control == nil {
			if in.Reconfigured != nil && in.At >= r.From {
				r.report.Reconfigured = append(r.report.Reconfigured, time.UnixMilli(in.At).UTC().Format(time.RFC3339)+": "+in.Reconfigured.String())
			}
			continue
		}
		_, res, err := r.core.Control(in.At, *in.Control)
		if err != nil {
			r.report.Refused = append(r.report.Refused, fmt.Sprintf("%s by %s: %v", in.Control.Kind, in.Control.Actor, err))
		}
		if err := r.each(res); err != nil {
			return err
		}
	}
	return nil
}
