package outbox

import (
	"errors"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/store"
)

// The reasons of a failed attempt, as the metric and the log name them.
const (
	reasonPermanent = "permanent"
	reasonLimited   = "rate_limited"
	reasonUnknown   = "outcome_unknown"
	reasonTemporary = "temporary"
)

// result is an outcome, its reason (empty for success) and how long the whole queue has to hold.
type result struct {
	store.Outcome
	reason string
	hold   time.Duration
}

// judge turns what a notifier returned into what is recorded. It does not trust the notifier to mark a success or an unknown
// outcome in the delivery. began is when the attempt began.
func (o *Outbox) judge(n store.QueuedNotice, began time.Time, d alerting.Delivery, err error) result {
	now := o.opts.Clock()
	r := result{Outcome: store.Outcome{Delivery: d, Now: now.UnixMilli()}}
	wait := o.backoff(n.Key, n.Attempts+1)
	var after *alerting.RetryAfterError
	switch {
	case err == nil:
		r.Sent = true
		r.Delivery.Sent = max(d.Sent, n.Version)
		r.Delivery.Unknown, r.Delivery.UnknownSince = false, 0
		return r
	case alerting.IsPermanent(err):
		r.reason, r.Failed = reasonPermanent, err.Error()
		return r
	case errors.Is(err, alerting.ErrUnknown):
		r.reason = reasonUnknown
		r.Delivery.Unknown = true
		r.Delivery.UnknownSince = unknownSince(n, d, began)
		wait = max(wait, o.opts.Settle)
	default:
		r.reason = reasonTemporary
	}
	if errors.As(err, &after) {
		wait = max(after.After, o.opts.Interval)
		if r.reason == reasonUnknown {
			wait = max(wait, o.opts.Settle)
		} else {
			r.reason = reasonLimited
		}
		r.hold = wait
	}
	r.NextAt = now.Add(wait).UnixMilli()
	return r
}

// unknownSince is the beginning of the first attempt of unknown outcome that has not been cleared up: the receiver has to be
// searched from there.
func unknownSince(n store.QueuedNotice, d alerting.Delivery, began time.Time) int64 {
	switch {
	case n.Delivery.Unknown && n.Delivery.UnknownSince > 0 && d.Unknown:
		return n.Delivery.UnknownSince
	case d.UnknownSince > 0:
		return d.UnknownSince
	default:
		return began.UnixMilli()
	}
}

// backoff is the wait before the next attempt: MinBackoff doubled with each attempt up to MaxBackoff, of which a hash of the
// key and the attempt takes up to a half off, so that many messages do not come back at once and a rerun is the same.
func (o *Outbox) backoff(key string, attempt int) time.Duration {
	full := o.opts.MaxBackoff
	if shift := attempt - 1; shift < 32 && o.opts.MinBackoff<<shift < full {
		full = o.opts.MinBackoff << shift
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(key + "/" + strconv.Itoa(attempt))) // a hash never fails
	const parts = 1 << 16
	return full - full/2*time.Duration(h.Sum64()%parts)/parts
}
