package ingest

import (
	"context"
	"time"
)

// slowestRate is how many bytes a second a server must send of a streamed answer that takes longer than the time-out.
const slowestRate = 4 << 10

// pace bounds the time that a server may take for a streamed answer; the time that the answer's consumer takes is its own. What
// has come gives time back, so that a long answer may take long, and an answer of drops may not. It stands in for the time-out of a
// whole answer in the context of its call. One goroutine uses it.
type pace struct {
	limit time.Duration
	left  time.Duration // of it
	since time.Time     // when the server's turn began
	timer *time.Timer
}

type paceKey struct{}

// withPace gives a context that ends with context.DeadlineExceeded as its cause when the server takes too long. The time runs
// from now on. stop releases it.
func withPace(ctx context.Context, limit time.Duration) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	p := &pace{limit: limit, left: limit, since: time.Now(), timer: time.AfterFunc(limit, func() { cancel(context.DeadlineExceeded) })}
	return context.WithValue(ctx, paceKey{}, p), func() {
		p.timer.Stop()
		cancel(nil)
	}
}

// paceOf is the context's pace, nil where a call's time is limited as a whole.
func paceOf(ctx context.Context) *pace {
	p, _ := ctx.Value(paceKey{}).(*pace)
	return p
}

// wait goes on with the time: it is the server's turn.
func (p *pace) wait() {
	p.since = time.Now()
	p.timer.Reset(p.left)
}

// rest stops the time; n bytes have come in it.
func (p *pace) rest(n int) {
	p.timer.Stop()
	back := time.Duration(n) * time.Second / slowestRate
	p.left = min(p.limit, p.left-time.Since(p.since)+back)
}
