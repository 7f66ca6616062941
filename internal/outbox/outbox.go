package outbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Outbox sends what the store has queued. Its methods are safe for concurrent use.
type Outbox struct {
	opts Options
	m    *metrics
	said *journalist
	late *settling

	mu      sync.Mutex
	queues  []*queue      // in order of their keys
	reload  chan struct{} // has one token after SetNotifiers
	sending sync.Mutex    // held by Run or Drain: there is one sender
}

// New checks the options. Nothing is sent before Run or Drain.
func New(opts Options) (*Outbox, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	o := &Outbox{opts: opts, said: newJournalist(opts.Logger), late: newSettling(opts.Elapsed()), reload: make(chan struct{}, 1)}
	o.m = newMetrics(opts.Store, o.integrations)
	if err := o.m.register(opts.Registerer); err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	o.setNotifiers(opts.Notifiers)
	return o, nil
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

// pause sleeps until the time is over, the queue is woken or ctx ends. It waits for its watcher: one that outlived it could
// swallow a later wake, and a message would wait for idleWait.
func (o *Outbox) pause(ctx context.Context, q *queue, d time.Duration) {
	ctx, cancel := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-q.wake:
			cancel()
		case <-ctx.Done():
		}
	}()
	o.opts.Sleep(ctx, d)
	cancel()
	<-watched
}
