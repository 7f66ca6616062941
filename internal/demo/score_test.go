package demo

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/simfleet"
)

func TestJudge(t *testing.T) {
	const hour = 3_600_000
	job := func(name string) labels.Labels { return labels.FromStrings("job", name, "cluster", "simulated") }
	incidents := []simfleet.Incident{
		{
			Name: "errors", Detectors: []string{"ErrorRatio"}, Labels: labels.FromStrings("job", "a"), Start: 10 * hour, End: 11 * hour,
			Also: []simfleet.Symptom{{Detector: "RequestDrop", Labels: labels.FromStrings("job", "a"), Start: 10 * hour, End: 12 * hour}},
		},
		{Name: "leak", Detectors: []string{"Memory"}, Labels: labels.FromStrings("job", "b"), Start: 20 * hour, End: 21 * hour, Subtle: true},
	}
	v := judge(incidents, []onset{
		{detector: "Memory", labels: job("c"), raised: 20*hour + 1},      // another's memory
		{detector: "RequestDrop", labels: job("a"), raised: 11 * hour},   // a symptom
		{detector: "ErrorRatio", labels: job("a"), raised: 10*hour + 60}, // later in the list, earlier in time
		{detector: "ErrorRatio", labels: job("a"), raised: 10*hour + 30},
		{detector: "ErrorRatio", labels: job("a"), raised: 9 * hour}, // before it began
	})
	if v.hits() != 1 || v.found[0].by == nil || v.found[0].by.raised != 10*hour+30 {
		t.Errorf("found %+v, want the first incident by the earlier alarm", v.found)
	}
	if len(v.falseAlarms) != 2 {
		t.Errorf("%d false alarms, want the one before and the one elsewhere: %+v", len(v.falseAlarms), v.falseAlarms)
	}
	var out bytes.Buffer
	if err := v.print(&out, time.UTC); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"ErrorRatio", "30ms", "missed (subtle)", "false alarm: Thu 1 Jan 09:00", "1 of 2 incidents found, 2 false alarms"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

// A message is about an incident if any of its versions shows an alarm that the incident explains.
func TestTelling(t *testing.T) {
	const hour = 3_600_000
	incidents := []simfleet.Incident{
		{Name: "errors", Detectors: []string{"ErrorRatio"}, Labels: labels.FromStrings("job", "a"), Start: 10 * hour, End: 11 * hour},
		{Name: "leak", Detectors: []string{"Memory"}, Labels: labels.FromStrings("job", "b"), Start: 20 * hour, End: 21 * hour},
	}
	var x telling
	var alarms []onset
	add := func(at int64, key string, version int, detector, job string) {
		alarms = append(alarms, onset{detector: detector, labels: labels.FromStrings("job", job), raised: at})
		x.add(&engine.Result{Notices: []alerting.Notice{{
			Key: key, Version: version, Kind: alerting.KindIncident, At: at,
			Alarms: []alerting.AlarmView{{ID: detector + job, Detector: detector, Labels: map[string]string{"job": job}, StartsAt: at}},
		}}})
	}
	add(10*hour, "1", 1, "Drop", "a")
	add(10*hour+1, "1", 2, "ErrorRatio", "a")
	add(11*hour, "1", 3, "ErrorRatio", "a") // the same episode
	add(15*hour, "2", 1, "ErrorRatio", "a") // too late
	add(16*hour, "3", 1, "Memory", "c")
	add(26*hour, "4", 1, "Memory", "c")
	add(28*hour, "5", 1, "Memory", "c")
	x.add(&engine.Result{Notices: []alerting.Notice{{Key: "s", Kind: alerting.KindSummary}}})
	got := x.figures(incidents, alarms, arrived{posts: 6, replies: 2, edits: 3})
	want := figures{episodes: 6, messages: 6, told: 1, incidents: 2, outside: 4, most: 3, arrived: arrived{6, 2, 3}, each: []toldOf{
		{name: "errors", began: 10 * hour, after: time.Millisecond, episodes: 1, messages: 1}, {name: "leak", began: 20 * hour, after: -1},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	var out bytes.Buffer
	if err := errors.Join(want.print(&out), want.table(&out, time.UTC)); err != nil {
		t.Error(err)
	}
	for _, text := range []string{"1 of 2 incidents told in 6 messages, for 6 episodes of alarm in one series: 0.0 % fewer", "in Slack: 6 posts, 3 edits of them, 2 replies", "never"} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("%q is not in\n%s", text, out.String())
		}
	}
}

// A large fleet's week is good only if all three goals are met.
func TestGoals(t *testing.T) {
	good := figures{incidents: 50, told: 49, episodes: 2000, messages: 20, most: 2}
	if !good.good() {
		t.Errorf("%+v is not good", good)
	}
	for _, spoil := range []func(*figures){func(f *figures) { f.told-- }, func(f *figures) { f.messages++ }, func(f *figures) { f.most++ }} {
		f := good
		if spoil(&f); f.good() {
			t.Errorf("%+v is good", f)
		}
	}
}

// TestMostFalseAlarms against tables of the Poisson law: P(X <= k) first reaches 0.975 at k.
func TestMostFalseAlarms(t *testing.T) {
	for mean, want := range map[float64]int{0.1: 1, 1: 3, 2.57: 6, 10: 17} {
		if got := mostFalseAlarms(mean); got != want {
			t.Errorf("mean %g: %d, want %d", mean, got, want)
		}
	}
}
