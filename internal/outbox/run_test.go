package outbox

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/store"
)

func batch(rows []store.NoticeRow) store.Batch { return store.Batch{Notices: rows} }

// slow takes its time and returns the context's error if that ends first.
type slow struct {
	d     time.Duration
	ended chan error
}

func (s *slow) Notify(ctx context.Context, n *alerting.Notice, d alerting.Delivery) (alerting.Delivery, error) {
	select {
	case <-time.After(s.d):
		s.ended <- nil
		return alerting.Delivery{Sent: n.Version}, nil
	case <-ctx.Done():
		s.ended <- ctx.Err()
		return d, ctx.Err()
	}
}

// running runs an outbox on the bubble's clock; stop ends it and waits.
func running(t *testing.T, s *store.Store, notifiers map[string]alerting.Notifier) (o *Outbox, stop func()) {
	t.Helper()
	o, err := New(Options{Store: s, Notifiers: notifiers})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- o.Run(ctx) }()
	return o, func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestRunIsWokenAndReloaded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openStore(t, t.TempDir())
		defer s.Close() //nolint:errcheck // closed again, and checked, at the end of the test
		began := time.Now()
		f := &fake{clock: func() time.Time { return epoch.Add(time.Since(began)) }}
		o, stop := running(t, s, map[string]alerting.Notifier{"a": f})
		time.Sleep(10 * time.Second)
		queueUp(t, s, "a", "x", "y")
		queueUp(t, s, "b", "z")
		time.Sleep(10 * time.Second)
		if got, want := f.String(), "x1@10s y1@11s"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if err := o.Drain(t.Context()); !errors.Is(err, errBusy) {
			t.Errorf("Drain during Run: %v", err)
		}
		if err := o.SetNotifiers(t.Context(), map[string]alerting.Notifier{"a": f, "b": f}); err != nil {
			t.Error(err)
		}
		time.Sleep(10 * time.Second)
		if got, want := f.String(), "x1@10s y1@11s z1@20s"; got != want {
			t.Errorf("after a reload: got %s, want %s", got, want)
		}
		stop()
	})
}

func TestShutdownGivesAnAttemptItsGrace(t *testing.T) {
	for _, tc := range []struct {
		name  string
		takes time.Duration
		sent  bool
	}{
		{"ends in time", 8 * time.Second, true},
		{"takes too long", 20 * time.Second, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := openStore(t, t.TempDir())
				defer s.Close() //nolint:errcheck // closed again, and checked, at the end of the test
				n := &slow{d: tc.takes, ended: make(chan error, 1)}
				_, stop := running(t, s, map[string]alerting.Notifier{"a": n})
				queueUp(t, s, "a", "x")
				time.Sleep(time.Second)
				stop()
				if err := <-n.ended; (err == nil) != tc.sent {
					t.Errorf("the attempt ended with %v", err)
				}
				d, _, err := s.Delivery(t.Context(), "a", "x")
				if err != nil || d.Unknown == tc.sent || (d.Sent == 1) != tc.sent {
					t.Errorf("delivery %+v, %v", d, err)
				}
				_, waits, err := s.NextNotice(t.Context(), "a")
				if err != nil || waits == tc.sent {
					t.Errorf("still queued: %v, %v", waits, err)
				}
			})
		})
	}
}

func TestTimeoutIsAnUnknownOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openStore(t, t.TempDir())
		defer s.Close() //nolint:errcheck // closed again, and checked, at the end of the test
		n := &slow{d: time.Hour, ended: make(chan error, 10)}
		began := time.Now().UnixMilli()
		_, stop := running(t, s, map[string]alerting.Notifier{"a": n})
		queueUp(t, s, "a", "x")
		time.Sleep(31 * time.Second)
		d, _, err := s.Delivery(t.Context(), "a", "x")
		if err != nil || !d.Unknown || d.UnknownSince != began {
			t.Errorf("delivery %+v, %v", d, err)
		}
		stop()
	})
}
