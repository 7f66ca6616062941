package notifytest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
)

// Secret is the part of the receiver's address or token that no error and no log may show. A Target has to use it.
const Secret = "s3cr3t-T0K3N-do-not-show"

// Target is a notifier under test, and the receiver behind it.
type Target struct {
	Notifier alerting.Notifier
	// Remote is false for a notifier that talks to nobody; the tests of a receiver's answers are then skipped.
	Remote bool
	// Respond makes the receiver answer every request with this HTTP status from now on, 0 as usual; a retryAfter of more than
	// zero goes with it as Retry-After.
	Respond func(status int, retryAfter time.Duration)
	// Hang makes the receiver answer nothing from now on.
	Hang func()
	// Cut makes the receiver close every connection without an answer from now on.
	Cut func()
	// Limits checks the last message that arrived against the receiver's limits, and returns its text.
	Limits func() (string, error)
	// Logs is everything that was logged so far; nil if the notifier logs nothing.
	Logs func() string
}

// Run runs the contract. build makes a fresh target for each test.
func Run(t *testing.T, build func(t *testing.T) Target) {
	t.Helper()
	for _, c := range []struct {
		name   string
		remote bool
		test   func(*testing.T, Target)
	}{
		{"success is nil and remembered", false, success},
		{"a version that has arrived is not sent again", false, idempotent},
		{"a resolved notice is sent", false, resolves},
		{"every kind renders", false, renders},
		{"10,000 alarms fit, and the text says how many are left out", false, storm},
		{"a cancelled context stops it", false, cancelled},
		{"4xx is permanent", true, permanent},
		{"429 is not, and its Retry-After is passed on", true, retryAfter},
		{"5xx is neither permanent nor known", true, serverError},
		{"a cut connection is neither permanent nor known", true, cut},
		{"it stops with its context", true, stops},
		{"no secret in any error or log", true, secrets},
	} {
		t.Run(c.name, func(t *testing.T) {
			target := build(t)
			if c.remote && !target.Remote {
				t.Skip("talks to nobody")
			}
			c.test(t, target)
		})
	}
}

// Incident is a firing notice with one alarm, resolved by Resolve.
func Incident() *alerting.Notice {
	start := time.Date(2026, 11, 24, 1, 54, 0, 0, time.UTC).UnixMilli()
	return &alerting.Notice{
		Key: "contract", Version: 1, Kind: alerting.KindIncident, Receiver: "contract", Status: "firing", At: start + 120_000, StartsAt: start,
		Timezone: "Europe/Berlin", GroupLabels: map[string]string{"job": "checkout"}, CommonLabels: map[string]string{"job": "checkout", "severity": "page"},
		Headline: "checkout · 5xx ratio 6.2 %, expected 0.1–0.9 % · since 02:54 CET",
		Body:     []string{"Threshold Crossed: 3 out of the last 5 datapoints were above the band"},
		Alarms:   []alerting.AlarmView{View(0)},
		Links:    []alerting.Link{{Text: "Why?", URL: "https://tidewatch.example.com/alarms/1"}},
	}
}

// View is the i-th of many alarms.
func View(i int) alerting.AlarmView {
	return alerting.AlarmView{
		ID: fmt.Sprintf("%08x", i), Detector: "ErrorRatio", Labels: map[string]string{"job": "checkout", "instance": fmt.Sprintf("node-%05d", i)},
		State: "ALARM", Title: fmt.Sprintf("checkout · node-%05d · 5xx ratio", i), Unit: alerting.UnitPercent, Value: 0.062, Peak: 0.071, Score: 2.4,
		Channel: "band", Reason: "Threshold Crossed: 3 out of the last 5 datapoints were above the band", Why: "Expected 0.4 %.",
	}
}

// Resolve is the notice that ends n.
func Resolve(n *alerting.Notice) *alerting.Notice {
	r := *n
	r.Version, r.Status, r.EndsAt, r.At = n.Version+1, "resolved", n.StartsAt+27*60_000, n.At+27*60_000
	r.Headline = "Resolved 03:21 after 27 min · checkout · 5xx ratio peaked 7.1 %"
	r.Reply = r.Headline
	return &r
}

// Storm is an incident of total alarms.
func Storm(total int) *alerting.Notice {
	n := Incident()
	n.Alarms, n.Body = nil, nil
	for i := range min(total, alerting.MaxAlarmViews) {
		v := View(i)
		v.Reason = strings.Repeat("a long reason <with> markup & more ", 40)
		n.Alarms = append(n.Alarms, v)
	}
	n.Omitted = total - len(n.Alarms)
	return n
}

func notify(t *testing.T, target Target, n *alerting.Notice, d alerting.Delivery) (alerting.Delivery, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return target.Notifier.Notify(ctx, n, d)
}

func mustNotify(t *testing.T, target Target, n *alerting.Notice, d alerting.Delivery) alerting.Delivery {
	t.Helper()
	d, err := notify(t, target, n, d)
	if err != nil {
		t.Fatalf("version %d: %v", n.Version, err)
	}
	if d.Sent != n.Version || d.Unknown || d.UnknownSince != 0 {
		t.Errorf("after version %d the delivery says %+v", n.Version, d)
	}
	return d
}

func success(t *testing.T, target Target) {
	t.Helper()
	mustNotify(t, target, Incident(), alerting.Delivery{})
}

func idempotent(t *testing.T, target Target) {
	t.Helper()
	d := mustNotify(t, target, Incident(), alerting.Delivery{})
	if target.Remote {
		target.Respond(500, 0)
	}
	mustNotify(t, target, Incident(), d)
}

