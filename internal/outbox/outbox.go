package outbox

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
)

// Outbox sends what the store has queued. Its methods are safe for concurrent use.
type Outbox struct {
	opts Options
	m    *metrics
	said *journalist

	mu      sync.Mutex
	queues  []*queue      // in order of their keys
	reload  chan struct{} // has one token after SetNotifiers
	sending sync.Mutex    // held by Run or Drain: there is one sender
}

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

// New checks the options. Nothing is sent before Run or Drain.
func New(opts Options) (*Outbox, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	o := &Outbox{opts: opts, said: newJournalist(opts.Logger), reload: make(chan struct{}, 1)}
	o.m = newMetrics(opts.Store, o.integrations)
	if err := o.m.register(opts.Registerer); err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	o.setNotifiers(opts.Notifiers)
	return o, nil
}

// Run makes an outbox and runs it until ctx ends.
func Run(ctx context.Context, opts Options) error {
	o, err := New(opts)
	if err != nil {
		return err
	}
	return o.Run(ctx)
}

// Run sends until ctx ends; an attempt under way then gets Options.Grace. It returns nil.
func (o *Outbox) Run(ctx context.Context) error {
	if !o.sending.TryLock() {
		return errBusy
	}
	defer o.sending.Unlock()
	for ctx.Err() == nil {
		o.runQueues(ctx)
	}
	return nil
}

var errBusy = errors.New("outbox: Run or Drain is already under way")

// runQueues runs the present queues until ctx ends or the notifiers change.
func (o *Outbox) runQueues(ctx context.Context) {
	queues := o.currentQueues()
	o.reportOrphans(ctx, queues)
	loop, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for _, q := range queues {
		wg.Go(func() { o.runQueue(ctx, loop, q) })
	}
	for loop.Err() == nil {
		select {
		case <-ctx.Done():
			stop()
		case <-o.reload:
			stop()
		case <-o.opts.Store.NoticesQueued():
			for _, q := range queues {
				select {
				case q.wake <- struct{}{}:
				default:
				}
			}
		}
	}
	stop()
	wg.Wait()
}

// runQueue sends one queue's notices until loop ends; ctx is Run's.
func (o *Outbox) runQueue(ctx, loop context.Context, q *queue) {
	for loop.Err() == nil {
		wait, idle := o.step(ctx, q)
		if idle {
			wait = idleWait
		}
		if wait > 0 {
			o.pause(loop, q, wait)
		}
	}
}

// idleWait is how long a queue with nothing to do sleeps at most; it is woken when something is queued.
const idleWait = time.Hour

// pause sleeps until the time is over, the queue is woken or ctx ends.
func (o *Outbox) pause(ctx context.Context, q *queue, d time.Duration) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-q.wake:
			cancel()
		case <-ctx.Done():
		}
	}()
	o.opts.Sleep(ctx, d)
}

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
