package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/outbox"
	"github.com/tidewatch/tidewatch/internal/slackfake"
	"github.com/tidewatch/tidewatch/internal/store"
)

// quickConfig has one detector of few points; %q is the fake Slack's address.
const quickConfig = `
global: {step: 5m, history: 1d, timezone: Europe/Berlin}
sources: [{name: s, url: "http://prometheus.invalid/api/v1/read"}]
detectors: [{name: Load, expr: load, expect: 1/30d, labels: {severity: page}}]
route: {receiver: oncall, group_by: [alertname]}
receivers: [{name: oncall, slack_configs: [{channel: "#oncall", app_token: xoxb-secret, app_url: %q}]}]
`

// begin is where sessions start: a day of history lies before it, and it is no grid time.
const begin = origin + day + 30_000

// broken lifts job0 for an hour and a half, two hours after begin.
func broken(k int, t int64) float64 {
	if at := t - origin - day; k == 0 && at >= 2*hour && at < 3*hour+30*minute {
		return calm(k, t) + 100
	}
	return calm(k, t)
}

// newQuick is a harness over quickConfig that logs into a book. Its outbox lives on the wall's clock and tries again at once.
func newQuick(t *testing.T, value func(k int, t int64) float64) *harness {
	t.Helper()
	h := newHarness(t, &source{series: 3, value: value}, begin)
	h.yaml = quickConfig
	h.logs = &logBook{}
	h.opts.Logger = slog.New(h.logs)
	h.opts.OnResult = func(res engine.Result) {
		if len(res.Notices) > 0 {
			h.spoke.Store(true)
		}
	}
	h.opts.tuneOutbox = func(o *outbox.Options) {
		o.Clock, o.Interval = time.Now, time.Nanosecond
		o.Timeout, o.Settle, o.Grace = 20*time.Second, time.Millisecond, 50*time.Millisecond
		o.MinBackoff, o.MaxBackoff = time.Millisecond, 4*time.Millisecond
	}
	return h
}

// session is a running service that the test walks through time.
type session struct {
	*Service
	t     *testing.T
	h     *harness
	do    chan func(context.Context) error
	did   chan error
	ended chan error
}

// start starts a service that stands still where the clock stands.
func (h *harness) start(t *testing.T) *session {
	t.Helper()
	h.opts.Registry = prometheus.NewRegistry()
	s, err := New(t.Context(), h.opts)
	if err != nil {
		t.Fatal(err)
	}
	x := &session{Service: s, t: t, h: h, do: make(chan func(context.Context) error), did: make(chan error), ended: make(chan error, 1)}
	go func() {
		x.ended <- s.RunWith(context.WithoutCancel(t.Context()), func(ctx context.Context) error {
			for f := range x.do {
				x.did <- f(ctx)
			}
			return nil
		})
	}()
	return x
}

// call runs f in the service's driver.
func (x *session) call(f func(ctx context.Context) error) {
	x.t.Helper()
	x.do <- f
	if err := <-x.did; err != nil {
		close(x.do)
		x.t.Fatal(err, <-x.ended)
	}
}

// walk drives the service to until, Unix milliseconds. Where the outbox can send, everything is sent before time moves on, so
// that no version is skipped.
func (x *session) walk(until int64) {
	x.t.Helper()
	x.call(func(ctx context.Context) error { return x.Walk(ctx, x.h.clock, until) })
}

// walkSent is walk with every version sent before time moves on.
func (x *session) walkSent(until int64) {
	x.t.Helper()
	x.h.clock.Moved = func(ctx context.Context, _ int64) error {
		if !x.h.spoke.Swap(false) {
			return nil
		}
		return x.settled(ctx)
	}
	x.walk(until)
	x.h.clock.Moved = nil
	x.settle()
}

func (x *session) settle() {
	x.t.Helper()
	x.call(x.settled)
}

// settled waits until the outbox has sent everything.
func (x *session) settled(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := x.h.settle(ctx, x.Service); err != nil {
		return fmt.Errorf("messages are still waiting: %w\n%s", err, x.h.logs.text())
	}
	return nil
}

// stop ends the service in an orderly way.
func (x *session) stop() {
	x.t.Helper()
	close(x.do)
	if err := <-x.ended; err != nil {
		x.t.Fatal(err)
	}
}

// crash copies the state as it lies on the disk now into a new place, as a kill would leave it, and ends the service: what it
// writes from here on is not seen again.
func (x *session) crash() {
	x.t.Helper()
	dir := x.t.TempDir()
	x.call(func(context.Context) error { return os.CopyFS(dir, os.DirFS(x.h.opts.DataDir)) })
	x.stop()
	x.h.opts.DataDir = dir
}

