package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Drain sends until nothing is left but messages that failed permanently and notices of integrations that are not
// configured. Queues take turns in the order of their keys, so with a virtual clock the result is reproducible. The end of
// ctx is an error that says how much is left.
func (o *Outbox) Drain(ctx context.Context) error {
	if !o.sending.TryLock() {
		return errBusy
	}
	defer o.sending.Unlock()
	queues := o.currentQueues()
	for ctx.Err() == nil {
		wait, idle := o.round(ctx, queues)
		if idle {
			return nil
		}
		if wait > 0 {
			o.opts.Sleep(ctx, wait)
		}
	}
	return o.undelivered(context.WithoutCancel(ctx), ctx.Err())
}

// round takes one step of every queue and says how long until the next is worth taking, and whether all are idle.
func (o *Outbox) round(ctx context.Context, queues []*queue) (wait time.Duration, idle bool) {
	idle = true
	for _, q := range queues {
		w, qIdle := o.step(ctx, q)
		if qIdle {
			continue
		}
		if idle || w < wait {
			wait = w
		}
		idle = false
	}
	return wait, idle
}

func (o *Outbox) undelivered(ctx context.Context, cause error) error {
	counts, err := o.opts.Store.NoticeCounts(ctx)
	if err != nil {
		return errors.Join(cause, err)
	}
	n := 0
	for _, c := range counts {
		n += c.Pending
	}
	if n == 0 {
		return nil
	}
	return fmt.Errorf("outbox: %d notices are kept and sent later: %w", n, cause)
}
