//go:build integration

package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/internal/app"
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/slackfake"
)

const token = "xoxb-integration"

func newSlack(t *testing.T) *slackfake.Server {
	t.Helper()
	s, err := slackfake.Listen(slackfake.Options{Token: token, Channels: []slackfake.Channel{
		{ID: "C0ONCALL", Name: "oncall"}, {ID: "C0METRICS", Name: "metrics"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// layout is a way to spread the benchmark's series over detectors. Series of one detector share what is learnt about the family
// of metrics, and its promise.
type layout struct {
	name string
	by   func(f file) string // files with the same name belong to one detector
}

var (
	eachSeries = layout{"each series", func(f file) string { return f.Name }}
	eachMetric = layout{"each metric", func(f file) string { return f.Metric() }}
	oneForAll  = layout{"one for all", func(file) string { return "all" }}
)

// detectors is how many detectors the layout makes.
func (l layout) detectors(c *corpus) int {
	names := map[string]bool{}
	for _, f := range c.Files {
		names[l.by(f)] = true
	}
	return len(names)
}

// benchConfig watches the benchmark, with a message for each series. Everything but the step is default.
func benchConfig(c *corpus, l layout, readURL, slackURL string) string {
	members := map[string][]string{}
	for _, f := range c.Files {
		members[l.by(f)] = append(members[l.by(f)], f.Name)
	}
	var detectors strings.Builder
	for _, name := range slices.Sorted(maps.Keys(members)) {
		fmt.Fprintf(&detectors, "  - {name: %q, expr: '%s{file=~%q}'}\n", name, metric, strings.Join(members[name], "|"))
	}
	return fmt.Sprintf(`
global: {step: 5m}
sources: [{name: prometheus, url: %q}]
detectors:
%s
route: {receiver: oncall, group_by: [file]}
receivers:
  - name: oncall
    slack_configs: [{channel: "#oncall", app_token: %s, app_url: %q}]
`, readURL, &detectors, token, slackURL)
}

// decision is what a run decided: transitions and messages as replay writes them, in order.
type decision struct {
	onsets      []onset
	transitions []string
	notices     []string
	quality     []engine.QualityChange
}

// onset is a transition into ALARM.
type onset struct {
	Detector string
	File     string
	Began    int64 // grid time of the first breaching point
	Raised   int64 // grid time of the transition
	Ended    int64 // grid time of the transition out of ALARM, 0 if there was none
	Reason   string
}

func (d *decision) add(res engine.Result) error {
	for _, ch := range res.Changes {
		line, err := json.Marshal(app.NewTransitionLine(ch, res.Now))
		if err != nil {
			return err
		}
		d.transitions = append(d.transitions, string(line))
		d.note(ch)
	}
	d.quality = append(d.quality, res.Quality...)
	for i := range res.Notices {
		n, err := json.Marshal(&res.Notices[i])
		if err != nil {
			return err
		}
		d.notices = append(d.notices, string(n))
	}
	return nil
}

func (d *decision) note(ch engine.Change) {
	name := ch.Series.Labels.Get("file")
	switch {
	case ch.Transition.To == alerting.Alarming:
		d.onsets = append(d.onsets, onset{Detector: ch.Detector, File: name, Began: ch.Transition.Since, Raised: ch.Transition.T, Reason: ch.View.Reason})
	case ch.Transition.From == alerting.Alarming:
		for i := range slices.Backward(d.onsets) {
			if d.onsets[i].File == name {
				d.onsets[i].Ended = ch.Transition.T
				return
			}
		}
	}
}

// walked is a service that was walked over a range on a virtual clock, and what it left behind.
type walked struct {
	decision
	slack   *slackfake.Server
	log     bytes.Buffer       // warnings and errors
	failed  float64            // messages and attempts that failed
	counted float64            // verdicts on data, as the metric has them
	seen    map[string]float64 // events by kind
}

// walk runs the ordinary service against a real Prometheus and the fake Slack; only its clock is virtual. It begins at from,
// so that what lies before is history, and ends when everything up to to is decided and sent.
func walk(t *testing.T, from, to int64, config func(slackURL string) string) *walked {
	t.Helper()
	w := &walked{slack: newSlack(t)}
	w.run(t, filepath.Join(t.TempDir(), "state"), app.NewVirtual(from), to, config)
	return w
}

// walkWithPause is walk up to stop; the service ends there and another goes on with its state at resume, for a minute.
func walkWithPause(t *testing.T, from, stop, resume int64, config func(slackURL string) string) *walked {
	t.Helper()
	w := &walked{slack: newSlack(t)}
	state := filepath.Join(t.TempDir(), "state")
	w.run(t, state, app.NewVirtual(from), stop, config)
	w.run(t, state, app.NewVirtual(resume), resume+time.Minute.Milliseconds(), config)
	return w
}

// run is one life of the service.
func (w *walked) run(t *testing.T, state string, clock *app.Virtual, to int64, config func(slackURL string) string) {
	t.Helper()
	reg := prometheus.NewRegistry()
	var broken error
	s, err := app.New(t.Context(), app.Options{
		DataDir: state, Clock: clock, NoSync: true, SendInterval: time.Microsecond, Registry: reg,
		Logger: slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Load: func() (*configs.Config, error) {
			return configs.Parse("integration.yml", []byte(config(w.slack.APIURL())))
		},
		OnResult: func(res engine.Result) {
			if err := w.add(res); err != nil {
				broken = err
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.RunWith(t.Context(), func(ctx context.Context) error {
		if err := s.Walk(ctx, clock, to); err != nil {
			return err
		}
		if err := settle(ctx, reg); err != nil {
			return err
		}
		counted, err := sum(reg, "tidewatch_data_quality_verdicts_total")
		if err != nil {
			return err
		}
		w.counted += counted
		if w.seen, err = sumBy(reg, "tidewatch_events_total", "kind"); err != nil {
			return err
		}
		w.failed, err = sum(reg, "tidewatch_outbox_failed", "tidewatch_notifications_failed_total")
		return err
	})
	if err := errors.Join(err, broken); err != nil {
		t.Fatal(err)
	}
}

// settle waits until the outbox has sent everything.
func settle(ctx context.Context, reg prometheus.Gatherer) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		n, err := sum(reg, "tidewatch_outbox_pending")
		if err != nil || n == 0 {
			return err
		}
		app.Wall{}.Sleep(ctx, 10*time.Millisecond)
	}
	return ctx.Err()
}

// sum adds up metrics over their labels.
func sum(reg prometheus.Gatherer, names ...string) (float64, error) {
	families, err := reg.Gather()
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for _, f := range families {
		if slices.Contains(names, f.GetName()) {
			for _, m := range f.GetMetric() {
				sum += m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return sum, nil
}

// sumBy adds up a counter by a label's values.
func sumBy(reg prometheus.Gatherer, name, label string) (map[string]float64, error) {
	families, err := reg.Gather()
	if err != nil {
		return nil, err
	}
	out := map[string]float64{}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == label {
					out[l.GetValue()] += m.GetCounter().GetValue()
				}
			}
		}
	}
	return out, nil
}