func resolves(t *testing.T, target Target) {
	t.Helper()
	n := Incident()
	d := mustNotify(t, target, n, alerting.Delivery{})
	mustNotify(t, target, Resolve(n), d)
	text, err := target.Limits()
	if err != nil {
		t.Error(err)
	}
	if !strings.Contains(text, "Resolved 03:21") {
		t.Errorf("the last message does not say that it is resolved: %s", text)
	}
}

func renders(t *testing.T, target Target) {
	t.Helper()
	r, ok := target.Notifier.(alerting.Renderer)
	if !ok {
		t.Fatal("does not implement alerting.Renderer")
	}
	for _, kind := range []alerting.NoticeKind{alerting.KindIncident, alerting.KindSummary, alerting.KindService, alerting.KindTest} {
		for _, status := range []string{"firing", "resolved"} {
			n := Incident()
			n.Kind, n.Status = kind, status
			out, err := r.Render(n)
			if err != nil || !strings.Contains(string(out), "5xx ratio 6.2 %") {
				t.Errorf("%s, %s: %v: %s", kind, status, err, out)
			}
			if strings.Contains(string(out), Secret) {
				t.Errorf("%s: shows the secret", kind)
			}
		}
	}
}

func storm(t *testing.T, target Target) {
	t.Helper()
	mustNotify(t, target, Storm(10_000), alerting.Delivery{})
	text, err := target.Limits()
	if err != nil {
		t.Error(err)
	}
	for shown := range alerting.MaxAlarmViews + 1 {
		if strings.Count(text, "checkout · node-") != shown {
			continue
		}
		left := 10_000 - shown
		if !strings.Contains(text, fmt.Sprintf("and %d,%03d more", left/1000, left%1000)) {
			t.Errorf("shows %d of 10,000 alarms, but does not say that %d are left out: %s", shown, left, text)
		}
		return
	}
	t.Errorf("shows more alarms than the notice has: %s", text)
}

func cancelled(t *testing.T, target Target) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	d, err := target.Notifier.Notify(ctx, Incident(), alerting.Delivery{})
	if !errors.Is(err, context.Canceled) || d.Sent != 0 || d.Unknown {
		t.Errorf("delivery %+v, error %v", d, err)
	}
}

func permanent(t *testing.T, target Target) {
	t.Helper()
	for _, status := range []int{400, 401, 403, 404, 410, 413} {
		target.Respond(status, 0)
		d, err := notify(t, target, Incident(), alerting.Delivery{})
		if !alerting.IsPermanent(err) || errors.Is(err, alerting.ErrUnknown) || d.Unknown || d.Sent != 0 {
			t.Errorf("%d: delivery %+v, error %v", status, d, err)
		}
	}
}

func retryAfter(t *testing.T, target Target) {
	t.Helper()
	for _, after := range []time.Duration{time.Second, 17 * time.Second, 0} {
		target.Respond(429, after)
		d, err := notify(t, target, Incident(), alerting.Delivery{})
		var r *alerting.RetryAfterError
		if !errors.As(err, &r) || alerting.IsPermanent(err) || d.Unknown || d.Sent != 0 {
			t.Errorf("Retry-After %v: delivery %+v, error %v", after, d, err)
			continue
		}
		if after > 0 && r.After != after {
			t.Errorf("Retry-After %v was passed on as %v", after, r.After)
		}
		if r.After <= 0 {
			t.Errorf("Retry-After %v: would be asked again at once", after)
		}
	}
}

func serverError(t *testing.T, target Target) {
	t.Helper()
	for _, status := range []int{500, 502, 503, 504} {
		target.Respond(status, 0)
		unknown(t, target, fmt.Sprint(status))
	}
}

func cut(t *testing.T, target Target) {
	t.Helper()
	target.Cut()
	unknown(t, target, "cut")
}

// unknown expects a send whose outcome is not known; once the receiver is well again the same notice goes out.
func unknown(t *testing.T, target Target, what string) {
	t.Helper()
	n := Incident()
	n.Key += what
	d, err := notify(t, target, n, alerting.Delivery{})
	if !errors.Is(err, alerting.ErrUnknown) || alerting.IsPermanent(err) || !d.Unknown || d.UnknownSince == 0 || d.Sent != 0 {
		t.Errorf("%s: delivery %+v, error %v", what, d, err)
	}
	target.Respond(0, 0)
	mustNotify(t, target, n, d)
}

func stops(t *testing.T, target Target) {
	t.Helper()
	target.Hang()
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := target.Notifier.Notify(ctx, Incident(), alerting.Delivery{})
		done <- err
	}()
	select {
	case err := <-done:
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v does not say that the context ended it", err)
		}
	case <-time.After(15 * time.Second): // far beyond; only a notifier that ignores its context gets here
		t.Error("did not stop with its context")
	}
}

func secrets(t *testing.T, target Target) {
	t.Helper()
	var texts []string
	try := func() {
		d, err := notify(t, target, Incident(), alerting.Delivery{})
		if err == nil {
			t.Error("no error, although the receiver fails")
			return
		}
		texts = append(texts, string(d.State))
		for e := err; e != nil; e = errors.Unwrap(e) {
			texts = append(texts, fmt.Sprintf("%v | %+v | %#v", e, e, e))
		}
	}
	for _, status := range []int{307, 400, 401, 404, 429, 500} {
		target.Respond(status, 0)
		try()
	}
	target.Cut()
	try()
	if target.Logs != nil {
		texts = append(texts, target.Logs())
	}
	for _, text := range texts {
		if strings.Contains(text, Secret) {
			t.Errorf("shows the secret: %s", text)
		}
	}
}
