package outbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
)

func TestOneMessageASecondForEachQueue(t *testing.T) {
	r := newRig(t)
	own := &fake{clock: r.Clock}
	a, b := &fake{clock: r.Clock, queue: "#oncall"}, &fake{clock: r.Clock, queue: "#oncall"}
	r.set(t, map[string]alerting.Notifier{"own": own, "a": shared{a}, "b": shared{b}})
	queueUp(t, r.store, "own", "x", "y", "z")
	queueUp(t, r.store, "a", "p", "q")
	queueUp(t, r.store, "b", "r", "s")
	r.drain(t)
	for _, tc := range []struct{ name, got, want string }{
		{"own", own.String(), "x1@0s y1@1s z1@2s"},
		{"a", a.String(), "p1@0s q1@1s"},
		{"b", b.String(), "r1@2s s1@3s"},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, tc.got, tc.want)
		}
	}
}

func TestRetryAfterHoldsTheWholeQueue(t *testing.T) {
	r := newRig(t)
	f := &fake{clock: r.Clock, script: []error{nil, &alerting.RetryAfterError{After: 42 * time.Second, Err: errors.New("429")}}}
	r.set(t, map[string]alerting.Notifier{"slack": f})
	queueUp(t, r.store, "slack", "x", "y", "z")
	r.drain(t)
	if got, want := f.String(), "x1@0s y1@1s z1@43s y1@44s"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if n := testutil.ToFloat64(r.m.failed.WithLabelValues("slack", reasonLimited)); n != 1 {
		t.Errorf("%v rate limited attempts counted", n)
	}
}

func TestBackoffDoublesAndIsReproducible(t *testing.T) {
	times := func() (out []time.Duration) {
		r := newRig(t)
		f := &fake{clock: r.Clock}
		for range 12 {
			f.script = append(f.script, errors.New("connection refused"))
		}
		r.set(t, map[string]alerting.Notifier{"slack": f})
		queueUp(t, r.store, "slack", "x")
		r.drain(t)
		for _, c := range f.calls {
			out = append(out, c.at)
			if c.delivery.Unknown {
				t.Error("a clean failure was taken for an unknown outcome")
			}
		}
		return out
	}
	got := times()
	if len(got) != 13 {
		t.Fatalf("%d attempts, want 13", len(got))
	}
	full := time.Second
	for i := 1; i < len(got); i++ {
		// Times are kept in milliseconds, and a queue sends once a second.
		if d := got[i] - got[i-1]; d < full/2-time.Millisecond || d > max(full, time.Second) {
			t.Errorf("attempt %d after %v, want %v to %v", i+1, d, full/2, full)
		}
		full = min(2*full, 5*time.Minute)
	}
	if diff := cmp.Diff(got, times()); diff != "" {
		t.Errorf("a second run waits otherwise: %s", diff)
	}
}

func TestAFailingMessageDoesNotHoldTheOthers(t *testing.T) {
	r := newRig(t)
	f := &fake{clock: r.Clock, script: []error{errors.New("hiccup"), errors.New("hiccup")}}
	r.set(t, map[string]alerting.Notifier{"slack": f})
	queueUp(t, r.store, "slack", "x", "y", "z")
	r.drain(t)
	seen := map[string]int{}
	for _, c := range f.calls {
		seen[c.key]++
	}
	if fmt.Sprint(seen) != "map[x:2 y:2 z:1]" {
		t.Errorf("calls %v", f)
	}
}

