package app

import (
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tidewatch/tidewatch/internal/outbox"
	"github.com/tidewatch/tidewatch/internal/slackfake"
)

var cut = slackfake.Cut()

// slackPatience makes an attempt give up soon, for faults that never answer.
func (h *harness) slackPatience(d time.Duration) {
	tune := h.opts.tuneOutbox
	h.opts.tuneOutbox = func(o *outbox.Options) { tune(o); o.Timeout = d }
}

// Whatever Slack answers, the final message is the same and nothing is there twice.
func TestSlackFaults(t *testing.T) {
	want := undisturbedSlack(t)
	for _, tc := range enough([]struct {
		name   string
		fault  slackfake.Fault
		n      int
		logged string
	}{
		{"connection cut", slackfake.Cut(), 7, "outcome_unknown"},
		{"503", slackfake.Status(503), 7, "outcome_unknown"},
		{"500 after it was done", slackfake.StatusAfter(500), 5, "outcome_unknown"},
		{"answer lost", slackfake.AnswerLost(), 5, "outcome_unknown"},
		{"no answer", slackfake.Timeout(), 1, "outcome_unknown"},
		{"done, no answer", slackfake.TimeoutAfter(), 1, "outcome_unknown"},
		{"429", slackfake.RateLimited(0), 1, "rate_limited"},
	}) {
		for _, method := range []string{"chat.postMessage", "chat.update"} {
			t.Run(tc.name+" at "+method, func(t *testing.T) {
				t.Parallel()
				h := newQuick(t, broken)
				if strings.Contains(tc.name, "no answer") {
					h.slackPatience(3 * time.Second)
				}
				h.slack.Inject(method, tc.n, tc.fault)
				x := h.start(t)
				x.walkSent(end)
				if n := h.logs.count("WARN", "notification failed", tc.logged); n < 1 || n > 3 {
					t.Errorf("the failure is logged %d times:\n%s", n, h.logs.text())
				}
				if n := x.metric("tidewatch_notifications_failed_total", tc.logged); !(n >= 1) {
					t.Errorf("%v failures are counted", n)
				}
				if d := cmp.Diff(want, h.slackState(t, false)); d != "" {
					t.Errorf("Slack differs (-undisturbed +disturbed):\n%s\n%s", d, h.logs.text())
				}
				x.stop()
			})
		}
	}
}

func undisturbedSlack(t *testing.T) string {
	t.Helper()
	h := newQuick(t, broken)
	x := h.start(t)
	x.walkSent(end)
	defer x.stop()
	return h.slackState(t, false)
}

// What a retry cannot mend is logged once, kept, and sent after a reload.
func TestSlackRefuses(t *testing.T) {
	want := undisturbedSlack(t)
	for _, code := range []string{"invalid_auth", "channel_not_found"} {
		t.Run(code, func(t *testing.T) {
			h := newQuick(t, broken)
			h.slack.Inject("", 1_000_000, slackfake.APIError(code))
			x := h.start(t)
			x.walk(begin + 2*hour + 30*minute)
			h.waitFor(t, "the refusal", func() bool { return x.metric("tidewatch_outbox_failed") == 1 })
			h.logs.once(t, "WARN", "notification failed", code, "permanent")
			h.slack.ClearFaults()
			x.call(x.Reload)
			x.walkSent(end)
			x.want(0, "tidewatch_outbox_failed")
			if d := cmp.Diff(want, h.slackState(t, false)); d != "" {
				t.Errorf("Slack differs (-undisturbed +after the reload):\n%s", d)
			}
			x.stop()
		})
	}
}

// Slack is away for the whole of an incident, and nothing listens there: it arrives afterwards, once, as resolved.
func TestSlackDown(t *testing.T) {
	h := newQuick(t, broken)
	proxy := newGate(t, h.slack.URL())
	h.yaml = "# %q\n" + strings.Replace(quickConfig, "%q", strconv.Quote(proxy.addr+"/api/"), 1)
	x := h.start(t)
	proxy.shut()
	x.walk(end)
	h.waitFor(t, "a failed attempt", func() bool { return h.logs.count("WARN", "notification failed") > 0 })
	x.want(1, "tidewatch_detector_up", "Load")
	if n := len(h.slack.Messages("#oncall")); n != 0 {
		t.Fatalf("%d messages got through", n)
	}
	proxy.open()
	x.settle()
	if n := h.logs.count("WARN", "notification failed"); n > 2 {
		t.Errorf("the failure is logged %d times:\n%s", n, h.logs.text())
	}
	ms := h.slack.Messages("#oncall")
	if len(ms) != 1 || !strings.Contains(ms[0].Text, "Resolved") {
		t.Errorf("messages %q, want one that is resolved", h.texts())
	}
	h.logs.once(t, "INFO", "notification works again")
	x.stop()
}

// gate is a TCP address behind which a server can go away and come back.
type gate struct {
	t      *testing.T
	addr   string
	target *url.URL
	server atomic.Pointer[http.Server]
}

func newGate(t *testing.T, target string) *gate {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{t: t, addr: "127.0.0.1:0", target: u}
	g.open()
	t.Cleanup(g.shut)
	return g
}

func (g *gate) open() {
	g.t.Helper()
	l, err := net.Listen("tcp", strings.TrimPrefix(g.addr, "http://"))
	if err != nil {
		g.t.Fatal(err)
	}
	g.addr = "http://" + l.Addr().String()
	s := &http.Server{Handler: httputil.NewSingleHostReverseProxy(g.target), ReadHeaderTimeout: time.Second}
	g.server.Store(s)
	go func() { _ = s.Serve(l) }() // ends with shut
}

func (g *gate) shut() {
	if s := g.server.Swap(nil); s != nil {
		if err := s.Close(); err != nil {
			g.t.Error(err)
		}
	}
}

// A message that is on its way when the service ends is neither lost nor doubled.
func TestStopWhileSending(t *testing.T) {
	want := undisturbedSlack(t)
	h := newQuick(t, broken)
	h.slackPatience(2 * time.Second)
	h.slack.Inject("chat.postMessage", 1, slackfake.TimeoutAfter())
	x := h.start(t)
	x.walk(begin + 2*hour + 30*minute)
	h.waitFor(t, "the attempt", func() bool { return h.slack.Calls("chat.postMessage") == 1 })
	x.stop()
	x = h.start(t)
	x.walkSent(end)
	if d := cmp.Diff(want, h.slackState(t, false)); d != "" {
		t.Errorf("Slack differs (-undisturbed +interrupted):\n%s", d)
	}
	x.stop()
}
