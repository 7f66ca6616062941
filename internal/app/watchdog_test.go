package app

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch/configs"
)

// barks collects what a webhook receives of the watchdog.
type barks struct {
	mu   sync.Mutex
	keys map[string]bool
	n    int
	last struct {
		Alerts []struct {
			Status, EndsAt string
			Labels         map[string]string
		}
	}
}

// ServeHTTP takes a message.
func (b *barks) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.n++
	b.keys[r.Header.Get("Idempotency-Key")] = true
	_ = json.NewDecoder(r.Body).Decode(&b.last) // a bad one leaves no alert, which the test sees
}

// The watchdog barks once per interval while evaluations go well, goes on after a crash.
func TestWatchdog(t *testing.T) {
	t.Parallel()
	heard := &barks{keys: map[string]bool{}}
	server := httptest.NewServer(heard)
	t.Cleanup(server.Close)
	h := newQuick(t, calm)
	h.yaml += "watchdog: {receiver: dog, interval: 10m}\n"
	h.yaml = strings.Replace(h.yaml, "receivers: [", `receivers: [{name: dog, webhook_configs: [{url: "`+server.URL+`"}]}, `, 1)
	x := h.start(t)
	x.walkSent(begin + hour)
	first := heard.n
	if first < 6 || first > 7 || len(heard.keys) != first {
		t.Errorf("%d alerts with %d keys in an hour, want one each 10 minutes", first, len(heard.keys))
	}
	if as := heard.last.Alerts; len(as) != 1 || as[0].Status != "firing" || as[0].Labels["alertname"] != "Watchdog" || !strings.HasPrefix(as[0].EndsAt, "0001") {
		t.Errorf("the alert is %+v", as)
	}
	x.crash()
	x = h.start(x.t)
	x.walkSent(begin + 2*hour)
	if more := heard.n - first; more < 6 || more > 8 {
		t.Errorf("%d alerts in the hour after a crash", more)
	}
	x.stop()
}

func TestWatchdogHoldsForFourSteps(t *testing.T) {
	cfg := &configs.Config{Watchdog: configs.Watchdog{Interval: time.Minute}, Detectors: []configs.Detector{{Step: 5 * time.Minute}, {Step: 10 * time.Second}}}
	if got := watchdogLife(cfg); got != 20*time.Minute {
		t.Errorf("an alert holds for %s, want four of the slowest detector's steps", got)
	}
}
