package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/engine"
)

const (
	blindAfter  = 5 * time.Minute  // without a good read a source is reported as unreachable
	offRetry    = 10 * time.Minute // a detector with too many series is tried again after so long
	failedRetry = 15 * time.Second // a detector whose read failed
)

// serviceState is an open notice about Tidewatch itself.
type serviceState struct{ since int64 }

// announce opens (resolved false) or ends a notice about Tidewatch itself at the root's receiver, once each.
func (s *Service) announce(ctx context.Context, key string, now int64, resolved bool, headline string, body ...string) {
	s.mu.Lock()
	st, open := s.services[key]
	if open != resolved { // said already
		s.mu.Unlock()
		return
	}
	if resolved {
		delete(s.services, key)
	} else {
		st = serviceState{since: now}
		s.services[key] = st
		s.log.Warn(headline, "detail", strings.Join(body, " "))
	}
	receiver := s.cfg.Route.Receiver
	s.mu.Unlock()
	n := alerting.ServiceNotice(receiver, fmt.Sprintf("%s/%d", key, st.since), now, resolved, headline, body)
	n.StartsAt = st.since
	s.deciding.Lock()
	defer s.deciding.Unlock()
	s.carry(ctx, engine.Result{Now: now, Notices: []alerting.Notice{n}})
}

// health is one source's: whether its reads come back.
type health struct {
	mu     sync.Mutex
	since  int64 // first failure in a row, 0 if healthy
	logged bool
}

func (h *health) ok(ctx context.Context, s *Service, source string, now int64) {
	h.mu.Lock()
	since := h.since
	h.since, h.logged = 0, false
	h.mu.Unlock()
	s.m.sourceUp.WithLabelValues(source).Set(1)
	if since != 0 {
		s.log.Info("source is back", "source", source, "down", time.Duration(now-since)*time.Millisecond)
		s.announce(ctx, "source/"+source, now, true, fmt.Sprintf("Source %s answers again", source),
			fmt.Sprintf("It was unreachable for %s. What happened meanwhile is being read now.", time.Duration(now-since)*time.Millisecond))
	}
}

func (h *health) failed(ctx context.Context, s *Service, source string, now int64, err error) {
	h.mu.Lock()
	if h.since == 0 {
		h.since = now
	}
	since, first := h.since, !h.logged
	h.logged = true
	h.mu.Unlock()
	s.m.sourceUp.WithLabelValues(source).Set(0)
	if first {
		s.log.Error("source failed; trying again until it answers", "source", source, "kind", string(ingest.ErrorKind(err)), "err", err)
	}
	if now-since >= blindAfter.Milliseconds() {
		s.announce(ctx, "source/"+source, now, false, fmt.Sprintf("Source %s unreachable since %s", source, time.UnixMilli(since).UTC().Format("15:04 MST")),
			"Its series are not being watched. "+err.Error())
	}
}

// noteDetector keeps a detector's status after an evaluation; a change is logged once.
func (s *Service) noteDetector(ctx context.Context, source string, d configs.Detector, now int64, err error) {
	s.mu.Lock()
	st := s.status[d.Name]
	wasOff, had := st.off, st.lastError
	st.off, st.retryAt = false, 0
	if err == nil {
		st.lastError, st.lastTick = "", newestDue(d, now)
	} else {
		st.lastError, st.lastErrorAt, st.retryAt = err.Error(), now, now+failedRetry.Milliseconds()
	}
	var many *ingest.TooManySeriesError
	if errors.As(err, &many) {
		st.off, st.retryAt = true, now+offRetry.Milliseconds()
	}
	off := st.off
	s.mu.Unlock()
	s.m.detectorUp.WithLabelValues(d.Name).Set(bool01(err == nil))
	if err == nil {
		s.m.lastEvaluation.WithLabelValues(d.Name).Set(float64(newestDue(d, now)) / 1000)
	}
	switch {
	case off && !wasOff:
		s.log.Error("detector is off: PARTIAL_DATA", "detector", d.Name, "err", err)
		s.announce(ctx, "detector/"+d.Name, now, false, fmt.Sprintf("Detector %s is off: %d series, max_series is %d", d.Name, many.Got, many.Limit), err.Error())
	case wasOff && !off && err == nil:
		s.announce(ctx, "detector/"+d.Name, now, true, fmt.Sprintf("Detector %s is on again", d.Name))
	case err != nil && had == "" && ingest.ErrorKind(err) == ingest.KindQuery:
		s.log.Error("detector failed", "detector", d.Name, "source", source, "err", err)
	}
}

// fault notes whether a part of the state can be written; a change is logged once.
func (s *Service) fault(part string, err error) {
	s.faultMu.Lock()
	before := s.faults[part]
	s.faults[part] = err != nil
	s.faultMu.Unlock()
	s.m.faults.WithLabelValues(part).Set(bool01(err != nil))
	switch {
	case err != nil && !before:
		s.m.errors.WithLabelValues(part).Inc()
		s.log.Error("state cannot be written; evaluation and messages go on, writing is tried again", "part", part, "err", err)
	case err != nil:
		s.m.errors.WithLabelValues(part).Inc()
	case before:
		s.log.Info("state can be written again", "part", part)
	}
}

// clockBehind notes by how much the clock stands before what was decided already, in milliseconds. Decided points stay
// decided; evaluation goes on when the clock has caught up.
func (s *Service) clockBehind(ctx context.Context, now, behind int64) {
	s.m.clockBehind.Set(float64(max(behind, 0)) / 1000)
	const key = "clock"
	if behind >= blindAfter.Milliseconds() {
		s.announce(ctx, key, now, false, fmt.Sprintf("The clock was moved back by %s", time.Duration(behind)*time.Millisecond),
			"Nothing is decided twice: evaluation goes on when the clock has caught up.")
	} else {
		s.announce(ctx, key, now, true, "The clock has caught up, evaluation goes on")
	}
}
