package app

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/outbox"
	"github.com/tidewatch/tidewatch/internal/slackfake"
)

const (
	minute = int64(60_000)
	hour   = 60 * minute
	day    = 24 * hour
	origin = 20_000 * day
)

// source is a Source over a function of (series, time); it can be made to fail.
type source struct {
	series int
	value  func(k int, t int64) float64
	labels func(k int) labels.Labels                     // nil: job alone
	other  map[string]*source                            // answers instead, by detector
	told   func(kind string, t int64) map[string]float64 // metrics of events by their labels

	mu    sync.Mutex
	err   error
	reads int
}

func (s *source) Read(ctx context.Context, q ingest.Query) (tidewatch.Block, error) {
	if o := s.other[q.Detector]; o != nil {
		return o.Read(ctx, q)
	}
	if kind, ok := strings.CutPrefix(q.Detector, "events/"); ok {
		return s.tell(kind, q)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	if s.err != nil {
		return tidewatch.Block{}, s.err
	}
	b := tidewatch.Block{Detector: q.Detector, From: q.From, Step: q.Step, N: int((q.To-q.From)/q.Step) + 1}
	for k := range s.series {
		ls := labels.FromStrings("job", fmt.Sprintf("job%d", k))
		if s.labels != nil {
			ls = s.labels(k)
		}
		row := tidewatch.Row{Series: tidewatch.Series{ID: tidewatch.SeriesID(q.Detector, ls), Labels: ls}, V: make([]float64, b.N)}
		seen := false
		for i := range row.V {
			row.V[i] = s.value(k, b.Time(i))
			seen = seen || !math.IsNaN(row.V[i])
		}
		if seen {
			b.Rows = append(b.Rows, row)
		}
	}
	for i := range b.Rows {
		for j := i; j > 0 && b.Rows[j].Series.ID < b.Rows[j-1].Series.ID; j-- {
			b.Rows[j], b.Rows[j-1] = b.Rows[j-1], b.Rows[j]
		}
	}
	return b, nil
}

// tell answers a question for events.
func (s *source) tell(kind string, q ingest.Query) (tidewatch.Block, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return tidewatch.Block{}, s.err
	}
	b := tidewatch.Block{Detector: q.Detector, From: q.From, Step: q.Step, N: int((q.To-q.From)/q.Step) + 1}
	rows := map[string]int{}
	for i := 0; s.told != nil && i < b.N; i++ {
		for text, v := range s.told(kind, b.Time(i)) {
			k, ok := rows[text]
			if !ok {
				k, rows[text] = len(b.Rows), len(b.Rows)
				ls := labels.FromStrings(strings.Split(text, " ")...)
				b.Rows = append(b.Rows, tidewatch.Row{Series: tidewatch.Series{ID: tidewatch.SeriesID(q.Detector, ls), Labels: ls}, V: slices.Repeat([]float64{math.NaN()}, b.N)})
			}
			b.Rows[k].V[i] = v
		}
	}
	slices.SortFunc(b.Rows, func(x, y tidewatch.Row) int { return cmp.Compare(x.Series.ID, y.Series.ID) })
	return b, nil
}

func (s *source) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// calm is a daily rhythm with noise, the same for every (k, t).
func calm(k int, t int64) float64 {
	h := uint64(k+1)*0x9e3779b97f4a7c15 ^ uint64(t/minute)*0xbf58476d1ce4e5b9
	h = (h ^ h>>30) * 0x94d049bb133111eb
	h ^= h >> 31
	return 100 + 20*math.Sin(2*math.Pi*float64(t)/float64(day)) + 3*(float64(h>>11)/(1<<53)-0.5)
}

// faulty breaks job0 and job1 for an hour and a half on day 4, and takes job2 away on day 5.
func faulty(k int, t int64) float64 {
	at := t - origin
	switch {
	case k < 2 && at >= 4*day+3*hour && at < 4*day+4*hour+30*minute:
		return calm(k, t) + 40
	case k == 2 && at >= 5*day:
		return math.NaN()
	}
	return calm(k, t)
}

const testConfig = `
global: {step: 1m, history: 3d, timezone: Europe/Berlin}
sources: [{name: s, url: "http://prometheus.invalid/api/v1/read"}]
detectors:
  - name: Load
    expr: load
    expect: 1/30d
    labels: {severity: page}
  - name: Slow
    expr: load
    step: 5m
    direction: above
route: {receiver: oncall, group_by: [alertname]}
receivers:
  - name: oncall
    slack_configs: [{channel: "#oncall", app_token: xoxb-secret, app_url: %q}]
`

// harness is a service on a virtual clock over a source and a fake Slack.
type harness struct {
	src   *source
	slack *slackfake.Server
	clock *Virtual
	opts  Options
	yaml  string      // the configuration; %q is the fake Slack's address
	logs  *logBook    // where the service logs, if anywhere
	spoke atomic.Bool // there has been a notice since walkSent last waited for the outbox
}

// enough returns all cases, or where tests are to be short, under the race detector, every third: they run the same code.
func enough[T any](cases []T) []T {
	if !testing.Short() {
		return cases
	}
	var out []T
	for i := 0; i < len(cases); i += 3 {
		out = append(out, cases[i])
	}
	return out
}

func newHarness(t *testing.T, src *source, at int64) *harness {
	t.Helper()
	h := &harness{src: src, slack: slackfake.New(slackfake.Options{Token: "xoxb-secret"}), clock: NewVirtual(at), yaml: testConfig}
	t.Cleanup(h.slack.Close)
	h.opts = Options{
		DataDir: t.TempDir(), Clock: h.clock, NoSync: true, SendInterval: time.Microsecond,
		Load:       func() (*configs.Config, error) { return h.config() },
		OpenSource: func(configs.Source) (ingest.Source, error) { return h.src, nil },
		tuneOutbox: func(o *outbox.Options) { o.Clock = time.Now }, // the virtual one stands still while settle waits
	}
	return h
}

func (h *harness) config() (*configs.Config, error) {
	return configs.Parse("test.yml", fmt.Appendf(nil, h.yaml, h.slack.APIURL()))
}

// run walks a service from where the clock stands to until.
func (h *harness) run(t *testing.T, until int64) *Service {
	t.Helper()
	s, err := New(t.Context(), h.opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RunWith(t.Context(), func(ctx context.Context) error {
		if err := s.Walk(ctx, h.clock, until); err != nil {
			return err
		}
		return h.settle(ctx, s)
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

// settle waits until the outbox has sent everything.
func (h *harness) settle(ctx context.Context, s *Service) error {
	for ctx.Err() == nil {
		counts, err := s.store.NoticeCounts(ctx)
		if err != nil {
			return err
		}
		pending := 0
		for _, c := range counts {
			pending += c.Pending
		}
		if pending == 0 {
			return nil
		}
		Wall{}.Sleep(ctx, 5*time.Millisecond)
	}
	return ctx.Err()
}
