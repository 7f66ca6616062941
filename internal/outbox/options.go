package outbox

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/store"
)

// Queued is implemented by notifiers that share a rate limit: those with the same key, for example one Slack channel, are
// sent to one after another. Without it every integration is a queue of its own.
type Queued interface {
	QueueKey() string
}

// Options are the outbox's dependencies and times; only Store is required.
type Options struct {
	Store      *store.Store
	Notifiers  map[string]alerting.Notifier // by integration id
	Clock      func() time.Time             // nil is time.Now
	Elapsed    func() time.Duration         // a time that nobody corrects; nil is that of Clock since New, which for time.Now is monotonic
	Sleep      func(ctx context.Context, d time.Duration)
	Logger     *slog.Logger
	Registerer prometheus.Registerer

	// DigestFrom is from how many untold incidents of one integration on a message about all of them takes their place; 0 is 20.
	DigestFrom int
	// Interval lies between the starts of two sends of one queue; 0 is a second.
	Interval time.Duration
	// Timeout ends an attempt; 0 is 30 s.
	Timeout time.Duration
	// Settle is how long to wait after an attempt of unknown outcome, so that a request still under way arrives before the
	// receiver is asked about it; 0 is 10 s.
	Settle time.Duration
	// Grace is how long an attempt under way may take after the end of Run's context; 0 is 10 s.
	Grace time.Duration
	// MinBackoff and MaxBackoff bound the time between attempts, which doubles; 0 is 1 s and 5 min.
	MinBackoff, MaxBackoff time.Duration
}

func (o Options) withDefaults() (Options, error) {
	if o.Store == nil {
		return o, errors.New("outbox: no store")
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Elapsed == nil {
		begun := o.Clock()
		o.Elapsed = func() time.Duration { return o.Clock().Sub(begun) }
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.DigestFrom == 0 {
		o.DigestFrom = 20
	}
	for _, d := range []struct {
		v   *time.Duration
		def time.Duration
	}{
		{&o.Interval, time.Second},
		{&o.Timeout, 30 * time.Second},
		{&o.Settle, 10 * time.Second},
		{&o.Grace, 10 * time.Second},
		{&o.MinBackoff, time.Second},
		{&o.MaxBackoff, 5 * time.Minute},
	} {
		if *d.v == 0 {
			*d.v = d.def
		}
	}
	return o, nil
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
