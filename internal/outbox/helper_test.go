package outbox

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/store"
)

var epoch = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

// virtual is a clock that Sleep moves.
type virtual struct {
	mu  sync.Mutex
	now time.Time
}

func (v *virtual) Clock() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now
}

func (v *virtual) Sleep(ctx context.Context, d time.Duration) {
	if ctx.Err() != nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now = v.now.Add(d)
}

// call is one call of a fake notifier.
type call struct {
	at       time.Duration // since epoch
	key      string
	version  int
	delivery alerting.Delivery
}

func (c call) String() string { return fmt.Sprintf("%s%d@%v", c.key, c.version, c.at) }

// fake answers with the errors of a script, then with success.
type fake struct {
	clock  func() time.Time
	queue  string
	script []error
	during func(*alerting.Notice)

	mu    sync.Mutex
	calls []call
}

func (f *fake) Notify(_ context.Context, n *alerting.Notice, d alerting.Delivery) (alerting.Delivery, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, call{f.clock().Sub(epoch), n.Key, n.Version, d})
	if f.during != nil {
		f.during(n)
	}
	if len(f.script) > 0 {
		err := f.script[0]
		f.script = f.script[1:]
		if err != nil {
			return d, err
		}
	}
	return alerting.Delivery{Sent: n.Version}, nil
}

func (f *fake) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var s []string
	for _, c := range f.calls {
		s = append(s, c.String())
	}
	return strings.Join(s, " ")
}

// shared is a fake with a queue key.
type shared struct{ *fake }

func (s shared) QueueKey() string { return s.queue }

// rig is an outbox over a new store and a virtual clock.
type rig struct {
	*Outbox
	virtual
	store *store.Store
	log   *bytes.Buffer
}

func newRig(t testing.TB, change ...func(*Options)) *rig {
	t.Helper()
	r := &rig{virtual: virtual{now: epoch}, log: new(bytes.Buffer)}
	r.store = openStore(t, t.TempDir())
	opts := Options{Store: r.store, Clock: r.Clock, Sleep: r.Sleep, Logger: slog.New(slog.NewTextHandler(r.log, nil))}
	for _, c := range change {
		c(&opts)
	}
	o, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	r.Outbox = o
	return r
}

func openStore(t testing.TB, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(dir, store.Options{Clock: func() time.Time { return epoch }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// set gives the outbox its notifiers.
func (r *rig) set(t testing.TB, notifiers map[string]alerting.Notifier) {
	t.Helper()
	if err := r.SetNotifiers(t.Context(), notifiers); err != nil {
		t.Fatal(err)
	}
}

// queueUp queues version 1 of each key.
func queueUp(t testing.TB, s *store.Store, integration string, keys ...string) {
	t.Helper()
	for _, k := range keys {
		queueNotice(t, s, &alerting.Notice{Key: k, Version: 1, At: epoch.UnixMilli()}, integration)
	}
}

func queueNotice(t testing.TB, s *store.Store, n *alerting.Notice, integrations ...string) {
	t.Helper()
	rows, err := Rows(n, integrations...)
	if err == nil {
		err = s.Commit(t.Context(), store.Batch{Notices: rows})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (r *rig) drain(t testing.TB) {
	t.Helper()
	if err := r.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}
