package ingest

import (
	"context"
	"sync"
)

// pipeline sends requests one after the other: the one whose answer is at hand and, in spare slots of the source, those after it, so that
// the server works on the next answer while this one is decoded.
type pipeline struct {
	r       *Remote
	next    func() (p part, ok bool) // what to ask for next, its collector left out; ok is false when there is nothing left
	queue   []*incoming
	running sync.WaitGroup
	sent    int // requests
}

// head is the answer at hand, nil when there is none left. It waits for a slot where nothing was asked for ahead.
func (l *pipeline) head(ctx context.Context) (*incoming, error) {
	if len(l.queue) > 0 {
		return l.queue[0], nil
	}
	p, ok := l.next()
	if !ok {
		return nil, nil //nolint:nilnil // the end is no error
	}
	if err := l.r.slots.take(ctx); err != nil {
		return nil, err
	}
	l.start(ctx, p)
	return l.queue[0], nil
}

// ahead sends further requests where slots are free.
func (l *pipeline) ahead(ctx context.Context) {
	for len(l.queue) > 0 && len(l.queue) < l.r.cfg.Concurrency && l.r.slots.tryTake() {
		p, ok := l.next()
		if !ok {
			l.r.slots.give()
			return
		}
		l.start(ctx, p)
	}
}

// start sends a request; it holds a slot of the source until its answer is read.
func (l *pipeline) start(ctx context.Context, p part) {
	ctx, cancel := context.WithCancel(ctx)
	a := newIncoming(l.r, p, cancel)
	l.queue = append(l.queue, a)
	l.sent++
	l.running.Go(func() {
		defer l.r.slots.give()
		a.fetch(ctx)
	})
}

// done takes the answer at hand, which is at its end, off the queue.
func (l *pipeline) done() { l.queue = l.queue[1:] }

// giveUp ends all requests under way and waits for them.
func (l *pipeline) giveUp() {
	for _, a := range l.queue {
		a.cancel()
		for b := range a.batches {
			a.done(b)
		}
	}
	l.running.Wait()
	l.queue = nil
}
