package ingest

import (
	"context"
	"time"
)

// Clock is the time by which a source waits and counts.
type Clock interface {
	Now() time.Time
	// Sleep returns after d or when ctx ends.
	Sleep(ctx context.Context, d time.Duration)
}

// wallClock is the real one.
type wallClock struct{}

// Now implements Clock.
func (wallClock) Now() time.Time { return time.Now() }

// Sleep implements Clock.
func (wallClock) Sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
