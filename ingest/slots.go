package ingest

import (
	"context"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// slots bound how many reads of a source are in progress at a time.
type slots struct {
	taken chan struct{}
	inUse prometheus.Gauge
	limit prometheus.Gauge
	held  *atomic.Int64 // that nobody may take
}

func newSlots(n int, source string, m *metrics) slots {
	s := slots{taken: make(chan struct{}, n), inUse: m.reads.WithLabelValues(source), limit: m.limit.WithLabelValues(source), held: new(atomic.Int64)}
	s.limit.Set(float64(n))
	return s
}

// narrow lets no more than n reads be in progress from now on, or as many as there are slots where n is 0. One goroutine may narrow.
func (s slots) narrow(n int) {
	hold := int64(0)
	if n > 0 && n < cap(s.taken) {
		hold = int64(cap(s.taken) - n)
	}
	for ; s.held.Load() > hold; s.held.Add(-1) {
		<-s.taken
	}
	for s.held.Load() < hold {
		select {
		case s.taken <- struct{}{}:
			s.held.Add(1)
		default:
			hold = s.held.Load() // the rest are in use: the next time
		}
	}
	s.limit.Set(float64(s.most()))
}

// most is how many reads may be in progress at a time.
func (s slots) most() int { return cap(s.taken) - int(s.held.Load()) }

// take waits for a slot.
func (s slots) take(ctx context.Context) error {
	select {
	case s.taken <- struct{}{}:
		s.inUse.Inc()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tryTake takes a slot if one is free.
func (s slots) tryTake() bool {
	select {
	case s.taken <- struct{}{}:
		s.inUse.Inc()
		return true
	default:
		return false
	}
}

func (s slots) give() {
	<-s.taken
	s.inUse.Dec()
}
