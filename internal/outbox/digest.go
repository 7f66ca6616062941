package outbox

import (
	"context"
	"encoding/json"
	"slices"

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
		n, err := o.opts.Store.CountUntold(ctx, name)
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

func (o *Outbox) digestFor(ctx context.Context, name string, to Digested) (bool, error) {
	rows, err := o.opts.Store.Untold(ctx, name)
	if err != nil {
		return false, err
	}
	var notices []*alerting.Notice
	rows = slices.DeleteFunc(rows, func(r store.NoticeRow) bool {
		n, err := alerting.DecodeNotice(r.Payload)
		if err != nil || n.Kind != alerting.KindIncident {
			return true // what cannot be read is for the attempt to say; what is not an incident is told by itself
		}
		notices = append(notices, n)
		return false
	})
	if len(notices) < o.opts.DigestFrom {
		return false, nil
	}
	d := alerting.DigestNotice(notices)
	digest, err := Rows(&d, name)
	if err != nil {
		return false, err
	}
	if err := o.opts.Store.Digest(ctx, digest[0], rows, to.Digested()); err != nil {
		return false, err
	}
	o.m.digested.WithLabelValues(name).Add(float64(len(rows)))
	o.opts.Logger.Warn("Too many incidents wait to be told one by one; one message tells of them", "integration", name, "incidents", len(rows))
	return true, nil
}
