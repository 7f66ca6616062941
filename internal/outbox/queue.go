package outbox

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
)

// queue is the integrations that share a rate limit.
type queue struct {
	key          string
	integrations []string // ascending
	notifiers    map[string]alerting.Notifier
	wake         chan struct{}
	pace         *pace
}

// pace is a queue's rate limit; a reload hands it on to the queue of the same key. The one sender uses it.
type pace struct {
	since time.Time
	hold  time.Duration // nothing is sent for so long after since
}

// wait is how long to hold still. A clock that has been moved back does not make it longer.
func (p *pace) wait(now time.Time) time.Duration {
	if now.Before(p.since) {
		p.since = now
	}
	return p.hold - now.Sub(p.since)
}

// SetNotifiers replaces the notifiers after a configuration reload and gives failed messages another chance.
func (o *Outbox) SetNotifiers(ctx context.Context, notifiers map[string]alerting.Notifier) error {
	o.setNotifiers(notifiers)
	_, err := o.Retry(ctx, "")
	select {
	case o.reload <- struct{}{}:
	default:
	}
	return err
}

func (o *Outbox) setNotifiers(notifiers map[string]alerting.Notifier) {
	o.mu.Lock()
	defer o.mu.Unlock()
	paces := map[string]*pace{}
	for _, q := range o.queues {
		paces[q.key] = q.pace
	}
	byKey := map[string]*queue{}
	for _, name := range slices.Sorted(maps.Keys(notifiers)) {
		key := queueKey(name, notifiers[name])
		q := byKey[key]
		if q == nil {
			q = &queue{key: key, notifiers: map[string]alerting.Notifier{}, wake: make(chan struct{}, 1), pace: paces[key]}
			if q.pace == nil {
				q.pace = &pace{}
			}
			byKey[key] = q
		}
		q.integrations = append(q.integrations, name)
		q.notifiers[name] = notifiers[name]
	}
	o.queues = nil
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		o.queues = append(o.queues, byKey[key])
	}
}

func queueKey(name string, n alerting.Notifier) string {
	if q, ok := n.(Queued); ok {
		return "key " + q.QueueKey()
	}
	return "integration " + name
}

// Retry gives the failed messages of an integration (of all, if empty) another chance and says how many there are.
func (o *Outbox) Retry(ctx context.Context, integration string) (int, error) {
	return o.opts.Store.RetryNotices(ctx, integration)
}

func (o *Outbox) currentQueues() []*queue {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.queues
}

// integrations is every configured integration.
func (o *Outbox) integrations() (names []string) {
	for _, q := range o.currentQueues() {
		names = append(names, q.integrations...)
	}
	return names
}

// reportOrphans says which integrations have notices but no notifier.
func (o *Outbox) reportOrphans(ctx context.Context, queues []*queue) {
	counts, err := o.opts.Store.NoticeCounts(ctx)
	if err != nil {
		o.said.trouble("", "store", err)
		return
	}
	for _, q := range queues {
		for _, name := range q.integrations {
			delete(counts, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		o.opts.Logger.Warn("Notices wait for an integration that is not configured any more; they are kept",
			"integration", name, "notices", counts[name].Pending)
	}
}
