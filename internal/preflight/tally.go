package preflight

import (
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/engine"
)

// Tally counts what a replay would have sent.
type Tally struct {
	Messages   int            // incidents; their edits and the summary of what was already active at the start are not counted
	ByDetector map[string]int // messages in which a detector took part
	ByDay      map[string]int // messages by the day of their first version, "2006-01-02" in Zone
	Alarms     int            // transitions into ALARM
	Zone       *time.Location

	seen map[[2]string]bool // key, detector
}

// NewTally counts days in a zone.
func NewTally(zone *time.Location) *Tally {
	return &Tally{ByDetector: map[string]int{}, ByDay: map[string]int{}, Zone: zone, seen: map[[2]string]bool{}}
}

// Add takes the result of one tick.
func (t *Tally) Add(res engine.Result) {
	for _, ch := range res.Changes {
		if ch.Transition.To == alerting.Alarming {
			t.Alarms++
		}
	}
	for i := range res.Notices {
		n := &res.Notices[i]
		if n.Kind != alerting.KindIncident {
			continue
		}
		if n.Version == 1 {
			t.Messages++
			t.ByDay[time.UnixMilli(n.At).In(t.Zone).Format(time.DateOnly)]++
		}
		for _, a := range n.Alarms {
			if key := [2]string{n.Key, a.Detector}; !t.seen[key] {
				t.seen[key] = true
				t.ByDetector[a.Detector]++
			}
		}
	}
}
