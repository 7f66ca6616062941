package outbox

import (
	"log/slog"
	"sync"
	"time"

	"github.com/tidewatch/tidewatch/internal/store"
)

// report counts an outcome and logs it if it is news.
func (o *Outbox) report(n store.QueuedNotice, r result, err error) {
	if r.Sent {
		o.m.latency.WithLabelValues(n.Integration).Observe(o.opts.Clock().Sub(time.UnixMilli(n.At)).Seconds())
		o.said.fine(n.Integration, "notification")
		return
	}
	o.m.failed.WithLabelValues(n.Integration, r.reason).Inc()
	if r.reason == reasonPermanent {
		o.said.trouble(n.Integration, "notification", err, "key", n.Key, "version", n.Version, "reason", r.reason,
			"hint", "kept; sent after a reload of the configuration")
		return
	}
	o.said.trouble(n.Integration, "notification", err, "key", n.Key, "version", n.Version, "reason", r.reason,
		"next_attempt", time.UnixMilli(r.NextAt).UTC().Format(time.RFC3339))
}

// journalist logs a trouble once, not at every attempt, and its end.
type journalist struct {
	log *slog.Logger
	mu  sync.Mutex
	on  map[string]string // what is in trouble: the error last logged
}

func newJournalist(log *slog.Logger) *journalist {
	return &journalist{log: log, on: map[string]string{}}
}

// trouble logs err unless it is the one that was logged last for the integration.
func (j *journalist) trouble(integration, what string, err error, attrs ...any) {
	j.mu.Lock()
	before := j.on[what+integration]
	j.on[what+integration] = err.Error()
	j.mu.Unlock()
	if before != err.Error() {
		j.log.Warn("Outbox: "+what+" failed", append([]any{"integration", integration, "err", err}, attrs...)...)
	}
}

// fine logs that a trouble is over, if there was one.
func (j *journalist) fine(integration, what string) {
	j.mu.Lock()
	_, was := j.on[what+integration]
	delete(j.on, what+integration)
	j.mu.Unlock()
	if was {
		j.log.Info("Outbox: "+what+" works again", "integration", integration)
	}
}
