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
	ctl := alerting.Control{ID: fmt.Sprintf("deed-%d", n), Actor: alerting.Actor{Name: "anna", From: "api"}, At: 1}
	now := c.clock.Now().UnixMilli()
	job := alerting.Matchers{labels.MustNewMatcher(labels.MatchEqual, "job", fmt.Sprintf("job%d", d.a%chaosSeries))}
	incidents, silences, feedback := c.s.core.Incidents(), c.s.core.Silences(), c.s.core.Feedback()
	switch d.kind {
	case 0, 1:
		ctl.Kind, ctl.Silence = alerting.ControlSilence, &alerting.SilenceSpec{Matchers: job, EndsAt: now + 10*minute + int64(d.b)*hour/1000}
	case 2:
		if len(silences) == 0 {
			return
		}
		ctl.Kind, ctl.Target = alerting.ControlExpireSilence, silences[d.a%len(silences)].ID
	case 3, 4, 5:
		if len(incidents) == 0 {
			return
		}
		ctl.Kind, ctl.Target = alerting.ControlAcknowledge, incidents[d.a%len(incidents)].Key
		if d.kind == 5 {
			ctl.Kind = alerting.ControlUnacknowledge
		}
	case 6, 7:
		if len(incidents) == 0 {
			return
		}
		alarms := incidents[d.a%len(incidents)].Alarms
		judged, err := c.s.Judge(alarms[d.b%len(alarms):][:1])
		if err != nil {
			t.Fatal(err)
		}
		ctl.Kind = alerting.ControlFeedback
		ctl.Feedback = &alerting.Feedback{
			Verdict: []alerting.FeedbackVerdict{alerting.FeedbackAnomaly, alerting.FeedbackNotAnomaly, alerting.FeedbackExpected}[d.b%3],
			Judged:  judged, ExpiresAt: now + hour,
			Matchers: alerting.Matchers{labels.MustNewMatcher(labels.MatchEqual, "job", judged[0].Labels.Get("job"))},
		}
	case 8:
		if len(feedback) == 0 {
			return
		}
		ctl.Kind, ctl.Target = alerting.ControlRetractFeedback, feedback[d.a%len(feedback)].ID
	case 9:
		var ids []string
		c.s.core.Alarms(nil, func(a engine.AlarmInfo) bool {
			ids = append(ids, a.ID)
			return true
		})
		ctl.Kind, ctl.Target = alerting.ControlDisableActions, ids[d.a%len(ids)]
		if d.b%2 == 0 {
			ctl.Kind, ctl.Target = alerting.ControlEnableActions, ids[d.a%len(ids)]
		}
	case 10:
		c.reload(t)
		return
	default:
		return
	}
	c.ask(t, ctl)
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
		if err != nil && !errors.Is(err, alerting.ErrConflict) && !errors.Is(err, alerting.ErrNoSuchTarget) && !errors.Is(err, alerting.ErrInvalid) {
			t.Errorf("a control was refused: %v\n%s", err, c.told())
		}
		return
	}
	t.Fatalf("no control takes effect\n%s", c.told())
}

// reload adds a route, or takes it away.
func (c *chaos) reload(t *testing.T) {
	t.Helper()
	if strings.Contains(c.yaml, otherRoute) {
		c.yaml = strings.Replace(c.yaml, otherRoute, "", 1)
	} else {
		c.yaml = strings.Replace(c.yaml, "route: {", "route: {"+otherRoute, 1)
	}
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
