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

// Wall is the real one.
type Wall struct{}

// Now is time.Now.
func (Wall) Now() time.Time { return time.Now() }

// Sleep waits for d or the end of ctx.
func (Wall) Sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
