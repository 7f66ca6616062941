package alerting

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
)

func TestEventsConcernWhatSharesAName(t *testing.T) {
	for _, c := range []struct {
		event, series string
		want          bool
	}{
		{"job api", "job api instance a", true},
		{"job api", "job web", false},
		{"job api", "instance a", false},
		{"job api instance a", "job api instance b", false},
		{"deployment api namespace shop", "service api namespace shop", true},
		{"deployment api namespace shop", "service api namespace test", false},
		{"deployment api namespace shop", "namespace shop service web", false},
		{"cluster eu1", "cluster eu1 job api", true},
		{"cluster eu1", "cluster us1 job api", false},
		{"", "job api", true},
	} {
		e := NewContextEvent(0, "deploy", "x", "", labels.FromStrings(strings.Fields(c.event)...), "api")
		if _, got := e.Concerns(labels.FromStrings(strings.Fields(c.series)...)); got != c.want {
			t.Errorf("event {%s} concerns {%s}: %t, want %t", c.event, c.series, got, c.want)
		}
	}
}

func TestNearbyNamesTheClosestEvents(t *testing.T) {
	const since, step = 10_000_000, 60_000
	api := labels.FromStrings("job", "api")
	event := func(before int64, text string, ls labels.Labels) ContextEvent {
		return NewContextEvent(since-before, "deploy", text, "", ls, "s")
	}
	for _, c := range []struct {
		want   string
		events []ContextEvent
	}{
		{"", nil},
		{"Nearby: began 40 s after A.", []ContextEvent{event(40_000, "A", api)}},
		{"Nearby: began as A.", []ContextEvent{event(0, "A", api)}},
		{"", []ContextEvent{event(31*60_000, "too old", api), event(-2*step, "too late", api), event(0, "of another", labels.FromStrings("job", "web"))}},
		{"Nearby: began 10 min after A; 2 min after all.", []ContextEvent{event(120_000, "all", labels.EmptyLabels()), event(600_000, "A", api)}},
		{"Nearby: began 1 min after A; 2 min after B; and 1 more.", []ContextEvent{event(60_000, "A", api), event(120_000, "B", api), event(180_000, "C", api)}},
	} {
		if got := nearby(NearbyEvents(c.events, labels.FromStrings("job", "api", "instance", "a"), since, step), since); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestEventMarksSayHowManyAreLeftOut(t *testing.T) {
	var events []ContextEvent
	for i := range 20 {
		events = append(events, NewContextEvent(int64(i), "deploy", "text", fmt.Sprint("d", i), labels.FromStrings("job", "api"), "s"))
	}
	got := EventMarks(events, labels.FromStrings("job", "api"), 5, 15)
	if len(got) != maxMarks || got[0].Text != "d8 (3 earlier ones are not shown)" || got[7] != (Mark{T: 15, Text: "d15"}) {
		t.Errorf("%+v", got)
	}
}
