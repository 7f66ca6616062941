package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
)

const (
	blindAfter  = 5 * time.Minute  // without a good read a source is reported as unreachable
	offRetry    = 10 * time.Minute // a detector with too many series is tried again after so long
	failedRetry = 15 * time.Second // a detector whose read failed
)

// health is whether a source's or a detector's reads come back. Its lock is Service.mu.
type health struct {
	since  int64 // first failure in a row, Unix milliseconds; 0 if healthy
	logged bool
}

// ok ends a row of failures and returns when it began, 0 if there was none.
func (h *health) ok() (since int64) {
	since = h.since
	*h = health{}
	return since
}

// failed counts a failure. first is true once per row.
func (h *health) failed(now int64) (since int64, first bool) {
	if h.since == 0 || h.since > now { // the clock may have been moved back
		h.since = now
	}
	first = !h.logged
	h.logged = true
	return h.since, first
}

// noteSource keeps a source's health after a step and reports whether the source is down. It is up if it has answered at all,
// be it with a refusal of one expression. An expression that fails by itself says nothing about it, nor does a detector that
// failed before while others did not.
func (s *Service) noteSource(ctx context.Context, source string, now int64, ds []configs.Detector, errs []error) (down bool) {
	var failure error
	for i, err := range errs {
		switch kind := ingest.ErrorKind(err); {
		case err == nil || kind == ingest.KindLimit:
			s.sourceOK(ctx, source, now)
			return false
		case kind != ingest.KindQuery && failure == nil && s.blames(source, ds[i].Name):
			failure = err
		}
	}
	if failure != nil {
		s.sourceFailed(ctx, source, now, failure)
	}
	return failure != nil
}

// blames reports whether a failure of the detector is its source's.
func (s *Service) blames(source, detector string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.health(source).since != 0 || s.status[detector].health.since == 0
}

func (s *Service) sourceOK(ctx context.Context, source string, now int64) {
	s.mu.Lock()
	since := s.health(source).ok()
	s.mu.Unlock()
	s.m.sourceUp.WithLabelValues(source).Set(1)
	if since == 0 {
		return
	}
	down := time.Duration(now-since) * time.Millisecond
	s.log.Info("source is back", "source", source, "down", down)
	s.announce(ctx, sourceKey+source, trouble{
		now: now, resolved: true, headline: fmt.Sprintf("Source %s answers again", source),
		body: fmt.Sprintf("It was unreachable for %s. What happened meanwhile is being read now.", alerting.FormatSpan(now-since)),
	})
}

func (s *Service) sourceFailed(ctx context.Context, source string, now int64, err error) {
	s.mu.Lock()
	since, first := s.health(source).failed(now)
	s.mu.Unlock()
	s.m.sourceUp.WithLabelValues(source).Set(0)
	if first {
		s.log.Error("source failed; trying again until it answers", "source", source, "kind", string(ingest.ErrorKind(err)), "err", err)
	}
	if now-since >= blindAfter.Milliseconds() {
		s.announce(ctx, sourceKey+source, trouble{
			now: now, from: since, headline: fmt.Sprintf("Source %s unreachable since %s", source, s.clockTime(since)),
			body: "Its series are not being watched. " + err.Error(),
		})
	}
}

// health is a source's; it outlives reloads. The caller holds mu.
func (s *Service) health(source string) *health {
	h := s.sources[source]
	if h == nil {
		h = &health{}
		s.sources[source] = h
	}
	return h
}

// clockTime writes a time as the messages about incidents do.
func (s *Service) clockTime(ms int64) string {
	return time.UnixMilli(ms).In(s.config().Global.Location).Format("15:04 MST")
}

