package events

import (
	"fmt"
	"math"

	"github.com/tidewatch/tidewatch/alerting"
)

// rollouts finds generations that have risen: the specification of a Kubernetes workload was changed.
func (f *finder) rollouts(w workload) func(int) (alerting.ContextEvent, bool) {
	lasts := make([]last, len(w.rows))
	return func(col int) (e alerting.ContextEvent, found bool) {
		for k, r := range w.rows {
			before, ok := lasts[k].step(r.V[col])
			if ok && !found && !math.IsNaN(r.V[col]) && r.V[col] > before {
				change := fmt.Sprintf("generation %.0f → %.0f", before, r.V[col])
				name := f.subject(w.labels)
				e, found = f.event(f.b.Time(col), fmt.Sprintf("the specification of %s changed, %s", name, change), name+" "+change, w.labels), true
			}
		}
		return e, found
	}
}
