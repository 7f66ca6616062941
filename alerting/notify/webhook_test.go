package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/alerting/notifytest"
	"github.com/tidewatch/tidewatch/internal/retryafter"
)

// httpStandIn is a receiver of JSON that answers as it is told.
type httpStandIn struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	after  string // Retry-After
	hang   bool
	cut    bool
	bodies []string
	header http.Header // of the last request
}

func newHTTPStandIn(t *testing.T) *httpStandIn {
	t.Helper()
	s := &httpStandIn{}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *httpStandIn) set(status int, after string, hang, cut bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.after, s.hang, s.cut = status, after, hang, cut
}

func (s *httpStandIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	s.mu.Lock()
	status, after, hang, cut := s.status, s.after, s.hang, s.cut
	s.mu.Unlock()
	switch {
	case hang:
		<-r.Context().Done()
		return
	case cut || err != nil:
		panic(http.ErrAbortHandler)
	case status != 0:
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		w.Header().Set("Location", "http://elsewhere.example.com/")
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, "you sent ", r.URL.String())
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bodies, s.header = append(s.bodies, string(body)), r.Header
}

func (s *httpStandIn) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.bodies) == 0 {
		return ""
	}
	return s.bodies[len(s.bodies)-1]
}

// target is the contract's view of the stand-in.
func (s *httpStandIn) target(n alerting.Notifier) notifytest.Target {
	return notifytest.Target{
		Notifier: n, Remote: true,
		Respond: func(status int, after time.Duration) {
			text := ""
			if after > 0 {
				text = fmt.Sprint(int(after.Seconds()))
			}
			s.set(status, text, false, false)
		},
		Hang: func() { s.set(0, "", true, false) },
		Cut:  func() { s.set(0, "", false, true) },
		Limits: func() (string, error) {
			var indent strings.Builder
			var v any
			err := json.Unmarshal([]byte(s.last()), &v)
			e := json.NewEncoder(&indent)
			e.SetEscapeHTML(false)
			_ = e.Encode(v)
			return indent.String(), err
		},
	}
}

func webhookTarget(t *testing.T) notifytest.Target {
	t.Helper()
	s := newHTTPStandIn(t)
	n, err := NewWebhook(WebhookConfig{Name: "hook", URL: secret(s.URL + "/hook/" + notifytest.Secret + "?key=" + notifytest.Secret), HMACSecret: secret(notifytest.Secret)})
	if err != nil {
		t.Fatal(err)
	}
	return s.target(n)
}

func TestWebhookGolden(t *testing.T) {
	n, err := NewWebhook(WebhookConfig{Name: "hook", URL: secret("http://hook.example.com"), ExternalURL: "https://tidewatch.example.com", MaxAlerts: 2})
	if err != nil {
		t.Fatal(err)
	}
	for name, notice := range notices() {
		if strings.HasPrefix(name, "storm-") || name == "shift" {
			continue // what differs in them is Slack's
		}
		got, err := n.(alerting.Renderer).Render(notice)
		if err != nil {
			t.Fatal(err)
		}
		checkGolden(t, filepath.Join("testdata", "alertmanager-webhook", name+".json"), got)
	}
}

func TestWebhookCountsWhatItLeavesOut(t *testing.T) {
	s := newHTTPStandIn(t)
	for _, tc := range []struct{ total, most, shown, left int }{
		{1, 0, 1, 0}, {20, 0, 20, 0}, {21, 0, 20, 1}, {10_000, 5, 5, 9995}, {3, 5, 3, 0}, {3, 3, 3, 0}, {50_000, 1, 1, 49_999},
	} {
		n, err := NewWebhook(WebhookConfig{Name: "hook", URL: secret(s.URL), MaxAlerts: tc.most})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Notify(context.Background(), storm(tc.total, false), alerting.Delivery{}); err != nil {
			t.Fatal(err)
		}
		var m hookMessage
		if err := json.Unmarshal([]byte(s.last()), &m); err != nil {
			t.Fatal(err)
		}
		if len(m.Alerts) != tc.shown || m.TruncatedAlerts != tc.left {
			t.Errorf("%d alarms, max_alerts %d: shows %d and truncates %d, want %d and %d", tc.total, tc.most, len(m.Alerts), m.TruncatedAlerts, tc.shown, tc.left)
		}
	}
}

// TestWebhookSignature checks the signature against one made by hand:
// printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac hunter2.
func TestWebhookSignature(t *testing.T) {
	const want = "t=1700000000,v1=56b25cbf563812b38800e5f4dd1febfde087d36841155e70b3aa285517e1570a"
	if got := sign("hunter2", time.Unix(1700000000, 0), []byte(`{"a":1}`)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s := newHTTPStandIn(t)
	at := time.Unix(1800000000, 0)
	n, err := NewWebhook(WebhookConfig{Name: "hook", URL: secret(s.URL), HMACSecret: secret("hunter2\n"), Clock: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Notify(context.Background(), incident(), alerting.Delivery{}); err != nil {
		t.Fatal(err)
	}
	if got, want := s.header.Get(SignatureHeader), sign("hunter2", at, []byte(s.last())); got != want {
		t.Errorf("the message came with %q, want %q", got, want)
	}
	if got := s.header.Get("Idempotency-Key"); got != "k-checkout/1" {
		t.Errorf("Idempotency-Key %q", got)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		text, date string
		want       time.Duration
		ok         bool
	}{
		{"17", "", 17 * time.Second, true},
		{"0", "", 0, true},
		{"-3", "", 0, true},
		{"", "", 0, false},
		{"soon", "", 0, false},
		{"99999999", "", 24 * time.Hour, true},
		{now.Add(90 * time.Second).Format(http.TimeFormat), "", 90 * time.Second, true},
		{now.Add(-time.Hour).Format(http.TimeFormat), "", 0, true},
		{now.Add(2 * time.Hour).Format(http.TimeFormat), now.Add(2*time.Hour - time.Minute).Format(http.TimeFormat), time.Minute, true}, // its clock is ahead
	} {
		got, ok := retryafter.Wait(&http.Response{Header: http.Header{"Retry-After": {tc.text}, "Date": {tc.date}}}, now)
		if got != tc.want || ok != tc.ok {
			t.Errorf("Retry-After %q, Date %q: %v, %v, want %v, %v", tc.text, tc.date, got, ok, tc.want, tc.ok)
		}
	}
}
