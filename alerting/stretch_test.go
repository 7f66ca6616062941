package alerting

import (
	"fmt"
	"testing"
	"time"
)

// What hid an alarm is hatched in its chart, and only in the alarm's own; the chart that the view gave stays as it was.
func TestChartsShowWhatWasHidden(t *testing.T) {
	const minutes = 60
	chart := &Chart{Stretches: []Stretch{{From: epoch, To: epoch + minute, Text: StretchExcluded}}}
	for i := range minutes {
		chart.T = append(chart.T, epoch+int64(i)*minute)
	}
	d := NewDispatcher(testRoute(), DispatcherOptions{Mutes: []MuteRule{{
		Name: "batch", Matchers: Matchers{regexMatcher("alertname", "A")}, Duration: 5 * time.Minute, Location: time.UTC,
		Schedule: Schedule{Once: time.UnixMilli(epoch + 20*minute).UTC()},
	}}})
	for i, alarm := range []string{"A", "B"} {
		c := Control{
			ID: alarm, At: epoch + int64(5+10*i)*minute, Actor: Actor{Name: "anna"}, Kind: ControlSilence,
			Silence: &SilenceSpec{Matchers: Matchers{regexMatcher("alertname", alarm)}, EndsAt: epoch + int64(8+10*i)*minute},
		}
		if _, err := d.Control(c); err != nil {
			t.Fatal(err)
		}
	}
	d.Handle(testSignal("A/checkout", 40*time.Minute, Alarming, "", 2))
	ns := d.AdvanceTo(epoch+59*minute, func(Signal) (AlarmView, bool) { return AlarmView{Detector: "A", Chart: chart}, true })
	if len(ns) != 1 {
		t.Fatalf("%d notices, want 1", len(ns))
	}
	got := ""
	for _, s := range ns[0].Alarms[0].Chart.Stretches {
		got += fmt.Sprintf("%s %d–%d\n", s.Text, (s.From-epoch)/minute, (s.To-epoch)/minute)
	}
	if want := "excluded 0–1\nsilenced by anna 5–8\nmuted by batch 20–24\n"; got != want || len(chart.Stretches) != 1 {
		t.Errorf("got:\n%swant:\n%s; the view's own has %d", got, want, len(chart.Stretches))
	}
}
