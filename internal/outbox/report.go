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
	on  map[string]map[string]bool // what is in trouble: the errors logged since it last worked
}

// maxSaid is how many different errors are logged before something works again; the metrics count them all.
const maxSaid = 16

func newJournalist(log *slog.Logger) *journalist {
	return &journalist{log: log, on: map[string]map[string]bool{}}
}

// trouble logs err unless it was logged before for the integration and nothing has worked since.
func (j *journalist) trouble(integration, what string, err error, attrs ...any) {
	if j.isNews(what+integration, err.Error()) {
		j.log.Warn("Outbox: "+what+" failed", append([]any{"integration", integration, "err", err}, attrs...)...)
	}
}

func (j *journalist) isNews(what, text string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	said := j.on[what]
	if said == nil {
		said = map[string]bool{}
		j.on[what] = said
	}
	if said[text] || len(said) >= maxSaid {
		return false
	}
	said[text] = true
	return true
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