// noteDetector keeps a detector's status after an evaluation. What is the source's failure (sourceDown) is said of the source
// alone; the rest is logged once, and announced when the detector has been blind for too long.
func (s *Service) noteDetector(ctx context.Context, d configs.Detector, now int64, err error, sourceDown bool) {
	s.m.detectorUp.WithLabelValues(d.Name).Set(bool01(err == nil))
	if err == nil {
		s.m.lastEvaluation.WithLabelValues(d.Name).Set(float64(newestDue(d, now)) / 1000)
		s.detectorOK(ctx, d, now)
		return
	}
	var many *ingest.TooManySeriesError
	off := errors.As(err, &many)
	s.mu.Lock()
	st := s.status[d.Name]
	st.lastError, st.lastErrorAt, st.off, st.retryAt = err.Error(), now, off, now+failedRetry.Milliseconds()
	if off {
		st.retryAt = now + offRetry.Milliseconds()
	}
	since, first := int64(0), false
	if !sourceDown {
		since, first = st.health.failed(now)
	}
	s.mu.Unlock()
	t := trouble{now: now, from: since, body: err.Error()}
	switch {
	case sourceDown:
	case off:
		if first {
			s.log.Error("detector is off: PARTIAL_DATA", "detector", d.Name, "err", err)
		}
		t.headline = fmt.Sprintf("Detector %s is off: %d series, max_series is %d", d.Name, many.Got, many.Limit)
		s.announce(ctx, detectorKey+d.Name, t)
	default:
		if first {
			s.log.Error("detector failed; it is tried again", "detector", d.Name, "source", d.Source, "kind", string(ingest.ErrorKind(err)), "err", err)
		}
		if now-since >= blindAfter.Milliseconds() {
			t.headline = fmt.Sprintf("Detector %s fails since %s", d.Name, s.clockTime(since))
			s.announce(ctx, detectorKey+d.Name, t)
		}
	}
}

func (s *Service) detectorOK(ctx context.Context, d configs.Detector, now int64) {
	s.mu.Lock()
	st := s.status[d.Name]
	since := st.health.ok()
	st.off, st.retryAt, st.lastError, st.lastTick = false, 0, "", newestDue(d, now)
	s.mu.Unlock()
	if since == 0 {
		return
	}
	down := time.Duration(now-since) * time.Millisecond
	s.log.Info("detector is on again", "detector", d.Name, "down", down)
	s.announce(ctx, detectorKey+d.Name, trouble{
		now: now, resolved: true, headline: fmt.Sprintf("Detector %s is on again", d.Name),
		body: fmt.Sprintf("It was not evaluated for %s. What happened meanwhile is being read now.", alerting.FormatSpan(now-since)),
	})
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
		goesOn := "evaluation and messages go on"
		if part == "store" {
			goesOn = "evaluation goes on, messages wait"
		}
		s.log.Error("state cannot be written; "+goesOn+", writing is tried again", "part", part, "err", err)
	case err != nil:
		s.m.errors.WithLabelValues(part).Inc()
	case before:
		s.log.Info("state can be written again", "part", part)
	}
}

// faulty reports whether a part of the state cannot be written now.
func (s *Service) faulty(part string) bool {
	s.faultMu.Lock()
	defer s.faultMu.Unlock()
	return s.faults[part]
}

// noteClock notes by how much the clock stands before what was decided already. Decided points stay decided; evaluation goes
// on when the clock has caught up.
func (s *Service) noteClock(ctx context.Context, now int64) {
	behind := int64(0)
	for _, d := range s.config().Detectors {
		if dec := s.core.Decided(d.Name); dec != 0 {
			behind = max(behind, dec-d.Step.Milliseconds()-newestDue(d, now))
		}
	}
	s.m.clockBehind.Set(float64(behind) / 1000)
	t := trouble{now: now, from: now, headline: "The clock has caught up, evaluation goes on", resolved: true}
	if behind >= blindAfter.Milliseconds() {
		t = trouble{
			now: now, from: now, headline: fmt.Sprintf("The clock was moved back by %s", time.Duration(behind)*time.Millisecond),
			body: "Nothing is decided twice: evaluation goes on when the clock has caught up.",
		}
	}
	s.announce(ctx, clockKey, t)
}
