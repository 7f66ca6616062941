package app

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/store"
)

// Inputs are what a service was told beside its data, in the order in which it took effect.
type Inputs []Input

// Input is one of them. Its JSON form is stable.
type Input struct {
	At      int64             `json:"at"` // Unix milliseconds
	Control *alerting.Control `json:"control,omitempty"`
	Event   *store.EventRow   `json:"event,omitempty"`
	// Reconfigured is told and has no effect: a replay has one configuration.
	Reconfigured *Reconfiguration `json:"reconfigured,omitempty"`
}

// postedOrigin is the origin of events that were posted; others have the source whose metrics told.
const postedOrigin = "api"

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
	events, err := store.ReadEvents(ctx, dir)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		if at := counted(e); at <= to {
			in = append(in, Input{At: at, Event: &e})
		}
	}
	slices.SortStableFunc(in, func(a, b Input) int { return cmp.Compare(a.At, b.At) })
	return in, nil
}

// counted is when an event counted: one from metrics at the tick that looked for it, which waited for it for eventsTimeout at most.
func counted(e store.EventRow) int64 {
	if e.Origin == postedOrigin {
		return e.KnownAt
	}
	return e.KnownAt - eventsTimeout.Milliseconds() - 1
}

// tell lets the inputs that took effect before now, and have not yet, take effect at their times.
func (r *replay) tell(now int64) error {
	for len(r.Inputs) > 0 && r.Inputs[0].At < now {
		in := r.Inputs[0]
		r.Inputs = r.Inputs[1:]
		if e := in.Event; e != nil {
			r.core.Note(engine.Note{Origin: e.Origin, Events: []alerting.ContextEvent{
				alerting.NewContextEvent(e.T, e.Kind, e.Text, e.Mark, e.Labels, e.Origin),
			}})
		}
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
