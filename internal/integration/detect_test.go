//go:build integration

package integration

import (
	"testing"
	"time"
)

// trained is how much of the 14 days of most files is history when the decided part begins: as much as the benchmark's own
// probation, and before the first labelled window.
const trained = 2 * 24 * time.Hour

func TestDetect(t *testing.T) {
	everyRelease(t, func(t *testing.T, r release) {
		c := loadNAB(t, time.Now())
		p := startProm(t, r, promOptions{})
		p.write(t, c.series())
		from := c.End - 14*dayMs + trained.Milliseconds()
		w := walk(t, p.readURL(), from, c.End+time.Minute.Milliseconds(), trained)
		t.Logf("%d onsets, %d transitions, %d notices, %d messages", len(w.onsets), len(w.transitions), len(w.notices), len(w.slack.Messages("#oncall")))
		for _, o := range w.onsets {
			t.Log(o.File, time.UnixMilli(o.Raised).UTC(), o.Reason)
		}
		t.Log(w.log.String())
	})
}
