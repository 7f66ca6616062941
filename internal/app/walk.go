package app

import (
	"context"
	"math"
	"sync/atomic"
	"time"
)

// Virtual is a clock that stands still until Walk moves it.
type Virtual struct {
	ms atomic.Int64
	// Moved is called when time has reached t, Unix milliseconds; it makes the world catch up. It may be nil.
	Moved func(ctx context.Context, t int64) error
}

// NewVirtual returns a clock that shows t, Unix milliseconds.
func NewVirtual(t int64) *Virtual {
	v := &Virtual{}
	v.ms.Store(t)
	return v
}

// Now implements Clock.
func (v *Virtual) Now() time.Time { return time.UnixMilli(v.ms.Load()) }

// Sleep returns at once: on a virtual clock only Walk waits.
func (v *Virtual) Sleep(context.Context, time.Duration) {}

func (v *Virtual) move(ctx context.Context, t int64) error {
	v.ms.Store(max(v.ms.Load(), t))
	if v.Moved == nil {
		return nil
	}
	return v.Moved(ctx, t)
}

// Walk drives the service on a virtual clock up to and including until, Unix milliseconds: every due time and every timer of
// an incident in its order, with the same steps as on the wall's clock.
func (s *Service) Walk(ctx context.Context, clock *Virtual, until int64) error {
	for ctx.Err() == nil {
		if done, err := s.walkOn(ctx, clock, until); done || err != nil {
			return err
		}
	}
	return ctx.Err()
}

// walkOn takes one step of Walk, between reloads.
func (s *Service) walkOn(ctx context.Context, clock *Virtual, until int64) (done bool, err error) {
	s.lifecycle.Lock()
	defer s.lifecycle.Unlock()
	now := clock.Now().UnixMilli()
	due := int64(math.MaxInt64)
	for _, r := range s.runners {
		due = min(due, r.earliest(now))
	}
	if timer, ok := s.core.NextDeadline(); ok && timer < due && timer <= until {
		if err := clock.move(ctx, timer); err != nil {
			return true, err
		}
		s.advance(ctx, timer)
		return false, nil
	}
	if due > until {
		return true, clock.move(ctx, until)
	}
	if err := clock.move(ctx, due); err != nil {
		return true, err
	}
	for _, r := range s.runners {
		if r.earliest(now) == due {
			r.step(ctx, due)
		}
	}
	return false, nil
}

// AwaitSent returns when every message has been sent or has failed for good, or when ctx ends.
func (s *Service) AwaitSent(ctx context.Context) error {
	for ctx.Err() == nil {
		counts, err := s.store.NoticeCounts(ctx)
		if err != nil {
			return err
		}
		pending := 0
		for _, c := range counts {
			pending += c.Pending - c.Failed
		}
		if pending <= 0 {
			return nil
		}
		Wall{}.Sleep(ctx, 20*time.Millisecond)
	}
	return ctx.Err()
}
