//go:build integration

package integration

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/tidewatch/tidewatch/internal/slackfake"
)

// exporter is an application whose gauge a Prometheus scrapes. Each queue's depth is noise about a level; a fault adds to it.
type exporter struct {
	server *httptest.Server
	addr   string

	mu     sync.Mutex
	armed  bool // false: scrapes fail
	faults map[string]float64
}

// queues are the exporter's series.
var queues = []string{"billing", "mail", "orders", "search", "thumbs"}

func newExporter(t *testing.T) *exporter {
	t.Helper()
	e := &exporter{faults: map[string]float64{}}
	e.server = httptest.NewServer(e)
	e.addr = strings.TrimPrefix(e.server.URL, "http://")
	t.Cleanup(e.server.Close)
	return e
}

// ServeHTTP answers a scrape.
func (e *exporter) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.armed {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	fmt.Fprintln(w, "# TYPE queue_depth gauge")
	for _, q := range queues {
		fmt.Fprintf(w, "queue_depth{queue=%q} %g\n", q, depth(q, time.Now().UnixMilli())+e.faults[q])
	}
}

func (e *exporter) arm() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.armed = true
}

// fault adds to the depth of a queue from now on; 0 ends it.
func (e *exporter) fault(queue string, by float64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faults[queue] = by
}

// depth is a queue's depth without faults: 100 and noise with a standard deviation of 2, the same at every call.
func depth(queue string, t int64) float64 {
	h := xxhash.Sum64String(fmt.Sprint(queue, t/1000))
	u, v := float64(h>>40+1)/(1<<24+1), float64(h&(1<<24-1))/(1<<24)
	return 100 + 2*math.Sqrt(-2*math.Log(u))*math.Cos(2*math.Pi*v) // Box and Muller (1958)
}

// world is an exporter, a Prometheus that scrapes it and holds eight hours of its past, and a Slack.
type world struct {
	app   *exporter
	prom  *promServer
	slack *slackfake.Server
}

// past is how much of the exporter's past a server is given: enough for a level.
const past = 8 * time.Hour

// newWorld makes a world. before changes the past, which is otherwise calm; it may be nil.
func newWorld(t *testing.T, r release, external map[string]string, before func(queue string, t int64, v float64) float64) *world {
	t.Helper()
	w := &world{app: newExporter(t), slack: newSlack(t)}
	w.prom = startProm(t, r, promOptions{external: external, targets: []string{w.app.addr}})
	w.prom.write(t, history(time.Now(), before))
	w.app.arm()
	return w
}

// history is what the exporter would have said until end, every five seconds, as the server would have stored it.
func history(end time.Time, before func(queue string, t int64, v float64) float64) []series {
	var out []series
	for _, q := range queues {
		s := newSeries("queue_depth", "queue", q, "job", "app", "instance", "one")
		for t := end.Add(-past).UnixMilli(); t < end.UnixMilli(); t += 5000 {
			v := depth(q, t)
			if before != nil {
				v = before(q, t, v)
			}
			s.add(t, v)
		}
		out = append(out, s)
	}
	return out
}

// config watches the queues every five seconds. more is put into the source, detectors below the first.
func (w *world) config(source string, detectors ...string) string {
	return configFor(w.prom.readURL(), w.slack.APIURL(), source, detectors...)
}

func configFor(readURL, slackURL, source string, detectors ...string) string {
	return fmt.Sprintf(`
global: {step: 5s, history: %s, delay: 2s}
storage: {snapshot_interval: 10s}
sources: [{name: app, url: %q%s}]
detectors:
  - {name: QueueDepth, expr: queue_depth, labels: {severity: page}}
%s
route: {receiver: oncall, group_by: [queue], group_wait: 1s, group_interval: 1s}
receivers:
  - name: oncall
    slack_configs: [{channel: "#oncall", app_token: %s, app_url: %q}]
`, past, readURL, source, strings.Join(detectors, "\n"), token, slackURL)
}

// messages are those in the channel.
func (w *world) messages() []slackfake.Message { return w.slack.Messages("#oncall") }

// waitMessages waits until n messages stand in the channel and ok says nil of the last.
func (w *world) waitMessages(t *testing.T, n int, what string, ok func(slackfake.Message) error) slackfake.Message {
	t.Helper()
	var last slackfake.Message
	eventually(t, 90*time.Second, what, func() error {
		ms := w.messages()
		if len(ms) != n {
			return fmt.Errorf("%d messages, want %d%s", len(ms), n, texts(ms))
		}
		last = ms[n-1]
		return ok(last)
	})
	return last
}

func texts(ms []slackfake.Message) string {
	var b strings.Builder
	for _, m := range ms {
		fmt.Fprintf(&b, "\n  %s (%d edits, %d replies)", m.Text, m.Edits, len(m.Replies))
	}
	return b.String()
}

// firing wants a message of an open incident about a queue.
func firing(queue string) func(slackfake.Message) error {
	return func(m slackfake.Message) error {
		if !strings.Contains(m.Text, queue) || strings.Contains(m.Text, "Resolved") {
			return fmt.Errorf("message is %q", m.Text)
		}
		return nil
	}
}

// resolved wants a message that was edited when its incident ended, with that in its thread once.
func resolved(queue string) func(slackfake.Message) error {
	return func(m slackfake.Message) error {
		if !strings.Contains(m.Text, queue) || !strings.Contains(m.Text, "Resolved") || len(m.Replies) != 1 {
			return fmt.Errorf("message is %q with %d replies", m.Text, len(m.Replies))
		}
		return nil
	}
}

// hold waits for d and then wants n messages still.
func (w *world) hold(t *testing.T, d time.Duration, n int, why string) {
	t.Helper()
	time.Sleep(d)
	if ms := w.messages(); len(ms) != n {
		t.Errorf("%s: %d messages, want %d%s", why, len(ms), n, texts(ms))
	}
}
