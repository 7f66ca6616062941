package ingest

import (
	"context"
	"sync"
	"time"
)

// throttle holds a source to a rate of requests and of samples. Both are debts that time pays off: a request may be sent when
// what was sent and read before is paid for, less a second's worth that may always be owed. What one answer holds is known
// only afterwards, so that a large one delays the next request, not itself. A rate of 0 is no limit.
type throttle struct {
	requests, samples float64 // a second

	mu    sync.Mutex
	at    time.Time // until when the debts are reckoned
	owed  float64   // requests
	owedS float64   // samples
}

// wait returns when a request may be sent, or when ctx ends, and how long that took.
func (t *throttle) wait(ctx context.Context, clock Clock) time.Duration {
	if t.requests <= 0 && t.samples <= 0 {
		return 0
	}
	var waited time.Duration
	for ctx.Err() == nil {
		d := t.reserve(clock.Now())
		if d <= 0 {
			break
		}
		clock.Sleep(ctx, d)
		waited += d
	}
	return waited
}

// reserve takes a request on, or says how long to wait first.
func (t *throttle) reserve(now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pay(now)
	d := max(owing(t.owed+1, max(t.requests, 1), t.requests), owing(t.owedS, max(t.samples, 1), t.samples))
	if d <= 0 {
		t.owed++
	}
	return d
}

// owing is how long it takes until a debt is at most what may be owed.
func owing(debt, allowed, rate float64) time.Duration {
	if rate <= 0 || debt <= allowed {
		return 0
	}
	return time.Duration((debt-allowed)/rate*float64(time.Second)) + time.Nanosecond
}

func (t *throttle) pay(now time.Time) {
	if !t.at.IsZero() {
		seconds := max(0, now.Sub(t.at).Seconds())
		t.owed = max(0, t.owed-seconds*t.requests)
		t.owedS = max(0, t.owedS-seconds*t.samples)
	}
	t.at = now
}

// charge takes on what an answer held.
func (t *throttle) charge(now time.Time, samples int64) {
	if t.samples <= 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pay(now)
	t.owedS += float64(samples)
}
