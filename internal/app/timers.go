package app

import (
	"context"
	"time"
)

// timers fires the dispatcher's timers between ticks, and tries to write what could not be written.
func (s *Service) timers(ctx context.Context) {
	clock := timerClock{}
	for ctx.Err() == nil {
		s.opts.Clock.Sleep(ctx, 500*time.Millisecond)
		if ctx.Err() != nil {
			return
		}
		s.fireTimers(ctx, &clock)
		s.deciding.Lock()
		s.drainBacklog(context.WithoutCancel(ctx))
		s.deciding.Unlock()
	}
}

// fireTimers fires those that are due. It never runs ahead of a tick that is due: a timer that was due before a tick sees the state
// from before it, one due at the same time the state after, as in replay.
func (s *Service) fireTimers(ctx context.Context, clock *timerClock) {
	s.deciding.Lock()
	limit := clock.at(s.nowMilli(), s.lastNow)
	s.deciding.Unlock()
	const patience = 30_000 // a source that does not answer does not hold up messages for longer
	s.mu.RLock()
	for _, r := range s.runners {
		if due := r.stepping.Load(); due != 0 && limit-due < patience {
			limit = min(limit, due-1)
		}
	}
	s.mu.RUnlock()
	if at, ok := s.core.NextDeadline(); ok && at <= limit {
		s.advance(ctx, limit)
	}
}

// timerClock is the wall's clock for timers. Where that is moved back it goes on from where it stood, at half its speed until the
// wall's has caught up, so that a message waits for twice its time and not for the old time to come again.
type timerClock struct{ wall, shown int64 }

// at is what it shows; decided is the time of the newest decision, before which it does not go. Unix milliseconds.
func (c *timerClock) at(wall, decided int64) int64 {
	if c.wall != 0 {
		c.shown += max(0, wall-c.wall) / 2
	}
	c.wall, c.shown = wall, max(c.shown, wall, decided)
	return c.shown
}
