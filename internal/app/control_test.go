package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/alerting"
)

// ask lets a control take effect in the service's driver.
func (x *session) ask(c alerting.Control) (id string, err error) {
	x.t.Helper()
	x.call(func(ctx context.Context) error {
		id, err = x.Control(ctx, c)
		return nil
	})
	x.settle()
	return id, err
}

func silenceLoad(id string, span int64) alerting.Control {
	return alerting.Control{
		ID: id, Kind: alerting.ControlSilence, Actor: alerting.Actor{Name: "anna", From: "api"}, Comment: "rollout", At: 1,
		Silence: &alerting.SilenceSpec{
			Matchers: alerting.Matchers{labels.MustNewMatcher(labels.MatchEqual, "alertname", "Load")}, EndsAt: span,
		},
	}
}

// acted walks through the fault with a silence over its beginning and an acknowledgement after that; interrupt comes right behind them.
func acted(t *testing.T, interrupt func(*session)) (*harness, ending) {
	t.Helper()
	h := newQuick(t, broken)
	x := h.start(t)
	again := func() {
		if interrupt != nil {
			interrupt(x)
			x = h.start(t)
		}
	}
	x.walkSent(begin + 2*hour - 7*minute)
	if _, err := x.ask(silenceLoad("s1", begin+2*hour+20*minute)); err != nil {
		t.Fatal(err)
	}
	again()
	x.walkSent(begin + 2*hour + 27*minute)
	incidents := x.core.Incidents()
	if len(incidents) != 1 || !incidents[0].Posted {
		t.Fatalf("what still fires at the end of a silence is not told: %+v\n%s\n%s", incidents, strings.Join(x.transitions(), "\n"), x.h.slackState(t, true))
	}
	if _, err := x.ask(alerting.Control{
		ID: "a1", Kind: alerting.ControlAcknowledge, Actor: alerting.Actor{Name: "ben", From: "slack"}, Target: incidents[0].Key, At: 1,
	}); err != nil {
		t.Fatal(err)
	}
	again()
	x.walkSent(end)
	got := x.ending(true)
	x.stop()
	return h, got
}

func TestControlsSurvive(t *testing.T) {
	if testing.Short() {
		t.Skip("a few seconds with the race detector")
	}
	h, want := acted(t, nil)
	for _, part := range []string{"Acknowledged by ben (slack)", "Resolved"} {
		if !strings.Contains(want.slack, part) {
			t.Errorf("the message does not say %q:\n%s", part, want.slack)
		}
	}
	if n := len(h.slack.Messages("#oncall")); n != 1 {
		t.Errorf("%d messages, want one:\n%s", n, want.slack)
	}
	for name, interrupt := range map[string]func(*session){"stop": (*session).stop, "crash": (*session).crash} {
		t.Run(name, func(t *testing.T) {
			_, got := acted(t, interrupt)
			want.same(t, got)
		})
	}
}

// Without a snapshot that can be read, silences come from the store.
func TestSilencesOutliveTheSnapshot(t *testing.T) {
	h := newQuick(t, broken)
	x := h.start(t)
	x.walk(begin + hour)
	if _, err := x.ask(silenceLoad("s1", begin+9*hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := x.ask(alerting.Control{ID: "e1", Kind: alerting.ControlExpireSilence, Actor: alerting.Actor{Name: "ben"}, Target: "s2", At: 1}); !errors.Is(err, alerting.ErrNoSuchTarget) {
		t.Errorf("an unknown silence was expired: %v", err)
	}
	x.stop()
	if err := os.RemoveAll(filepath.Join(h.opts.DataDir, "snapshots")); err != nil {
		t.Fatal(err)
	}
	x = h.start(t)
	x.walkSent(begin + 5*hour)
	if s := x.core.Silences(); len(s) != 1 || s[0].ID != "s1" || s[0].Author.Name != "anna" {
		t.Errorf("silences after the loss of the snapshot: %+v", s)
	}
	if m := h.slack.Messages("#oncall"); len(m) != 0 {
		t.Errorf("a silenced alarm was posted:\n%s", h.slackState(t, false))
	}
	x.stop()
}

// What a person calls expected is the new normal: the alarm ends as that, and not because the values came back. Taken back, it is
// not any more, whatever has restarted in between.
func TestExpectedIsAccepted(t *testing.T) {
	if testing.Short() {
		t.Skip("a few seconds with the race detector")
	}
	want := ""
	for name, interrupt := range map[string]func(*session){"uninterrupted": nil, "crash": (*session).crash, "stop": (*session).stop} {
		h := newQuick(t, broken)
		x := h.start(t)
		x.walkSent(begin + 2*hour + 11*minute)
		incidents := x.core.Incidents()
		if len(incidents) != 1 {
			t.Fatalf("%d incidents, want one", len(incidents))
		}
		judged, err := x.Judge(incidents[0].Alarms)
		if err != nil || len(judged[0].Data.Y) < 20 || judged[0].Hash != judged[0].Data.Hash() {
			t.Fatalf("judged %+v: %v", judged, err)
		}
		if _, err := x.ask(alerting.Control{
			ID: "f1", At: 1, Kind: alerting.ControlFeedback, Actor: alerting.Actor{Name: "anna", From: "slack"}, Feedback: &alerting.Feedback{
				Verdict: alerting.FeedbackExpected, Judged: judged, Matchers: alerting.CommonMatchers(judged), ExpiresAt: begin + 9*hour,
			},
		}); err != nil {
			t.Fatal(err)
		}
		if interrupt != nil {
			interrupt(x)
			x = h.start(t)
		}
		x.walkSent(begin + 2*hour + 25*minute)
		got := h.slackState(t, false)
		if !strings.Contains(got, "called expected by anna (slack): the shift is the new normal") {
			t.Errorf("%s: the alarm was not closed by the acceptance:\n%s", name, got)
		}
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%s: %s\nwant %s", name, got, want)
		}
		if f := x.core.Feedback(); len(f) != 1 || f[0].Judged[0].Hash != judged[0].Hash {
			t.Errorf("%s: feedback %+v", name, f)
		}
		if _, err := x.ask(alerting.Control{ID: "r1", At: 2, Kind: alerting.ControlRetractFeedback, Actor: alerting.Actor{Name: "ben", From: "slack"}, Target: "f1"}); err != nil {
			t.Fatal(err)
		}
		if interrupt != nil {
			interrupt(x)
			x = h.start(t)
		}
		x.walkSent(begin + 2*hour + 31*minute)
		p, _, ok := x.core.Band(judged[0].SeriesID, begin+2*hour+10*minute, begin+2*hour+31*minute)
		if n := len(p.T); !ok || n < 3 || p.Lower[n-2] < p.Lower[0]+50 || p.Lower[n-1] > p.Lower[n-2]-50 {
			t.Errorf("%s: lower bounds before, after what was accepted, and after that was taken back: %.1f", name, p.Lower)
		}
		x.stop()
	}
}
