package events

import (
	"fmt"
	"math"

	"github.com/tidewatch/tidewatch/alerting"
)

// restarts finds processes that have begun since the column before: a start time that has risen, or of a new series one after
// that column. Those of one workload in one column are one event, at the latest of the start times.
func (f *finder) restarts(w workload) func(int) (alerting.ContextEvent, bool) {
	lasts := make([]last, len(w.rows))
	return func(col int) (alerting.ContextEvent, bool) {
		up, begun, risen, at, only := 0, 0, 0, 0.0, 0
		for k, r := range w.rows {
			x := r.V[col]
			before, ok := lasts[k].step(x)
			if math.IsNaN(x) {
				continue
			}
			up++
			fresh := !ok && col > 0 && x*1000 > float64(f.b.Time(col-1))
			if fresh || ok && x > before+1 { // some exporters compute it anew each time, to a fraction of a second
				begun++
				at, only = max(at, x), k
				if ok {
					risen++
				}
			}
		}
		if begun == 0 {
			return alerting.ContextEvent{}, false
		}
		word := "started"
		if risen > 0 {
			word = "restarted"
		}
		name := f.subject(w.labels)
		text := fmt.Sprintf("%d of %d instances of %s %s", begun, up, name, word)
		if instance := w.rows[only].Series.Labels.Get("instance"); begun == 1 && up > 1 && instance != "" && f.visible.Shows("instance") {
			text = fmt.Sprintf("instance %s of %s %s", instance, name, word)
		} else if up == 1 {
			text = name + " " + word
		}
		// Clocks differ, and a start is known only afterwards: the event is not later than the column that tells of it.
		t := min(int64(math.Round(at*1000)), f.b.Time(col))
		return f.event(t, text, fmt.Sprintf("%s %s", name, word), w.labels), true
	}
}
