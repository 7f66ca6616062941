package apitest

import (
	"context"
	"fmt"
	"sync"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/alerting"
)

// Controls is a dispatcher with one incident, about the alarm a-checkout of the fleet, which is acknowledged, a silence s1,
// feedback f1 and the alarm a-disk without actions. It fails with the backend's Err.
type Controls struct {
	b  *Backend
	mu sync.Mutex
	d  *alerting.Dispatcher
}

// NewControls makes them.
func NewControls(b *Backend) *Controls {
	c := &Controls{b: b, d: alerting.NewDispatcher(&alerting.Route{Receiver: "oncall", GroupBy: []string{"job"}}, alerting.DispatcherOptions{})}
	start := Now.UnixMilli() - 240_000
	c.d.Handle(alerting.Signal{
		At: start, ID: "a-checkout", Detector: "checkout-5xx", SeriesID: uint64(CheckoutSeries), Score: 2.4, Labels: checkoutLabels,
		Transition: alerting.Transition{T: start, From: alerting.OK, To: alerting.Alarming},
	})
	c.advance()
	anna := alerting.Actor{Name: "anna", From: "slack"}
	scope := alerting.Matchers{labels.MustNewMatcher(labels.MatchEqual, "job", "batch")}
	judged := checkoutAsJudged()
	for _, ctl := range []alerting.Control{
		{ID: "s1", Kind: alerting.ControlSilence, Comment: "migration", Silence: &alerting.SilenceSpec{Matchers: scope, EndsAt: Now.UnixMilli() + 7_200_000}},
		{ID: "k1", Kind: alerting.ControlAcknowledge, Target: c.d.Incidents()[0].Key, Comment: "looking"},
		{ID: "f1", Kind: alerting.ControlFeedback, Feedback: &alerting.Feedback{
			Verdict: alerting.FeedbackAnomaly, Matchers: alerting.CommonMatchers([]alerting.Judged{judged}), ExpiresAt: Now.UnixMilli() + 86_400_000,
			Judged: []alerting.Judged{judged},
		}},
		{ID: "d1", Kind: alerting.ControlDisableActions, Target: "a-disk", Comment: "new disks"},
	} {
		ctl.At, ctl.Actor = Now.UnixMilli()-60_000, anna
		if _, err := c.d.Control(ctl); err != nil {
			panic(err) // constants only
		}
	}
	c.advance()
	return c
}

// IncidentKey is the key of the open incident.
func (c *Controls) IncidentKey() string { return c.d.Incidents()[0].Key }

func checkoutAsJudged() alerting.Judged {
	j := alerting.Judged{
		Alarm: "a-checkout", Detector: "checkout-5xx", SeriesID: uint64(CheckoutSeries), Labels: checkoutLabels, State: "ALARM",
		Reason: "3 out of the last 5 datapoints were outside the band",
	}
	j.Hash = j.Data.Hash()
	return j
}

var checkoutLabels = labels.FromStrings("alertname", "checkout-5xx", "job", "checkout", "region", "eu1")

func (c *Controls) advance() {
	c.d.AdvanceTo(Now.UnixMilli(), func(alerting.Signal) (alerting.AlarmView, bool) { return alerting.AlarmView{}, false })
}

// Control implements api.Controls.
func (c *Controls) Control(ctx context.Context, ctl alerting.Control) (string, error) {
	if err := c.b.enter(ctx); err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if ctl.Kind == alerting.ControlSetState || ctl.Kind == alerting.ControlDisableActions {
		if !c.b.known(ctl.Target) {
			return "", fmt.Errorf("no alarm %q: %w", ctl.Target, alerting.ErrNoSuchTarget)
		}
	}
	id, err := c.d.Control(ctl)
	c.advance()
	return id, err
}

// Silences implements api.Controls.
func (c *Controls) Silences(ctx context.Context) ([]alerting.Silence, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.d.Silences(), c.b.enter(ctx)
}

// Incidents implements api.Controls.
func (c *Controls) Incidents(ctx context.Context) ([]alerting.Incident, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.d.Incidents(), c.b.enter(ctx)
}

// Feedback implements api.Controls.
func (c *Controls) Feedback(ctx context.Context) ([]alerting.FeedbackEntry, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.d.Feedback(), c.b.enter(ctx)
}

// EndedIncident implements api.Controls: there is none.
func (*Controls) EndedIncident(context.Context, string) (in alerting.Incident, ok bool) {
	return in, false
}

// NoiseReport implements api.Controls.
func (c *Controls) NoiseReport(ctx context.Context, from, to int64) (alerting.NoiseReport, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.d.NoiseReport(from, to), c.b.enter(ctx)
}

// Judge implements api.Controls.
func (c *Controls) Judge(ctx context.Context, ids []string) (out []alerting.Judged, err error) {
	for _, id := range ids {
		if id != "a-checkout" {
			return nil, unknown("alarm", id)
		}
		out = append(out, checkoutAsJudged())
	}
	return out, c.b.enter(ctx)
}
