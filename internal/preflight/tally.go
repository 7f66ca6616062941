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

// Day is how many messages were first sent on a date.
type Day struct {
	Date     time.Time // in the tally's zone
	Messages int
}

// Days lists every day of [from, to], Unix milliseconds, also those without a message.
func (t *Tally) Days(from, to int64) []Day {
	y, m, d := time.UnixMilli(from).In(t.Zone).Date()
	var out []Day
	for at := time.Date(y, m, d, 12, 0, 0, 0, t.Zone); ; at = at.AddDate(0, 0, 1) { // noon is there also when clocks change
		ay, am, ad := at.Date()
		if time.Date(ay, am, ad, 0, 0, 0, 0, t.Zone).UnixMilli() > to {
			return out
		}
		out = append(out, Day{at, t.ByDay[at.Format(time.DateOnly)]})
	}
}
