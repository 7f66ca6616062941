package ingest

import (
	"context"
	"time"
)

// pace bounds the time that a server may take for the beginning of a streamed answer, and then for every frame; the time that
// the answer's consumer takes is its own. It stands in for the time-out of a whole answer in the context of its call.
type pace struct {
	limit time.Duration
	timer *time.Timer
}

type paceKey struct{}

// withPace gives a context that ends with context.DeadlineExceeded as its cause when the server takes too long. The time runs
// from now on. stop releases it.
func withPace(ctx context.Context, limit time.Duration) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	p := &pace{limit: limit, timer: time.AfterFunc(limit, func() { cancel(context.DeadlineExceeded) })}
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

// wait starts the time again: it is the server's turn.
func (p *pace) wait() { p.timer.Reset(p.limit) }

// rest stops the time.
func (p *pace) rest() { p.timer.Stop() }
