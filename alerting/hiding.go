package alerting

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// Hiding is what keeps an alarm from being told although it fires.
type Hiding struct {
	Silences []string `json:"silenced_by,omitempty"` // ids of silences
	Feedback []string `json:"feedback,omitempty"`    // ids of feedback that says not_anomaly
}

// Hidden reports whether there is anything.
func (h *Hiding) Hidden() bool { return len(h.Silences)+len(h.Feedback) > 0 }

// hiders is everything that may hide an alarm at one moment.
type hiders struct {
	silences []*Silence       // active, by id
	feedback []*FeedbackEntry // that hides, by id
}

// HidingAt returns what tells what keeps an alarm with given labels from being told at time t, Unix milliseconds. It may be used
// until the dispatcher changes.
func (d *Dispatcher) HidingAt(t int64) func(labels.Labels) Hiding {
	x := d.hiders(t)
	return func(ls labels.Labels) Hiding {
		h, _ := x.of(ls)
		return h
	}
}

// hiders gathers what may hide an alarm at t.
func (d *Dispatcher) hiders(t int64) (x hiders) {
	for _, id := range slices.Sorted(maps.Keys(d.silences)) {
		if s := d.silences[id]; s.State(t) == SilenceActive {
			x.silences = append(x.silences, s)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(d.feedback)) {
		if f := d.feedback[id]; f.hides(t) {
			x.feedback = append(x.feedback, f)
		}
	}
	return x
}

// of is what hides an alarm, and when that may change by time alone.
func (x hiders) of(ls labels.Labels) (h Hiding, until int64) {
	until = math.MaxInt64
	for _, f := range x.feedback {
		if f.Matchers.Match(ls) {
			h.Feedback = append(h.Feedback, f.ID)
			until = min(until, f.ExpiresAt)
		}
	}
	for _, s := range x.silences {
		if s.Matchers.Match(ls) {
			h.Silences = append(h.Silences, s.ID)
			until = min(until, s.EndsAt)
		}
	}
	return h, until
}

// judge finds out which of an incident's alarms are hidden at time at, all on the same state, and returns when that may change by
// time alone.
func (d *Dispatcher) judge(in *incident, at int64) (until int64) {
	until = d.nextSilence(at)
	x := d.hiders(at)
	var worst *member // of the alarms that nobody was told of
	for _, m := range in.members {
		if !m.open && (m.told != toldNothing || m.judged) {
			continue // as it was when it ended
		}
		h, end := x.of(m.sig.Labels)
		m.judged, m.hiding = true, nil
		if m.open && m.told == toldNothing && !h.Hidden() && (worst == nil || worse(&m.sig, &worst.sig)) {
			worst = m
		}
		if h.Hidden() {
			m.hiding = &h
			until = min(until, end)
		}
	}
	if worst != nil {
		in.outgrow(&worst.sig)
	}
	return until
}

func worse(a, b *Signal) bool {
	return a.severity() > b.severity() || a.severity() == b.severity() && a.ID < b.ID
}

// nextSilence is when the next silence begins.
func (d *Dispatcher) nextSilence(at int64) int64 {
	next := int64(math.MaxInt64)
	for _, s := range d.silences {
		if s.State(at) == SilencePending {
			next = min(next, s.StartsAt)
		}
	}
	return next
}

// hidingText says who hides an alarm and until when: "silenced by anna until 07:00: planned work".
func (d *Dispatcher) hidingText(h *Hiding, now int64) string {
	var parts []string
	for _, id := range h.Silences {
		s := d.silences[id]
		if s == nil {
			continue
		}
		text := fmt.Sprintf("silenced by %s until %s", s.Author.Name, clockTime(s.EndsAt, now, d.location()))
		if s.Comment != "" {
			text += ": " + s.Comment
		}
		parts = append(parts, text)
	}
	for _, id := range h.Feedback {
		if f := d.feedback[id]; f != nil {
			parts = append(parts, fmt.Sprintf("not an anomaly, says %s, until %s", f.By.Name, clockTime(f.ExpiresAt, now, d.location())))
		}
	}
	return strings.Join(parts, "; ")
}

// clockTime is the time of day, with the date if that is not now's.
func clockTime(t, now int64, loc *time.Location) string {
	at, today := time.UnixMilli(t).In(loc), time.UnixMilli(now).In(loc)
	if at.Format(time.DateOnly) != today.Format(time.DateOnly) {
		return at.Format("2 Jan 15:04")
	}
	return at.Format("15:04")
}
