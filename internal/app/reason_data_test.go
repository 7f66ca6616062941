package app

import (
	"testing"

	"github.com/tidewatch/tidewatch/internal/api"
)

// The history names the points, the rule and the row that raised an alarm and ended it, the same after a crash.
func TestReasonData(t *testing.T) {
	h := newQuick(t, broken)
	h.yaml += `
composite_alarms: [{name: Shop, rule: "ALARM(Load) AND NOT OK(Load)"}]
`
	x := h.start(t)
	x.walk(begin + 2*hour + 2*minute)
	x.crash()
	x = h.start(t)
	x.walk(begin + 3*hour)
	defer x.stop()
	hist, err := backend{x.Service}.History(t.Context(), x.alarmOf("job0").ID, 100)
	if err != nil {
		t.Fatal(err)
	}
	var raised *api.Transition
	for i := range hist.Transitions {
		tr := &hist.Transitions[i]
		if d := tr.StateReasonData; int64(tr.Time) > begin && d == nil {
			t.Errorf("no data for %+v", tr)
		} else if tr.To == "ALARM" {
			raised = tr
		}
	}
	if raised == nil || raised.StateReasonData == nil {
		t.Fatalf("history %+v", hist)
	}
	d := raised.StateReasonData
	breaching, newest := 0, d.EvaluatedDatapoints[0]
	for _, p := range d.EvaluatedDatapoints {
		if p.Breaching {
			breaching++
		}
	}
	if d.Rule != raised.Rule || d.Row == "" || d.EvaluationPeriods != 5 || d.DatapointsToAlarm != 3 || d.EvaluationRange != 7 || d.PeriodSeconds != 300 ||
		len(d.EvaluatedDatapoints) != raised.Of || breaching != raised.Breaches || newest.Timestamp != raised.Time || newest.Score <= 1 || newest.Value < 150 ||
		newest.Value <= newest.Upper || d.RecentDatapoints[len(d.RecentDatapoints)-1] != newest.Value || d.StartDate != d.EvaluatedDatapoints[raised.Of-1].Timestamp {
		t.Errorf("%+v was decided on %+v", raised, d)
	}
	comp, err := backend{x.Service}.History(t.Context(), x.composite("Shop"), 1)
	if err != nil || len(comp.Transitions) != 1 {
		t.Fatalf("%+v: %v", comp, err)
	}
	if c := comp.Transitions[0].StateReasonData; c == nil || len(c.TriggeringAlarms) != 1 || c.TriggeringAlarms[0] != (api.TriggeringAlarm{Name: "Load", State: "OK", Series: 3, Of: 3}) &&
		c.TriggeringAlarms[0] != (api.TriggeringAlarm{Name: "Load", State: "ALARM", Series: 1, Of: 3}) {
		t.Errorf("the composite alarm was decided on %+v", c)
	}
}

// composite is the id of a composite alarm.
func (x *session) composite(name string) string {
	x.t.Helper()
	page, err := backend{x.Service}.Alarms(x.t.Context(), api.AlarmQuery{Detector: name, Limit: 1})
	if err != nil || len(page.Alarms) != 1 {
		x.t.Fatalf("%+v: %v", page, err)
	}
	return page.Alarms[0].ID
}
