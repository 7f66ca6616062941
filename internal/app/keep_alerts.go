package app

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/alerting/notify"
	"github.com/tidewatch/tidewatch/internal/engine"
)

// alertKeeper tells Alertmanagers again and again what fires, as Prometheus does: an Alertmanager that was restarted knows no
// alert, and forgets one that nobody repeats. Messages tell the beginning and the end at once and in any case; the keeper also
// tells the alarms that a message has no room for.
type alertKeeper struct {
	kick chan struct{}
	told map[string]map[string]keptAlert // by receiver and by alarm or notice; only the keeper's goroutine uses it
}

// keptAlert is an alert as it was told last.
type keptAlert struct {
	notify.Alert
	over int64 // when it was found to be over, Unix milliseconds; 0: it fires
}

func newAlertKeeper() alertKeeper {
	return alertKeeper{kick: make(chan struct{}, 1), told: map[string]map[string]keptAlert{}}
}

// wake has the keeper tell everything soon.
func (k *alertKeeper) wake() {
	select {
	case k.kick <- struct{}{}:
	default: // it is awake already
	}
}

// keepAlerts runs until ctx ends.
func (s *Service) keepAlerts(ctx context.Context) {
	every, targets := s.alertmanagers()
	if len(targets) == 0 || s.opts.DryRun {
		return
	}
	for ctx.Err() == nil {
		s.tellAlertmanagers(ctx, targets)
		s.waitOrKick(ctx, every)
	}
}

func (s *Service) waitOrKick(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := make(chan struct{})
	go func() {
		defer close(stop)
		select {
		case <-s.keeper.kick:
			cancel()
		case <-ctx.Done():
		}
	}()
	s.opts.Clock.Sleep(ctx, d)
	cancel()
	<-stop
}

// alertmanagers are the configured ones by receiver, and the shortest of their intervals.
func (s *Service) alertmanagers() (every time.Duration, targets map[string][]*notify.Alertmanager) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	targets = map[string][]*notify.Alertmanager{}
	for _, in := range s.ints {
		if am, ok := in.notifier.(*notify.Alertmanager); ok {
			targets[in.receiver] = append(targets[in.receiver], am)
			if every == 0 || am.ResendInterval() < every {
				every = am.ResendInterval()
			}
		}
	}
	return every, targets
}

// tellAlertmanagers is one round.
func (s *Service) tellAlertmanagers(ctx context.Context, targets map[string][]*notify.Alertmanager) {
	now := s.nowMilli()
	for _, receiver := range slices.Sorted(maps.Keys(targets)) {
		alerts := s.keeper.round(receiver, now, s.firing(receiver))
		for _, am := range targets[receiver] {
			if err := am.Send(ctx, alerts); err != nil && ctx.Err() == nil {
				s.m.errors.WithLabelValues("alertmanager").Inc()
				s.log.Warn("alerts are not told again; the next round tries", "receiver", receiver, "alerts", len(alerts), "err", err)
			}
		}
	}
}

// round are the alerts to tell now: those that fire, and those that did a short time ago. An alarm that still fires but of
// which nothing is known any more stays as it was told.
func (k *alertKeeper) round(receiver string, now int64, firing map[string]notify.Alert) []notify.Alert {
	told := k.told[receiver]
	if told == nil {
		told = map[string]keptAlert{}
		k.told[receiver] = told
	}
	for id, a := range firing {
		was := told[id]
		if a.Labels == nil {
			if was.Labels == nil {
				continue
			}
			a = was.Alert
		}
		if was.over == 0 {
			a.StartsAt = cmp.Or(was.StartsAt, a.StartsAt)
		}
		a.EndsAt = 0
		told[id] = keptAlert{Alert: a}
	}
	for id, a := range told {
		_, fires := firing[id]
		switch {
		case fires:
		case a.over == 0:
			a.over, a.EndsAt, a.Annotations = now, now, nil
			told[id] = a
		case now-a.over > notify.ResolvedRetention.Milliseconds():
			delete(told, id)
		}
	}
	out := make([]notify.Alert, 0, len(told))
	for _, id := range slices.Sorted(maps.Keys(told)) {
		out = append(out, told[id].Alert)
	}
	return out
}

// firing is what the receiver's incidents and Tidewatch's own troubles say, by alarm or notice. Hidden alarms are left out; an
// alarm whose series is not known any more is there without labels.
func (s *Service) firing(receiver string) map[string]notify.Alert {
	out := s.openTroubleAlerts(receiver)
	since := map[string]int64{}
	for _, in := range s.core.Incidents() {
		if in.Receiver != receiver || !in.Posted {
			continue
		}
		for _, id := range in.Alarms[:len(in.Alarms)-in.Hidden] { // the hidden ones come last
			out[id], since[id] = notify.Alert{}, in.StartsAt
		}
	}
	if len(since) == 0 {
		return out
	}
	external := s.config().Global.ExternalURL
	s.core.Alarms(func(detector string, series tidewatch.Series, state alerting.State) bool {
		return state != alerting.OK && since[alerting.AlarmID(detector, series.ID)] != 0
	}, func(a engine.AlarmInfo) bool {
		v := alerting.View(a.Facts)
		v.ID, v.StartsAt, v.EndsAt = a.ID, cmp.Or(a.Since, since[a.ID]), 0
		out[a.ID] = notify.AlarmAlert(&v, external)
		return true
	})
	return out
}

// openTroubleAlerts are the notices about Tidewatch itself that have not ended.
func (s *Service) openTroubleAlerts(receiver string) map[string]notify.Alert {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := map[string]notify.Alert{}
	if s.cfg.Route.Receiver != receiver {
		return out
	}
	for key, st := range s.troubles {
		if st.Headline == "" {
			continue // kept by a version that did not keep it
		}
		n := alerting.ServiceNotice(receiver, fmt.Sprintf("%s/%d", key, st.Since), st.Since, false, st.Headline, st.Body)
		n.StartsAt = st.Since
		out[n.Key] = notify.NoticeAlerts(&n, s.cfg.Global.ExternalURL)[0]
	}
	return out
}
