package alerting

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// judge finds out which of an incident's alarms are hidden at time at, all on the same state, and returns when that may change by
// time alone.
func (d *Dispatcher) judge(in *incident, at int64) (until int64) {
	if d.stale {
		d.inhibit, d.stale = d.inhibitors(), false
	}
	x := d.hiders(at)
	muted, until := d.routeMuted(in.muteIntervals, in.activeIntervals, at, true)
	end := until
	in.expiring = nil
	var worst *member // of the alarms that nobody was told of
	for _, m := range in.members {
		until = min(until, d.judgeFlapping(in, m, at))
		if !m.open && (m.told != toldNothing || m.judged) {
			continue // as it was when it ended
		}
		h, change := x.of(m.sig.Labels)
		h.Disabled = d.DisabledFor(m.sig.ID, m.sig.Detector)
		h.mute(muted, end)
		m.judged, m.hiding = true, nil
		if m.open && m.told == toldNothing && !h.Hidden() && (worst == nil || worse(&m.sig, &worst.sig)) {
			worst = m
		}
		if h.Hidden() {
			hidden := h // h itself stays off the heap: most alarms are not hidden
			m.hiding = &hidden
		}
		if m.open {
			until = min(until, change, d.watchExpiry(in, &h, at))
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

// watchExpiry notes the silences of an open alarm that are about to end and have not been warned of, and returns when the next one
// will be.
func (d *Dispatcher) watchExpiry(in *incident, h *Hiding, at int64) (next int64) {
	next = math.MaxInt64
	before := d.opts.SilenceWarning.Milliseconds()
	for _, id := range h.Silences {
		s := d.silences[id]
		if before <= 0 || s.EndsAt-s.UpdatedAt <= before || in.warned[id] == s.EndsAt {
			continue // whoever made it so short a time ago knows
		}
		if from := s.EndsAt - before; at < from {
			next = min(next, from)
		} else if !slices.Contains(in.expiring, id) {
			in.expiring = append(in.expiring, id)
		}
	}
	return next
}

// expiryText warns of the silences that end soon, "" if none does, and remembers that it did.
func (d *Dispatcher) expiryText(in *incident, at int64) string {
	slices.Sort(in.expiring)
	var parts []string
	for _, id := range in.expiring {
		s, n := d.silences[id], 0
		for _, m := range in.members {
			if m.open && m.hiding != nil && slices.Contains(m.hiding.Silences, id) {
				n++
			}
		}
		if in.warned == nil {
			in.warned = map[string]int64{}
		}
		in.warned[id] = s.EndsAt
		parts = append(parts, fmt.Sprintf("The silence by %s ends at %s and hides %s that still fires (%s)",
			s.Author.Name, clockTime(s.EndsAt, at, d.location()), plural(n, "alarm"), id))
	}
	maps.DeleteFunc(in.warned, func(id string, _ int64) bool { return d.silences[id] == nil })
	in.expiring = nil
	return strings.Join(parts, "; ")
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
	for _, id := range h.Inhibitors {
		parts = append(parts, "inhibited by "+d.firingName(id))
	}
	if len(h.Mutes) > 0 {
		parts = append(parts, fmt.Sprintf("muted by %s until %s", strings.Join(h.Mutes, ", "), clockTime(h.MutedUntil, now, d.location())))
	}
	if h.Disabled != nil {
		parts = append(parts, h.Disabled.text(clockTime(h.Disabled.At, now, d.location())))
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
