package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/api"
	"github.com/tidewatch/tidewatch/internal/engine"
)

func byAnna(id string, kind alerting.ControlKind, target string) alerting.Control {
	return alerting.Control{ID: id, Kind: kind, Actor: alerting.Actor{Name: "anna", From: "cli"}, Target: target, At: 1}
}

// alarmOf is the alarm of a series, by the value of its label job.
func (x *session) alarmOf(job string) api.Alarm {
	x.t.Helper()
	var id string
	x.core.Alarms(nil, func(a engine.AlarmInfo) bool {
		if a.Series.Labels.Get("job") == job {
			id = a.ID
		}
		return true
	})
	a, err := backend{x.Service}.Alarm(x.t.Context(), id)
	if err != nil {
		x.t.Fatal(err)
	}
	return a
}

// A calm alarm that is set to ALARM is told at once and closed at the next evaluation; a stop or a crash in between changes nothing, and
// what has been learnt is as if nobody had set anything.
func TestSetState(t *testing.T) {
	want := ""
	for name, interrupt := range map[string]func(*session){"": nil, "crash": (*session).crash, "stop": (*session).stop} {
		h := newQuick(t, calm)
		x := h.start(t)
		x.walkSent(begin + hour)
		before := x.alarmOf("job1")
		set := byAnna("set1", alerting.ControlSetState, before.ID)
		set.State = &alerting.StateSetting{State: "ALARM", Reason: "does the page arrive?", Data: []byte(`{"ticket":7}`)}
		if _, err := x.ask(set); err != nil {
			t.Fatal(err)
		}
		if interrupt != nil {
			interrupt(x)
			x = h.start(t)
		}
		a := x.alarmOf("job1")
		if a.State != "ALARM" || a.SetBy != "anna (cli)" || a.Reason != "Set to ALARM by anna (cli), until the next evaluation: does the page arrive?" || a.Rule != "state-set" {
			t.Errorf("%s: the alarm that was set: %+v", name, a)
		}
		if m := h.slack.Messages("#oncall"); len(m) != 1 || !strings.Contains(string(m[0].Blocks), "does the page arrive?") {
			t.Fatalf("%s: not told at once, or not why:\n%s", name, h.slackState(t, false))
		}
		x.walkSent(begin + hour + 12*minute)
		if a := x.alarmOf("job1"); a.State != before.State || a.SetBy != "" {
			t.Errorf("%s: after the next evaluation: %+v", name, a)
		}
		hist, err := backend{x.Service}.History(t.Context(), before.ID, 2)
		if err != nil || len(hist.Transitions) != 2 || hist.Transitions[0].Rule != "state-set-over" || hist.Transitions[1].Rule != "state-set" || hist.Transitions[1].SetBy != "anna (cli)" ||
			string(hist.Transitions[1].SetReasonData) != `{"ticket":7}` || hist.Transitions[1].StateReasonData != nil || hist.Transitions[0].StateReasonData == nil {
			t.Errorf("%s: history %+v: %v", name, hist, err)
		}
		got := h.slackState(t, false)
		if !strings.Contains(got, "Closed") || !strings.Contains(got, "set by hand") {
			t.Errorf("%s: the message does not say how it ended:\n%s", name, got)
		}
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%s: %s\nwant %s", name, got, want)
		}
		x.stop()
	}
}

// Actions that were switched off stay so over a restart, and without a snapshot; what still fires is told when they are on again.
func TestActionsDisabled(t *testing.T) {
	h := newQuick(t, broken)
	x := h.start(t)
	x.walk(begin + hour)
	if _, err := x.ask(byAnna("d1", alerting.ControlDisableActions, "Nothing")); !errors.Is(err, alerting.ErrNoSuchTarget) {
		t.Errorf("a detector that there is not: %v", err)
	}
	for i, target := range []string{"Load", x.alarmOf("job0").ID} {
		if _, err := x.ask(byAnna(fmt.Sprint("d", i), alerting.ControlDisableActions, target)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := x.ask(byAnna("d9", alerting.ControlDisableActions, "Load")); !errors.Is(err, alerting.ErrConflict) {
		t.Errorf("disabled twice: %v", err)
	}
	x.stop()
	if err := os.RemoveAll(filepath.Join(h.opts.DataDir, "snapshots")); err != nil {
		t.Fatal(err)
	}
	x = h.start(t)
	x.walkSent(begin + 2*hour + 31*minute)
	if a := x.alarmOf("job0"); a.State != "ALARM" || a.ActionsEnabled || a.ActionsDisabled.By != "anna (cli)" || len(h.slack.Messages("#oncall")) != 0 {
		t.Fatalf("with actions disabled: %+v\n%s", a, h.slackState(t, false))
	}
	q := api.AlarmQuery{Actions: "disabled", Limit: 10}
	if page, err := (backend{x.Service}).Alarms(t.Context(), q); err != nil || len(page.Alarms) != 3 {
		t.Errorf("%d alarms with disabled actions, want all 3: %v", len(page.Alarms), err)
	}
	if _, err := x.ask(byAnna("e1", alerting.ControlEnableActions, "Load")); err != nil {
		t.Fatal(err)
	}
	if n := len(h.slack.Messages("#oncall")); n != 0 {
		t.Errorf("%d messages of an alarm that is disabled for itself", n)
	}
	if _, err := x.ask(byAnna("e2", alerting.ControlEnableActions, x.alarmOf("job0").ID)); err != nil {
		t.Fatal(err)
	}
	if a := x.alarmOf("job0"); !a.ActionsEnabled || len(h.slack.Messages("#oncall")) != 1 {
		t.Errorf("with actions enabled again: %+v\n%s", a, h.slackState(t, false))
	}
	x.stop()
}
