package ingest

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
)

// slots bound how many reads of a source are in progress at a time.
type slots struct {
	taken chan struct{}
	inUse prometheus.Gauge
}

func newSlots(n int, source string, m *metrics) slots {
	m.limit.WithLabelValues(source).Set(float64(n))
	return slots{taken: make(chan struct{}, n), inUse: m.reads.WithLabelValues(source)}
}

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