func TestPermanentFailureIsKeptLoggedOnceAndRetriedOnRequest(t *testing.T) {
	r := newRig(t)
	auth := alerting.Permanent(errors.New("invalid_auth"))
	f := &fake{clock: r.Clock, script: []error{auth, auth, auth}}
	notifiers := map[string]alerting.Notifier{"slack": f}
	r.set(t, notifiers)
	queueUp(t, r.store, "slack", "x", "y", "z")
	r.drain(t)
	if len(f.calls) != 3 {
		t.Errorf("calls %v, want one for each message", f)
	}
	if n := strings.Count(r.log.String(), "invalid_auth"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, r.log)
	}
	want := `
# HELP tidewatch_notifications_failed_total Attempts that did not succeed, by reason: permanent, rate_limited, outcome_unknown or temporary.
# TYPE tidewatch_notifications_failed_total counter
tidewatch_notifications_failed_total{integration="slack",reason="permanent"} 3
`
	if err := testutil.CollectAndCompare(r.m.failed, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	want = `
# HELP tidewatch_outbox_failed Messages that failed permanently and wait for a reload or a retry.
# TYPE tidewatch_outbox_failed gauge
tidewatch_outbox_failed{integration="slack"} 3
# HELP tidewatch_outbox_pending Notifications that wait to be sent, failed ones included.
# TYPE tidewatch_outbox_pending gauge
tidewatch_outbox_pending{integration="slack"} 3
`
	if err := testutil.CollectAndCompare(r.m, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	if n, err := r.Retry(t.Context(), "other"); n != 0 || err != nil {
		t.Errorf("Retry of another integration: %d, %v", n, err)
	}
	r.set(t, notifiers) // a reload
	r.drain(t)
	if len(f.calls) != 6 || !strings.Contains(r.log.String(), "works again") {
		t.Errorf("after a reload: calls %v, log:\n%s", f, r.log)
	}
}

func TestAttemptIsMarkedBeforeItIsMade(t *testing.T) {
	r := newRig(t)
	f := &fake{clock: r.Clock}
	f.during = func(n *alerting.Notice) {
		d, ok, err := r.store.Delivery(t.Context(), "slack", n.Key)
		if err != nil || !ok || !d.Unknown || d.UnknownSince != epoch.UnixMilli() {
			t.Errorf("while sending the store says %+v, %v, %v", d, ok, err)
		}
	}
	r.set(t, map[string]alerting.Notifier{"slack": f})
	queueUp(t, r.store, "slack", "x")
	r.drain(t)
	if len(f.calls) != 1 || f.calls[0].delivery.Unknown {
		t.Errorf("the first attempt was told %+v", f.calls)
	}
	d, _, err := r.store.Delivery(t.Context(), "slack", "x")
	if diff := cmp.Diff(alerting.Delivery{Sent: 1}, d); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestUnknownOutcomeSettlesAndKeepsItsBeginning(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Settle = time.Minute })
	lost := fmt.Errorf("read answer: %w", alerting.ErrUnknown)
	f := &fake{clock: r.Clock, script: []error{lost, lost}}
	r.set(t, map[string]alerting.Notifier{"slack": f})
	queueUp(t, r.store, "slack", "x")
	r.drain(t)
	if got, want := f.String(), "x1@0s x1@1m0s x1@2m0s"; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
	for _, c := range f.calls[1:] {
		if !c.delivery.Unknown || c.delivery.UnknownSince != epoch.UnixMilli() {
			t.Errorf("attempt at %v was told %+v", c.at, c.delivery)
		}
	}
}

