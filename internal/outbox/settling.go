package outbox

import (
	"sync"
	"time"

	"github.com/tidewatch/tidewatch/internal/store"
)

// settling knows from when on a request of unknown outcome has arrived or never will. It counts by Options.Elapsed: a clock that
// is corrected just then would cut the wait short, and the receiver be asked while the request is still on its way.
type settling struct {
	mu    sync.Mutex
	begun time.Duration // a request from before, by a process that has ended, was on its way no longer than until then
	ended map[notice]time.Duration
}

type notice struct{ integration, key string }

func newSettling(begun time.Duration) *settling {
	return &settling{begun: begun, ended: map[notice]time.Duration{}}
}

// end notes the result of an attempt that ended at elapsed.
func (s *settling) end(n store.QueuedNotice, elapsed time.Duration, r result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := notice{n.Integration, n.Key}
	switch {
	case r.reason == reasonUnknown:
		s.ended[of] = elapsed
	case !r.Delivery.Unknown:
		delete(s.ended, of)
	}
}

// since is how long before elapsed the last request of unknown outcome ended.
func (s *settling) since(n store.QueuedNotice, elapsed time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.ended[notice{n.Integration, n.Key}]
	if !ok {
		at = s.begun
	}
	return elapsed - at
}
