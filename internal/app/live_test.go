package app

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/ingest"
)

// fast is a clock that runs faster than the wall's.
type fast struct {
	start time.Time
	at    int64
	speed int64
}

func fastClock(at, speed int64) *fast { return &fast{time.Now(), at, speed} }

// Now implements Clock.
func (c *fast) Now() time.Time {
	return time.UnixMilli(c.at).Add(time.Since(c.start) * time.Duration(c.speed))
}

// Sleep implements Clock.
func (c *fast) Sleep(ctx context.Context, d time.Duration) {
	Wall{}.Sleep(ctx, max(d/time.Duration(c.speed), 100*time.Microsecond))
}

// live is a service that runs by itself, on a fast clock.
type live struct {
	*session
	cancel context.CancelFunc
}

func (h *harness) live(t *testing.T) *live {
	t.Helper()
	h.opts.Registry = prometheus.NewRegistry()
	s, err := New(t.Context(), h.opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	x := &live{&session{Service: s, t: t, h: h, ended: make(chan error, 1)}, cancel}
	go func() { x.ended <- s.Run(ctx) }()
	return x
}

// end ends it in an orderly way.
func (x *live) end() {
	x.t.Helper()
	x.cancel()
	if err := <-x.ended; err != nil {
		x.t.Error(err)
	}
}

// waitFor waits until something is so, for a long time if need be.
func (h *harness) waitFor(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !so(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long for %s\n%s", what, h.logs.text())
		}
	}
}

// stuckSource never answers.
type stuckSource struct{ asked chan struct{} }

// Read implements ingest.Source.
func (s stuckSource) Read(ctx context.Context, _ ingest.Query) (tidewatch.Block, error) {
	select {
	case s.asked <- struct{}{}:
	case <-ctx.Done():
	}
	<-ctx.Done()
	return tidewatch.Block{}, ctx.Err()
}
