package preflight

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/app"
	"github.com/tidewatch/tidewatch/internal/engine"
)

// replay counts the messages of the latest span. Detectors that the budget does not reach for are not tried.
func (i *initRun) replay(ctx context.Context, cfg *configs.Config) error {
	cfg.Detectors = i.affordable(cfg.Detectors)
	if len(cfg.Detectors) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, i.Budget, errBudget)
	defer cancel()
	tally := NewTally(cfg.Global.Location)
	to := app.ReplayEnd(cfg, i.Now)
	failed := map[string]error{}
	_, err := app.Replay(ctx, app.ReplayOptions{
		Config: cfg, Source: func(string) (ingest.Source, error) { return i.source, nil },
		From: to - i.Span.Milliseconds(), To: to,
		Each:     func(res engine.Result) error { tally.Add(res); return nil },
		Failed:   func(name string, err error) { failed[name] = err },
		Progress: func(share float64) { i.progress(shareCounted + (1-shareCounted)*share) },
	})
	late := errors.Is(context.Cause(ctx), errBudget)
	if err != nil && !late {
		return fmt.Errorf("replay the last %s: %w", span(i.Span), err)
	}
	for _, d := range cfg.Detectors {
		f := i.found(d)
		switch {
		case late:
			f.Note = "not tried: the replay was not done after " + took(i.Budget)
		case failed[d.Name] != nil:
			f.Note = "not tried: " + Unprefixed(d.Name, failed[d.Name].Error())
		default:
			f.Messages = tally.ByDetector[d.Name]
		}
	}
	if !late {
		i.res.Tally = tally
	}
	return nil
}

var errBudget = errors.New("the time for the replay is over")

// affordable keeps the cheapest detectors whose replay fits into the budget, and says of the others what they would take.
func (i *initRun) affordable(ds []configs.Detector) []configs.Detector {
	byCost := slices.Clone(ds)
	cost := func(d configs.Detector) time.Duration { return replayTime(i.found(d).Series, d, i.Span) }
	slices.SortStableFunc(byCost, func(a, b configs.Detector) int { return int(cost(a) - cost(b)) })
	left := i.Budget * 3 / 4 // an estimate is no promise
	out := map[string]bool{}
	for _, d := range byCost {
		c := cost(d)
		if left -= c; left < 0 {
			i.found(d).Note = "not tried: its replay takes about " + took(c)
			continue
		}
		out[d.Name] = true
	}
	return slices.DeleteFunc(ds, func(d configs.Detector) bool { return !out[d.Name] })
}
