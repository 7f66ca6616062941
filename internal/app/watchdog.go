package app

import (
	"context"
	"slices"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/internal/engine"
)

// bark sends the watchdog's alert if it is time: an alert that always fires, on the way that every message takes, so that whoever
// hears it no more knows that this way is broken. It is called after a tick that went well; the caller holds deciding.
func (s *Service) bark(ctx context.Context) {
	cfg := s.config()
	now := s.nowMilli()
	if cfg.Watchdog.Receiver == "" || s.opts.DryRun || now-s.barked < cfg.Watchdog.Interval.Milliseconds() {
		return
	}
	s.barked = now
	n := alerting.WatchdogNotice(cfg.Watchdog.Receiver, now, now+watchdogLife(cfg).Milliseconds())
	s.write(ctx, engine.Result{Now: now, Notices: []alerting.Notice{n}}, s.batch(engine.Result{Now: now, Notices: []alerting.Notice{n}}))
}

// watchdogLife is for how long an alert holds without another: four times the distance of two.
func watchdogLife(cfg *configs.Config) time.Duration {
	steps := []time.Duration{cfg.Watchdog.Interval}
	for _, d := range cfg.Detectors {
		steps = append(steps, d.Step)
	}
	return 4 * slices.Max(steps)
}
