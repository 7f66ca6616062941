package outbox

import (
	"context"
	"errors"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/store"
)

// step sends the queue's next notice if one is due. It returns how long to wait before the next step, and whether nothing is
// queued at all.
func (o *Outbox) step(ctx context.Context, q *queue) (wait time.Duration, idle bool) {
	_, err := o.digest(ctx, q)
	n, ok, nerr := o.opts.Store.NextNotice(ctx, q.integrations...)
	if err = errors.Join(err, nerr); err != nil {
		if ctx.Err() == nil {
			o.said.trouble("", "store", err)
		}
		return o.opts.MinBackoff, false
	}
	if !ok {
		return 0, true
	}
	now := o.opts.Clock()
	if n.NextAt > now.UnixMilli() && n.UpdatedAt > now.UnixMilli() {
		return o.rewind(ctx, now), false
	}
	wait = max(time.UnixMilli(n.NextAt).Sub(now), q.pace.wait(now))
	if n.Delivery.Unknown {
		wait = max(wait, o.opts.Settle-o.late.since(n, o.opts.Elapsed()))
	}
	if wait > 0 {
		return wait, false
	}
	return o.attempt(ctx, q, n, now), false
}

// rewind deals with a clock that has been moved back: what waits does not wait for the old time to come again.
func (o *Outbox) rewind(ctx context.Context, now time.Time) (wait time.Duration) {
	if err := o.opts.Store.RewindNotices(ctx, now.UnixMilli()); err != nil {
		if ctx.Err() == nil {
			o.said.trouble("", "store", err)
		}
		return o.opts.MinBackoff
	}
	o.opts.Logger.Info("The clock has been moved back; notices that wait keep their distance to now")
	return 0
}

// attempt sends one notice. The order is what makes it safe: the attempt is marked, durably, before the receiver hears of it;
// so whatever happens until its outcome is recorded, the next attempt knows that the message may have arrived.
func (o *Outbox) attempt(ctx context.Context, q *queue, n store.QueuedNotice, now time.Time) (wait time.Duration) {
	*q.pace = pace{now, o.opts.Interval}
	lease := now.Add(o.opts.Timeout + o.opts.Settle).UnixMilli()
	if err := o.opts.Store.MarkAttempt(ctx, n, now.UnixMilli(), lease); err != nil {
		if ctx.Err() == nil {
			o.said.trouble("", "store", err)
		}
		return o.opts.MinBackoff
	}
	o.said.fine("", "store")
	d, err := o.send(ctx, q.notifiers[n.Integration], n)
	r := o.judge(n, now, d, err)
	o.late.end(n, o.opts.Elapsed(), r)
	if r.hold > 0 {
		*q.pace = pace{o.opts.Clock(), r.hold}
	}
	o.report(n, r, err)
	o.record(ctx, n, r.Outcome)
	return 0
}

// send calls the notifier, which has Options.Timeout, and after the end of ctx no more than Options.Grace.
func (o *Outbox) send(ctx context.Context, to alerting.Notifier, n store.QueuedNotice) (alerting.Delivery, error) {
	notice, err := alerting.DecodeNotice(n.Payload)
	if err != nil {
		return n.Delivery, alerting.Permanent(errors.Join(errors.New("the queued notice cannot be decoded"), err))
	}
	notice.Version = n.Version // the store's number: the decider may have begun to count anew
	sending, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.opts.Timeout)
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		o.opts.Sleep(sending, o.opts.Grace)
		cancel()
	})
	defer stop()
	o.m.attempts.WithLabelValues(n.Integration).Inc()
	d, err := to.Notify(sending, notice, n.Delivery)
	if err != nil && sending.Err() != nil && !alerting.IsPermanent(err) {
		err = errors.Join(err, alerting.ErrUnknown)
	}
	return d, err
}

// record keeps trying to write down an outcome: until that is done, nothing more is sent in this queue. If the process ends
// first, the mark stands, and the next attempt finds out.
func (o *Outbox) record(ctx context.Context, n store.QueuedNotice, out store.Outcome) {
	for tries := 1; ; tries++ {
		err := o.opts.Store.RecordAttempt(context.WithoutCancel(ctx), n, out)
		if err == nil {
			o.said.fine("", "store")
			return
		}
		o.said.trouble("", "store", err)
		if ctx.Err() != nil {
			return
		}
		o.opts.Sleep(ctx, o.backoff(n.Key, tries))
	}
}
