package app

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/store"
)

// deed is something that a person does at a step of a script: which of the kinds, and numbers to choose what it is done to.
type deed struct{ kind, a, b int }

// quietRules are what else keeps alarms from being told: a window every night and an alarm that hides others.
const quietRules = `
mute_rules: [{name: night, matchers: ['job="job4"'], schedule: cron(30 3 * * *), duration: PT50M, timezone: Europe/Berlin}]
inhibit_rules: [{source_matchers: ['alertname="Cause"'], target_matchers: ['alertname="Load"', 'job=~"job[05]"']}]
`

// otherRoute is what a reload adds or takes away.
const otherRoute = "routes: [{receiver: oncall, matchers: ['severity=\"none\"']}], "

// deedsOf makes up what people do, one thing at most steps.
func deedsOf(rng *rand.Rand) (out []deed) {
	for range (chaosEnd - chaosBegin) / (15 * minute) {
		out = append(out, deed{rng.IntN(12), rng.IntN(1000), rng.IntN(1000)})
	}
	return out
}

// act does it.
func (c *chaos) act(t *testing.T, n int, d deed) {
	t.Helper()
	if d.reloads() {
		c.reload(t)
		return
	}
	ctl, ok, err := d.control(c.s, n, c.clock.Now().UnixMilli())
	switch {
	case err != nil:
		t.Fatal(err)
	case ok:
		c.ask(t, ctl)
	}
}

// reloads reports whether the deed is a reload instead of a control.
func (d deed) reloads() bool { return d.kind == 10 }

// control is the n-th deed as it is asked of the service now; false where there is nothing that it could be done to.
func (d deed) control(s *Service, n int, now int64) (ctl alerting.Control, ok bool, err error) {
	ctl = alerting.Control{ID: fmt.Sprintf("deed-%d", n), Actor: alerting.Actor{Name: "anna", From: "api"}, At: 1}
	incidents, silences, feedback := s.core.Incidents(), s.core.Silences(), s.core.Feedback()
	var alarms []string
	s.core.Alarms(nil, func(a engine.AlarmInfo) bool {
		alarms = append(alarms, a.ID)
		return true
	})
	switch d.kind {
	case 0, 1:
		job := alerting.Matchers{labels.MustNewMatcher(labels.MatchEqual, "job", fmt.Sprintf("job%d", d.a%chaosSeries))}
		ctl.Kind, ctl.Silence = alerting.ControlSilence, &alerting.SilenceSpec{Matchers: job, EndsAt: now + 10*minute + int64(d.b)*hour/1000}
		return ctl, true, nil
	case 2:
		return d.of(ctl, alerting.ControlExpireSilence, ids(silences, func(s alerting.Silence) string { return s.ID }))
	case 3, 4:
		return d.of(ctl, alerting.ControlAcknowledge, ids(incidents, func(i alerting.Incident) string { return i.Key }))
	case 5:
		return d.of(ctl, alerting.ControlUnacknowledge, ids(incidents, func(i alerting.Incident) string { return i.Key }))
	case 6, 7:
		return d.judge(ctl, s, incidents, now)
	case 8:
		return d.of(ctl, alerting.ControlRetractFeedback, ids(feedback, func(f alerting.FeedbackEntry) string { return f.ID }))
	case 9:
		return d.of(ctl, []alerting.ControlKind{alerting.ControlEnableActions, alerting.ControlDisableActions}[d.b%2], alarms)
	default:
		state := []alerting.State{alerting.Alarming, alerting.OK, alerting.InsufficientData}[d.b%3]
		ctl.State = &alerting.StateSetting{State: state.String(), Reason: "a drill"}
		return d.of(ctl, alerting.ControlSetState, alarms)
	}
}

func ids[T any](all []T, id func(T) string) (out []string) {
	for _, x := range all {
		out = append(out, id(x))
	}
	return out
}

// of makes the control one of that kind that concerns one of the targets.
func (d deed) of(ctl alerting.Control, kind alerting.ControlKind, targets []string) (alerting.Control, bool, error) {
	if len(targets) == 0 {
		return ctl, false, nil
	}
	ctl.Kind, ctl.Target = kind, targets[d.a%len(targets)]
	return ctl, true, nil
}

// judge makes the control feedback on an alarm of an incident.
func (d deed) judge(ctl alerting.Control, s *Service, incidents []alerting.Incident, now int64) (alerting.Control, bool, error) {
	if len(incidents) == 0 {
		return ctl, false, nil
	}
	alarms := incidents[d.a%len(incidents)].Alarms
	judged, err := s.Judge(alarms[d.b%len(alarms):][:1])
	if err != nil {
		return ctl, false, err
	}
	ctl.Kind = alerting.ControlFeedback
	ctl.Feedback = &alerting.Feedback{
		Verdict: []alerting.FeedbackVerdict{alerting.FeedbackAnomaly, alerting.FeedbackNotAnomaly, alerting.FeedbackExpected}[d.b%3],
		Judged:  judged, ExpiresAt: now + hour,
		Matchers: alerting.Matchers{labels.MustNewMatcher(labels.MatchEqual, "job", judged[0].Labels.Get("job"))},
	}
	return ctl, true, nil
}

// ask lets a control take effect. The person asks again, under the same id, until there is an answer, and there is room on the disk: what
// is answered while there is none may be forgotten.
func (c *chaos) ask(t *testing.T, ctl alerting.Control) {
	t.Helper()
	for range 100 {
		if c.s == nil {
			c.start(t)
		}
		c.full, c.roomy = 0, true
		_, err := c.s.Control(t.Context(), ctl)
		c.roomy = false
		if c.dead {
			c.bury(t)
			continue
		}
		c.note("%s %s by %s: %v", ctl.Kind, ctl.Target, ctl.Actor, err)
		if !answers(err) {
			t.Errorf("a control was refused: %v\n%s", err, c.told())
		}
		return
	}
	t.Fatalf("no control takes effect\n%s", c.told())
}

// answers reports whether a control's error is an answer to the person: it is done, or cannot be.
func answers(err error) bool {
	return err == nil || errors.Is(err, alerting.ErrConflict) || errors.Is(err, alerting.ErrNoSuchTarget) || errors.Is(err, alerting.ErrInvalid)
}

// otherYAML is the configuration after a reload: with a route more or less.
func otherYAML(yaml string) string {
	if strings.Contains(yaml, otherRoute) {
		return strings.Replace(yaml, otherRoute, "", 1)
	}
	return strings.Replace(yaml, "route: {", "route: {"+otherRoute, 1)
}

// reload adds a route, or takes it away.
func (c *chaos) reload(t *testing.T) {
	t.Helper()
	c.yaml = otherYAML(c.yaml)
	c.note("reload")
	err := c.s.Reload(t.Context())
	if err == nil && !c.dead {
		err = c.connect(t.Context())
	}
	if c.dead {
		c.bury(t) // starts with the new one
		return
	}
	if err != nil && !errors.Is(err, store.ErrFull) {
		t.Fatalf("reload: %v\n%s", err, c.told())
	}
}
