package ingest

import (
	"context"
	"sync"
)

// flight bounds the bytes of one answer that were read and are not done with. One batch is always let in, however large.
type flight struct {
	limit int64

	mu    sync.Mutex
	bytes int64
	freed chan struct{} // has room for one: something has left
}

func newFlight(limit int64) *flight { return &flight{limit: limit, freed: make(chan struct{}, 1)} }

// enter waits until there is room for n bytes, or none are in flight. One goroutine may enter.
func (f *flight) enter(ctx context.Context, n int) error {
	for !f.try(int64(n)) {
		select {
		case <-f.freed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (f *flight) try(n int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.bytes > 0 && f.bytes+n > f.limit {
		return false
	}
	f.bytes += n
	return true
}

// leave says that n bytes are done with.
func (f *flight) leave(n int) {
	f.mu.Lock()
	f.bytes -= int64(n)
	f.mu.Unlock()
	select {
	case f.freed <- struct{}{}:
	default:
	}
}