// snapshotBytes is the whole state of the core.
func (x *session) snapshotBytes() []byte {
	x.t.Helper()
	var out bytes.Buffer
	x.call(func(context.Context) error {
		snap := x.core.Snapshot(1)
		out.Write(snap.Meta)
		out.Write(snap.Shards[0])
		return nil
	})
	return out.Bytes()
}

// transitions is the history, a line each, without the time of the decision.
func (x *session) transitions() []string {
	x.t.Helper()
	var out []string
	x.call(func(ctx context.Context) error {
		rows, _, err := x.store.Transitions(ctx, store.TransitionQuery{})
		for _, r := range rows {
			out = append(out, fmt.Sprintf("%d %s %s->%s %s %s", r.T, r.Labels, r.From, r.To, r.ID, r.Reason))
		}
		return err
	})
	return out
}

// metric is the sum of a self-metric's samples that carry the given label values ("" matches all); NaN if there are none.
func (x *session) metric(name string, values ...string) float64 {
	x.t.Helper()
	families, err := x.opts.Registry.Gather()
	if err != nil {
		x.t.Fatal(err)
	}
	sum := math.NaN()
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			var got []string
			for _, l := range m.GetLabel() {
				got = append(got, l.GetValue())
			}
			if !containsAll(got, values) {
				continue
			}
			if math.IsNaN(sum) {
				sum = 0
			}
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return sum
}

func containsAll(got, want []string) bool {
	have := map[string]bool{}
	for _, g := range got {
		have[g] = true
	}
	for _, w := range want {
		if !have[w] {
			return false
		}
	}
	return true
}

// want checks a self-metric.
func (x *session) want(v float64, name string, values ...string) {
	x.t.Helper()
	if got := x.metric(name, values...); got != v {
		x.t.Errorf("%s%v is %v, want %v", name, values, got, v)
	}
}

// logBook keeps what is logged, a line each.
type logBook struct {
	mu    sync.Mutex
	lines []string
}

// Enabled implements slog.Handler.
func (*logBook) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (b *logBook) Handle(_ context.Context, r slog.Record) error {
	line := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		line += " " + a.String()
		return true
	})
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, line)
	return nil
}

// WithAttrs implements slog.Handler.
func (b *logBook) WithAttrs([]slog.Attr) slog.Handler { return b }

// WithGroup implements slog.Handler.
func (b *logBook) WithGroup(string) slog.Handler { return b }

// count is how many lines hold all of the parts.
func (b *logBook) count(parts ...string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, l := range b.lines {
		all := true
		for _, p := range parts {
			all = all && strings.Contains(l, p)
		}
		if all {
			n++
		}
	}
	return n
}

// once checks that exactly one line holds all of the parts.
func (b *logBook) once(t *testing.T, parts ...string) {
	t.Helper()
	if n := b.count(parts...); n != 1 {
		t.Errorf("%d log lines hold %q, want 1:\n%s", n, parts, b.text())
	}
}

func (b *logBook) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.lines, "\n")
}

// clear forgets what was logged.
func (b *logBook) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = nil
}

var fileID = regexp.MustCompile(`"id":"F[^"]*"`)

// slackState is what people see in the channel: texts, blocks, edits and replies, without Slack's own ids.
func (h *harness) slackState(t *testing.T, edits bool) string {
	t.Helper()
	var out strings.Builder
	for _, m := range h.slack.Messages("#oncall") {
		writeMessage(t, &out, "", m, edits)
	}
	return out.String()
}

func writeMessage(t *testing.T, out *strings.Builder, indent string, m slackfake.Message, edits bool) {
	t.Helper()
	fmt.Fprintf(out, "%s%s", indent, m.Text)
	if edits {
		fmt.Fprintf(out, " (%d edits)", m.Edits)
	}
	if m.Metadata != nil {
		meta, err := json.Marshal(m.Metadata.EventPayload)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(out, " %s", meta)
	}
	fmt.Fprintf(out, "\n%s%s\n", indent, fileID.ReplaceAll(m.Blocks, []byte(`"id":"F"`)))
	for _, r := range m.Replies {
		writeMessage(t, out, indent+"    ", r, edits)
	}
}

// texts are the first lines of the channel's messages.
func (h *harness) texts() []string {
	var out []string
	for _, m := range h.slack.Messages("#oncall") {
		out = append(out, m.Text)
	}
	return out
}

// reads is how often the source was asked.
func (s *source) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads
}

// files are the paths in the state directory that match a pattern.
func (h *harness) files(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(h.opts.DataDir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// open replaces the one source by several, by name.
func (h *harness) open(sources map[string]ingest.Source) {
	h.opts.OpenSource = func(s configs.Source) (ingest.Source, error) {
		if src := sources[s.Name]; src != nil {
			return src, nil
		}
		return nil, fmt.Errorf("no source %q in the test", s.Name)
	}
}
