package engine

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
)

// What is learnt, and what explains an alarm, is the same to the byte whether or not somebody sets states between evaluations.
func TestSetStateChangesNothingLearnt(t *testing.T) {
	b := world("D", 3, 10)
	run := func(set bool) *Core {
		c := testCore(t, 1, testDetector("D"))
		_, err := c.Train(cut(b, 0, 9*288))
		must(t, err)
		c.Begin(b.Time(9*288), "D")
		firing, shown := 0, 0
		for i := 9 * 288; i < b.N; i++ {
			_, err := c.Tick(b.Time(i)+30_000, []tidewatch.Block{cut(b, i, i+1)})
			must(t, err)
			var ids []AlarmInfo
			c.Alarms(nil, func(a AlarmInfo) bool { ids = append(ids, a); return true })
			for k, a := range ids {
				if a.State == alerting.Alarming {
					firing++
				}
				if !set || (i+k)%3 != 0 {
					continue
				}
				to := []alerting.State{alerting.OK, alerting.InsufficientData, alerting.Alarming}[(i/3)%3]
				_, res, err := c.Control(b.Time(i)+60_000, alerting.Control{
					ID: fmt.Sprint("set", i, k), Kind: alerting.ControlSetState, Actor: alerting.Actor{Name: "anna"}, Target: a.ID,
					State: &alerting.StateSetting{State: to.String(), Reason: "test"},
				})
				must(t, err)
				if now, _ := c.FindAlarm(a.ID); now.State != to || (to != a.State) != (len(res.Changes) == 1) {
					t.Fatalf("set to %s: it is %s, %d changes", to, now.State, len(res.Changes))
				}
				shown++
			}
		}
		if firing == 0 || set && shown < 100 {
			t.Fatalf("%d points in ALARM, %d states set", firing, shown)
		}
		_, err = c.Tick(b.Time(b.N)+30_000, []tidewatch.Block{{Detector: "D", From: b.End(), Step: b.Step, N: 1}})
		must(t, err)
		return c
	}
	plain, set := run(false), run(true)
	if !bytes.Equal(plain.Snapshot(1).Shards[0], set.Snapshot(1).Shards[0]) {
		t.Error("setting states has changed what is learnt")
	}
	if len(set.sets) > 0 {
		t.Errorf("states that were set are remembered after their evaluation: %v", set.sets)
	}
}

// What was switched off of something that is gone is forgotten after a while, and only then.
func TestDisabledOfWhatIsGoneIsForgotten(t *testing.T) {
	b := world("D", 2, 2)
	c := testCore(t, 1, testDetector("D"))
	_, err := c.Train(b)
	must(t, err)
	c.Begin(b.End(), "D")
	now := b.End() + 30_000
	id := alerting.AlarmID("D", b.Rows[0].Series.ID)
	for _, target := range []string{"D", id, "gone"} {
		_, err := c.disp.Control(alerting.Control{ID: target, At: now, Kind: alerting.ControlDisableActions, Actor: alerting.Actor{Name: "anna"}, Target: target})
		must(t, err)
	}
	left := func() (out []string) {
		for _, a := range c.disp.Disabled() {
			out = append(out, a.Target)
		}
		return out
	}
	day := int64(86_400_000)
	for _, at := range []int64{now + day, now + 89*day} {
		_, err := c.Tick(at, nil)
		must(t, err)
	}
	if got := len(left()); got != 3 {
		t.Fatalf("after 89 days %d are left: %q", got, left())
	}
	_, err = c.Tick(now+91*day, nil)
	must(t, err)
	if got := fmt.Sprint(left()); got != fmt.Sprint([]string{id, "D"}) && got != fmt.Sprint([]string{"D", id}) {
		t.Errorf("after 91 days: %s", got)
	}
}
