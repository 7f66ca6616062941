package outbox

import (
	"context"
	"encoding/json"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/store"
)

// Digested is implemented by notifiers for people, who read one message about many incidents rather than many messages.
type Digested interface {
	// Digested is the delivery state of a message that a digest has told of.
	Digested() json.RawMessage
}

// digest puts one message in the place of the incidents that wait for an integration of the queue where they have become too many.
// It reports whether it did.
func (o *Outbox) digest(ctx context.Context, q *queue) (bool, error) {
	for _, name := range q.integrations {
		to, ok := q.notifiers[name].(Digested)
		if !ok {
			continue
		}
		n, err := o.opts.Store.CountUntold(ctx, name, to.Digested())
		if err != nil || n < o.opts.DigestFrom {
			if err != nil {
				return false, err
			}
			continue
		}
		made, err := o.digestFor(ctx, name, to)
		if made || err != nil {
			return made, err
		}
	}
	return false, nil
}

// digestFor makes the digest where enough is left of what waits: an incident that a digest told of and that is over needs no message any
// more, so that those that began meanwhile do not wait for it.
func (o *Outbox) digestFor(ctx context.Context, name string, to Digested) (bool, error) {
	rows, err := o.opts.Store.Untold(ctx, name, to.Digested())
	if err != nil {
		return false, err
	}
	var wait, over []store.UntoldRow
	var notices []*alerting.Notice
	for _, r := range rows {
		n, err := alerting.DecodeNotice(r.Payload)
		switch {
		case err != nil || n.Kind != alerting.KindIncident: // what cannot be read is for the attempt to say; what is not an incident is told by itself
		case r.Digested && n.Status == "resolved":
			over = append(over, r)
		default:
			wait, notices = append(wait, r), append(notices, n)
		}
	}
	if len(over) > 0 {
		if err := o.opts.Store.Digest(ctx, nil, over, to.Digested()); err != nil {
			return false, err
		}
	}
	if len(notices) < o.opts.DigestFrom {
		return false, nil
	}
	d := alerting.DigestNotice(notices)
	digest, err := Rows(&d, name)
	if err != nil {
		return false, err
	}
	if err := o.opts.Store.Digest(ctx, &digest[0], wait, to.Digested()); err != nil {
		return false, err
	}
	o.m.digested.WithLabelValues(name).Add(float64(len(wait)))
	o.opts.Logger.Warn("Too many incidents wait to be told one by one; one message tells of them", "integration", name, "incidents", len(wait))
	return true, nil
}
