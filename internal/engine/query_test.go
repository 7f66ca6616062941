package engine

import (
	"testing"

	"github.com/tidewatch/tidewatch/alerting"
)

// TestAlarmsAreFoundAgain looks for the same alarm before and after its detector is taken away and comes back.
func TestAlarmsAreFoundAgain(t *testing.T) {
	c, b := testCore(t, 1, testDetector("D")), world("D", 3, 1)
	_, err := c.Train(b)
	must(t, err)
	want := b.Rows[1].Series.ID
	id := alerting.AlarmID("D", want)
	for range 2 {
		if a, ok := c.FindAlarm(id); !ok || a.Series.ID != want {
			t.Fatalf("found %v, %t; want series %d", a.Series, ok, want)
		}
	}
	root := &alerting.Route{Receiver: "r"}
	must(t, c.Configure(nil, root, alerting.DispatcherOptions{}))
	if _, ok := c.FindAlarm(id); ok {
		t.Error("an alarm of a detector that is gone was found")
	}
}

func TestChartsBeginWhereTheyAreAskedTo(t *testing.T) {
	c, b := testCore(t, 1, testDetector("D")), world("D", 1, 1)
	_, err := c.Train(b)
	must(t, err)
	last := b.Time(b.N - 1)
	for _, from := range []int64{last - 20*b.Step, last - 2*b.Step} {
		chart, ok := c.Chart(b.Rows[0].Series.ID, from, last)
		if !ok || len(chart.T) == 0 || chart.T[0] != from || chart.T[len(chart.T)-1] != last {
			t.Errorf("the chart from %d has times %v", from, chart.T)
		}
	}
}
