package engine

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
)

func compositesOf(t testing.TB, rules map[string]string, detectors ...string) *alerting.Composites {
	t.Helper()
	var specs []alerting.CompositeSpec
	for name, rule := range rules {
		r, err := alerting.ParseCompositeRule(rule)
		must(t, err)
		specs = append(specs, alerting.CompositeSpec{Name: name, Rule: r, Labels: map[string]string{"severity": "page"}, Hash: "h"})
	}
	c, err := alerting.NewComposites(specs, detectors)
	must(t, err)
	return c
}

func compositeCore(t *testing.T) *Core {
	t.Helper()
	root := &alerting.Route{Receiver: "r", GroupInterval: time.Minute, RepeatInterval: 24 * time.Hour}
	c := NewCore(New(Options{Workers: 1}), alerting.NewDispatcher(root, alerting.DispatcherOptions{}))
	must(t, c.Configure([]Detector{testDetector("a")}, root, alerting.DispatcherOptions{}))
	c.Compose(compositesOf(t, map[string]string{"AllCalm": "NOT ALARM(a)", "Nothing": "ALARM(a)"}, "a"))
	return c
}

// A composite alarm waits for its detector's training, has a message, survives a restart unchanged, and ends with its removal.
func TestCompositeLife(t *testing.T) {
	c, b := compositeCore(t), world("a", 2, 1)
	at := b.N - 3
	res, err := c.Tick(b.Time(0), []tidewatch.Block{cut(b, 0, at)})
	must(t, err)
	for _, ch := range res.Changes {
		if ch.Detector != "a" {
			t.Fatalf("in training: %+v", ch)
		}
	}
	c.Begin(b.Time(at), "a")
	res, err = c.Tick(b.Time(at+1), []tidewatch.Block{cut(b, at, at+1)})
	must(t, err)
	if len(res.Changes) != 2 || res.Changes[0].Detector != "AllCalm" || res.Changes[0].Transition.To != alerting.Alarming {
		t.Fatalf("changes: %+v", res.Changes)
	}
	res = c.Advance(b.Time(at+1) + minute) // after group_wait
	if len(res.Notices) != 1 || res.Notices[0].Alarms[0].Reason != "The rule is true: a is OK (2 of 2 series)." {
		t.Fatalf("notices: %+v", res.Notices)
	}
	saved := c.Snapshot(1)
	again := compositeCore(t)
	if _, err := again.Restore(saved); err != nil {
		t.Fatal(err)
	}
	if s := again.Snapshot(1); !bytes.Equal(s.Meta, saved.Meta) {
		t.Error("the state is another after a restart")
	}
	res, err = again.Tick(b.Time(at+2), []tidewatch.Block{cut(b, at+1, at+2)})
	must(t, err)
	if len(res.Changes) > 0 {
		t.Errorf("after a restart: %+v", res.Changes)
	}
	again.Compose(compositesOf(t, map[string]string{"Nothing": "ALARM(a)"}, "a"))
	if res = again.Advance(b.Time(at + 3)); len(res.Notices) != 1 || res.Notices[0].Status != "resolved" {
		t.Errorf("after its removal: %+v", res.Notices)
	}
}

// A snapshot of a release without composite alarms is read.
func TestRestoreWithoutComposites(t *testing.T) {
	c := compositeCore(t)
	s := c.Snapshot(1)
	s.Meta = s.Meta[:len(s.Meta)-len(c.composites.AppendState(nil))-1]
	if _, err := compositeCore(t).Restore(s); err != nil {
		t.Error(err)
	}
}

// An action that a suppressor may still keep back is a deadline of the core, whatever the calls in between and a restart.
func TestCompositeSuppressed(t *testing.T) {
	suppressed := func() *Core {
		c := compositeCore(t)
		rule, err := alerting.ParseCompositeRule("NOT ALARM(a)")
		must(t, err)
		set, err := alerting.NewComposites([]alerting.CompositeSpec{{
			Name: "AllCalm", Rule: rule, Suppressor: &alerting.Suppressor{Alarm: alerting.Operand{Name: "a"}, Wait: 5 * time.Minute},
		}}, []string{"a"})
		must(t, err)
		c.Compose(set)
		return c
	}
	c, b := suppressed(), world("a", 2, 1)
	at := b.N - 3
	_, err := c.Train(cut(b, 0, at))
	must(t, err)
	now := b.Time(at + 1)
	c.Begin(now-minute, "a")
	_, err = c.Tick(now, []tidewatch.Block{cut(b, at, at+1)})
	must(t, err)
	if next, ok := c.NextDeadline(); !ok || next != now+5*minute {
		t.Errorf("the next deadline is %d, %v, want %d", next-now, ok, 5*minute)
	}
	if res := c.Advance(now + 4*minute); len(res.Notices) > 0 {
		t.Errorf("within the wait period: %+v", res.Notices)
	}
	again := suppressed()
	if _, err := again.Restore(c.Snapshot(1)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*Core{c, again} {
		if res := c.Advance(now + 6*minute); len(res.Notices) != 1 || res.Notices[0].At != now+5*minute+30_000 {
			t.Errorf("after it and group_wait: %+v", res.Notices)
		}
	}
}

// What a composite alarm's matchers choose is what those of a route would.
func TestOperandMatchesAsRoutesDo(t *testing.T) {
	d := &detector{Detector: testDetector("D")}
	d.Labels = map[string]string{"severity": "page", "job": "mine"}
	r := &row{series: tidewatch.Series{Labels: labels.FromStrings("__name__", "load", "job", "theirs", "pod", "p1")}}
	for _, name := range []string{"severity", "job", "pod", "alertname", "__name__", "absent"} {
		for _, value := range []string{"page", "mine", "theirs", "p1", "D", "load", ""} {
			ms := alerting.Matchers{labels.MustNewMatcher(labels.MatchEqual, name, value)}
			if got, want := d.matches(ms, r), ms.Match(d.labels(r.series)); got != want {
				t.Errorf("%s: %v, want %v", ms, got, want)
			}
		}
	}
}

// BenchmarkCompositesOf100kAlarms judges 200 composite alarms over 100 detectors of 1,000 series, of which half choose by a label.
func BenchmarkCompositesOf100kAlarms(b *testing.B) {
	const detectors, series = 100, 1000
	c := NewCore(New(Options{Workers: 1}), alerting.NewDispatcher(&alerting.Route{Receiver: "r"}, alerting.DispatcherOptions{}))
	rules := map[string]string{}
	var names []string
	for i := range detectors {
		d := &detector{Detector: testDetector(fmt.Sprintf("d%03d", i)), next: day, begun: true}
		for k := range series {
			ls := labels.FromStrings("instance", fmt.Sprint(k), "job", fmt.Sprint(k%10))
			d.groups = append(d.groups, &group{rows: [1]row{{series: tidewatch.Series{ID: uint64(k), Labels: ls}, seen: day - minute}}})
		}
		c.engine.detectors = append(c.engine.detectors, d)
		names = append(names, d.Name)
		rules[d.Name+"-all"] = fmt.Sprintf("ALARM(%s) AND NOT ALARM(d%03d)", d.Name, (i+1)%detectors)
		rules[d.Name+"-job"] = fmt.Sprintf(`ALARM(%s{job="3"}) AND NOT ALARM(d%03d)`, d.Name, (i+1)%detectors)
	}
	c.Compose(compositesOf(b, rules, names...))
	at := day
	measure(b, detectors*series, "alarm", func() {
		at += minute
		c.composites.Evaluate(at, at, c.counter())
	})
}