// A clock that jumps forward does not cut short the wait for a request that may still arrive.
func TestClockMovedForwardWhileARequestIsUnderWay(t *testing.T) {
	jump := time.Duration(0)
	r := newRig(t, func(o *Options) {
		clock, begun := o.Clock, o.Clock()
		o.Clock, o.Elapsed = func() time.Time { return clock().Add(jump) }, func() time.Duration { return clock().Sub(begun) }
		o.Settle = time.Minute
	})
	f := &fake{clock: r.Clock, script: []error{fmt.Errorf("read answer: %w", alerting.ErrUnknown)}}
	r.set(t, map[string]alerting.Notifier{"slack": f})
	queueUp(t, r.store, "slack", "x")
	sleep := r.opts.Sleep
	r.opts.Sleep = func(ctx context.Context, d time.Duration) {
		jump = time.Hour // while it waits for the first time
		sleep(ctx, min(d, time.Second))
	}
	r.drain(t)
	if got, want := f.String(), "x1@0s x1@1m0s"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestClockMovedBackAnHour(t *testing.T) {
	r := newRig(t)
	f := &fake{clock: r.Clock, script: []error{errors.New("down")}}
	f.during = func(*alerting.Notice) {
		r.now = r.now.Add(-time.Hour)
		f.during = nil
	}
	r.set(t, map[string]alerting.Notifier{"slack": f})
	r.now = epoch.Add(time.Hour)
	queueUp(t, r.store, "slack", "x", "y")
	r.drain(t)
	for _, c := range f.calls[1:] {
		if c.at > 10*time.Second {
			t.Errorf("calls %v: waited for the old time to come again", f)
		}
	}
	if len(f.calls) != 3 {
		t.Errorf("calls %v", f)
	}
}

func TestClockMovedBackWhileWaiting(t *testing.T) {
	r := newRig(t)
	f := &fake{clock: r.Clock, script: []error{&alerting.RetryAfterError{After: 30 * time.Second, Err: errors.New("429")}}}
	r.opts.Sleep = func(ctx context.Context, d time.Duration) {
		r.Sleep(ctx, d-time.Hour)
		r.opts.Sleep = r.Sleep
	}
	r.set(t, map[string]alerting.Notifier{"slack": f})
	queueUp(t, r.store, "slack", "x")
	r.drain(t)
	if got, want := f.String(), "x1@0s x1@-58m59.999s"; len(f.calls) != 2 || f.calls[1].at > -58*time.Minute {
		t.Errorf("got %s, want about %s", got, want)
	}
	if !strings.Contains(r.log.String(), "moved back") {
		t.Errorf("log:\n%s", r.log)
	}
}

func TestOutcomeThatCannotBeRecordedHoldsTheQueue(t *testing.T) {
	r := newRig(t)
	db, err := sql.Open("sqlite", filepath.Join(r.store.Dir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // a test's second connection
	exec := func(q string) {
		if _, err := db.ExecContext(t.Context(), q); err != nil {
			t.Error(err)
		}
	}
	f := &fake{clock: r.Clock}
	f.during = func(*alerting.Notice) {
		exec(`CREATE TRIGGER IF NOT EXISTS broken BEFORE DELETE ON notices BEGIN SELECT raise(ABORT, 'no space'); END`)
	}
	sleeps := 0
	r.opts.Sleep = func(ctx context.Context, d time.Duration) {
		r.Sleep(ctx, d)
		if sleeps++; sleeps == 5 {
			exec(`DROP TRIGGER IF EXISTS broken`)
			f.during = nil
		}
	}
	r.set(t, map[string]alerting.Notifier{"slack": f})
	queueUp(t, r.store, "slack", "x", "y")
	r.drain(t)
	if len(f.calls) != 2 || f.calls[0].key != "x" || f.calls[1].key != "y" {
		t.Errorf("calls %v, want x and y once", f)
	}
	if n := strings.Count(r.log.String(), "no space"); n != 1 || sleeps < 5 {
		t.Errorf("logged %d times, slept %d times:\n%s", n, sleeps, r.log)
	}
}

func TestNothingIsSentThatCannotBeMarked(t *testing.T) {
	r := newRig(t)
	db, err := sql.Open("sqlite", filepath.Join(r.store.Dir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // a test's second connection
	queueUp(t, r.store, "slack", "x")
	if _, err := db.ExecContext(t.Context(), `CREATE TRIGGER broken BEFORE UPDATE ON messages BEGIN SELECT raise(ABORT, 'no space'); END`); err != nil {
		t.Fatal(err)
	}
	f := &fake{clock: r.Clock}
	sleeps := 0
	r.opts.Sleep = func(ctx context.Context, d time.Duration) {
		r.Sleep(ctx, d)
		if sleeps++; sleeps == 5 {
			if len(f.calls) > 0 {
				t.Errorf("calls %v before the mark", f)
			}
			if _, err := db.ExecContext(ctx, `DROP TRIGGER broken`); err != nil {
				t.Error(err)
			}
		}
	}
	r.setNotifiers(map[string]alerting.Notifier{"slack": f})
	r.drain(t)
	if len(f.calls) != 1 {
		t.Errorf("calls %v, want one", f)
	}
}

func TestUndecodableNoticeIsAPermanentFailure(t *testing.T) {
	r := newRig(t)
	f := &fake{clock: r.Clock}
	r.set(t, map[string]alerting.Notifier{"slack": f})
	rows, err := Rows(&alerting.Notice{Key: "x", Version: 1}, "slack")
	if err != nil {
		t.Fatal(err)
	}
	rows[0].Payload = []byte("rubbish")
	if err := r.store.Commit(t.Context(), batch(rows)); err != nil {
		t.Fatal(err)
	}
	r.drain(t)
	if len(f.calls) != 0 || !strings.Contains(r.log.String(), "cannot be decoded") {
		t.Errorf("calls %v, log:\n%s", f, r.log)
	}
}

func TestDrainSaysWhatIsLeft(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	f := &fake{clock: r.Clock, script: []error{errors.New("down"), errors.New("down")}}
	f.during = func(*alerting.Notice) { cancel() }
	r.set(t, map[string]alerting.Notifier{"slack": f})
	queueUp(t, r.store, "slack", "x", "y")
	if err := r.Drain(ctx); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "2 notices") {
		t.Errorf("got %v", err)
	}
	if len(f.calls) != 1 {
		t.Errorf("calls %v after the end of ctx", f)
	}
}

func TestNoticesOfAnUnknownIntegrationAreKept(t *testing.T) {
	r := newRig(t)
	queueUp(t, r.store, "gone", "x")
	r.drain(t)
	f := &fake{clock: r.Clock}
	r.set(t, map[string]alerting.Notifier{"other": f})
	want := `
# HELP tidewatch_outbox_pending Notifications that wait to be sent, failed ones included.
# TYPE tidewatch_outbox_pending gauge
tidewatch_outbox_pending{integration="gone"} 1
tidewatch_outbox_pending{integration="other"} 0
`
	if err := testutil.CollectAndCompare(r.m, strings.NewReader(want), "tidewatch_outbox_pending"); err != nil {
		t.Error(err)
	}
	r.set(t, map[string]alerting.Notifier{"gone": f})
	r.drain(t)
	if len(f.calls) != 1 {
		t.Errorf("calls %v", f)
	}
}

func TestRowsKeepWhatJSONCannot(t *testing.T) {
	n := &alerting.Notice{
		Key: "k", Version: 3, Reply: "resolved", At: 5,
		GroupLabels: map[string]string{"job": "a"},
		Alarms: []alerting.AlarmView{{
			Value: math.NaN(), Peak: math.Inf(-1), Band: tidewatch.Band{Lower: math.NaN(), Mid: 1},
			Chart: &alerting.Chart{Title: "t", T: []int64{1, 2}, Y: []float64{math.NaN(), 2}, Anomalous: []bool{false, true}},
		}},
	}
	rows, err := Rows(n, "a", "b")
	if err != nil || len(rows) != 2 {
		t.Fatal(rows, err)
	}
	if r := rows[1]; r.Integration != "b" || r.Key != "k" || r.Version != 3 || !r.HasReply || r.At != 5 {
		t.Errorf("row %+v", r)
	}
	got, err := alerting.DecodeNotice(rows[0].Payload)
	if diff := cmp.Diff(n, got, cmpopts.EquateNaNs()); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	if _, err := New(Options{}); err == nil {
		t.Error("an outbox without a store was made")
	}
	reg := prometheus.NewRegistry()
	s := openStore(t, t.TempDir())
	if _, err := New(Options{Store: s, Registerer: reg}); err != nil {
		t.Error(err)
	}
	if _, err := New(Options{Store: s, Registerer: reg}); err == nil {
		t.Error("metrics were registered twice")
	}
}
