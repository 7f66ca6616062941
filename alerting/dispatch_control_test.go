package alerting

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// eventsEnd is when all that was asked for is over.
var eventsEnd = epoch + 19*time.Hour.Milliseconds()

// event is a signal, or a control of silences, at its time.
type event struct {
	at      int64
	signal  *Signal
	control *Control
}

func randomEvents(t *rapid.T) []event {
	var out []event
	for _, s := range randomSignals(t) {
		s.Muted = false
		out = append(out, event{at: s.At, signal: &s})
	}
	for i := range rapid.IntRange(0, 8).Draw(t, "controls") {
		at := epoch + int64(rapid.IntRange(0, 40_000).Draw(t, "at"))*1000
		id := fmt.Sprintf("s%d", rapid.IntRange(0, 3).Draw(t, "silence"))
		c := &Control{ID: fmt.Sprintf("c%d", i), At: at, Actor: Actor{Name: "anna"}, Kind: ControlExpireSilence, Target: id}
		if rapid.Bool().Draw(t, "create") {
			alarm := rapid.SampledFrom([]string{"A", "B", "C|D", ".+"}).Draw(t, "alarm")
			c.Kind, c.ID = ControlSilence, id
			c.Silence = &SilenceSpec{
				Matchers: Matchers{regexMatcher("alertname", alarm)}, StartsAt: at + int64(rapid.IntRange(0, 1800).Draw(t, "in"))*1000,
				EndsAt: at + int64(rapid.IntRange(1801, 20_000).Draw(t, "for"))*1000,
			}
		}
		out = append(out, event{at: at, control: c})
	}
	slices.SortStableFunc(out, func(a, b event) int { return int(a.at - b.at) })
	return out
}

// playEvents feeds the events at their times, restarting before every third of them where told to, and goes on until nothing changes
// any more.
func playEvents(t *rapid.T, events []event, restart bool) (notices []Notice, d *Dispatcher) {
	opts := DispatcherOptions{ConfigHash: "c", SilenceWarning: 15 * time.Minute, FlapChanges: 6, Inhibit: []InhibitRule{
		{Source: Matchers{regexMatcher("alertname", "A")}, Target: Matchers{regexMatcher("alertname", "B")}, Equal: []string{"job"}},
	}}
	d = NewDispatcher(testRoute(), opts)
	advance := func(at int64) { notices = append(notices, d.AdvanceTo(at, testView(time.UTC))...) }
	for i, e := range events {
		if restart && i%3 == 0 {
			fresh := NewDispatcher(testRoute(), opts)
			if err := fresh.LoadState(d.AppendState(nil)); err != nil {
				t.Fatal(err)
			}
			d = fresh
		}
		if e.signal != nil {
			d.Handle(*e.signal)
			advance(e.at)
			continue
		}
		advance(e.at)
		_, _ = d.Control(*e.control) // what is refused is refused in both runs
		advance(e.at)
	}
	advance(eventsEnd)
	return notices, d
}

// Whatever is silenced and inhibited, and whenever the process restarts: in the end every alarm that fires and is not hidden is in a
// message that says so, and none that is over is.
func TestHidingLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := randomEvents(t)
		if testing.Short() {
			events = events[:min(len(events), 12)]
		}
		notices, d := playEvents(t, events, false)
		again, _ := playEvents(t, events, true)
		if len(again) != len(notices) {
			t.Fatalf("%d notices with restarts, %d without", len(again), len(notices))
		}
		told := map[string]map[string]bool{} // alarms that the newest version of each message says fire
		for i := range notices {
			a, errA := CanonicalNotice(&notices[i])
			b, errB := CanonicalNotice(&again[i])
			if errA != nil || errB != nil || !bytes.Equal(a, b) {
				t.Fatalf("with restarts:\n%s\nwithout:\n%s", b, a)
			}
			told[notices[i].Key] = map[string]bool{}
			for _, v := range notices[i].Alarms {
				if v.EndsAt == 0 {
					told[notices[i].Key][v.ID] = true
				}
			}
		}
		firing := map[string]bool{}
		for _, e := range events {
			if e.signal != nil {
				firing[e.signal.ID] = !over(*e.signal) && (e.signal.Transition.To == Alarming || firing[e.signal.ID])
			}
		}
		hiding := d.HidingAt(eventsEnd)
		for _, e := range events {
			if e.signal == nil {
				continue
			}
			shown := false
			for _, alarms := range told {
				shown = shown || alarms[e.signal.ID]
			}
			h := hiding(e.signal.ID, e.signal.Detector, e.signal.Labels)
			if fires := firing[e.signal.ID]; shown && !fires || !shown && fires && !h.Hidden() {
				t.Fatalf("alarm %s fires: %t, hidden: %+v, in a message: %t", e.signal.Detector, fires, h, shown)
			}
		}
	})
}
