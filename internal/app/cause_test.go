package app

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/alerting"
)

// cascade is a fleet of which job0 to job3 depend on each other, so that they move together, and break one after another, while job4,
// which has nothing to do with them, breaks in the same minute as job0.
func cascade(k int, t int64) float64 {
	v := calm(k, t)
	if k < 4 {
		v += 2 * (calm(100, t) - calm(100, t-day)) // what they have in common
	}
	late := []int64{0, 10 * minute, 10 * minute, 15 * minute, 0}
	if at := t - begin; k < len(late) && at >= 2*hour+late[k] && at < 3*hour+30*minute {
		v += 100
	}
	return v
}

// newCascade is a service over the cascade that groups by job.
func newCascade(t *testing.T) *harness {
	t.Helper()
	h := newQuick(t, cascade)
	h.src.series = 12
	h.src.labels = func(k int) labels.Labels {
		return labels.FromStrings("job", fmt.Sprintf("job%d", k), "namespace", []string{"shop", "ops", "ops"}[k/5])
	}
	h.yaml = strings.Replace(quickConfig, "group_by: [alertname]", "group_by: [job]", 1)
	return h
}

// A cascade is one message whatever the groups, which says who moved first; a fault that begins in the same minute and has nothing to do with
// it is told by itself, though both are of one namespace.
func TestCascadeIsOneMessage(t *testing.T) {
	h := newCascade(t)
	x := h.start(t)
	x.walkSent(begin + 2*hour + 45*minute)
	told := h.slack.Messages("#oncall")
	if len(told) != 2 {
		t.Fatalf("messages %q, want the cascade's and the other fault's", h.texts())
	}
	one, other := string(told[0].Blocks), string(told[1].Blocks)
	if strings.Contains(one, "job4") {
		one, other = other, one
	}
	for _, want := range []string{
		"job0", "job1", "job2", "job3",
		"One cause: shop · job0 · load moved first, at 04:02. All 4 alarms share namespace=shop, which no quiet series has.",
	} {
		if !strings.Contains(one, want) {
			t.Errorf("%q is not in the cascade's message: %s", want, one)
		}
	}
	if !strings.Contains(other, "job4") || strings.Contains(other, "job0") || strings.Contains(other, "cause") {
		t.Errorf("the other fault's message is %s", other)
	}
	if i := slices.IndexFunc(x.core.Incidents(), func(in alerting.Incident) bool { return in.Cause != nil }); i < 0 {
		t.Error("no incident has a cause")
	} else if c := x.core.Incidents()[i].Cause; c.P != 0.001 || len(c.Members) != 4 {
		t.Errorf("the cause is %+v, want four members, as far from chance as can be", c)
	}
	x.walkSent(end)
	if texts := h.texts(); len(texts) != 2 || slices.ContainsFunc(texts, func(s string) bool { return !strings.Contains(s, "Resolved") }) {
		t.Errorf("messages %q, want two, resolved", texts)
	}
	x.stop()
}

// Crashes and reloads while a cascade runs change nothing in what is told.
func TestCascadeSurvives(t *testing.T) {
	if testing.Short() {
		t.Skip("restarts and reloads of every other kind are tested")
	}
	h := newCascade(t)
	x := h.start(t)
	x.walkSent(end)
	want := h.slackState(t, false)
	x.stop()
	h = newCascade(t)
	x = h.start(t)
	for at := begin + 2*hour + 8*minute; at < begin+2*hour+40*minute; at += 7 * minute {
		x.walkSent(at)
		x.crash()
		x = h.start(t)
		x.walkSent(at + 3*minute)
		x.call(x.Reload)
	}
	x.walkSent(end)
	if got := h.slackState(t, false); got != want {
		t.Errorf("the channel differs, got:\n%s\nwant:\n%s", got, want)
	}
	x.stop()
}

// group_by_cause: false groups as Alertmanager does.
func TestCascadeInGroups(t *testing.T) {
	if testing.Short() {
		t.Skip("the dispatcher's scripts test it")
	}
	h := newCascade(t)
	h.yaml = strings.Replace(h.yaml, "group_by: [job]", "group_by: [job], group_by_cause: false", 1)
	x := h.start(t)
	x.walkSent(begin + 3*hour)
	if texts := h.texts(); len(texts) != 5 {
		t.Errorf("messages %q, want one for each job", texts)
	}
	x.stop()
}
