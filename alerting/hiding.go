package alerting

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// Hiding is what keeps an alarm from being told although it fires.
type Hiding struct {
	Silences []string `json:"silenced_by,omitempty"` // ids of silences
	Feedback []string `json:"feedback,omitempty"`    // ids of feedback that says not_anomaly

	Inhibitors []string `json:"inhibited_by,omitempty"` // ids of alarms
	Mutes      []string `json:"muted_by,omitempty"`     // names of mute rules and of routes' time intervals
	MutedUntil int64    `json:"muted_until,omitempty"`  // when that may end, Unix milliseconds

	Disabled *DisabledActions `json:"disabled,omitempty"` // who switched its actions off, nil if they are on
}

// Hidden reports whether there is anything.
func (h *Hiding) Hidden() bool {
	return len(h.Silences)+len(h.Feedback)+len(h.Inhibitors)+len(h.Mutes) > 0 || h.Disabled != nil
}

// hiders is everything that may hide an alarm at one moment.
type hiders struct {
	silences []*Silence       // active, by id
	feedback []*FeedbackEntry // that hides, by id
	mutes    []activeMute     // in the order of the rules
	inhibit  []inhibitors     // in the order of the rules
	pending  []pendingHider   // silences and mute rules that have not begun
}

// pendingHider may hide from a time on.
type pendingHider struct {
	matchers Matchers
	from     int64
}

// HidingAt returns what tells what keeps an alarm of given id, detector and labels from being told at time t, Unix milliseconds, by any
// of its routes. It may be used until the dispatcher changes.
func (d *Dispatcher) HidingAt(t int64) func(id, detector string, ls labels.Labels) Hiding {
	x := d.hiders(t)
	return func(id, detector string, ls labels.Labels) Hiding {
		h, _ := x.of(ls)
		h.Disabled = d.DisabledFor(id, detector)
		if len(d.opts.Intervals) == 0 {
			return h
		}
		for _, r := range d.root.Match(ls) {
			names, until := d.routeMuted(r.MuteIntervals, r.ActiveIntervals, t, false)
			h.mute(names, until)
		}
		return h
	}
}

// mute adds names and when they may stop muting.
func (h *Hiding) mute(names []string, until int64) {
	for _, name := range names {
		if !slices.Contains(h.Mutes, name) {
			h.Mutes = append(h.Mutes, name)
		}
	}
	if len(names) > 0 {
		h.MutedUntil = max(h.MutedUntil, until)
	}
}

// hiders gathers what may hide an alarm at t: one state for all alarms that are judged by it.
func (d *Dispatcher) hiders(t int64) (x hiders) {
	for _, id := range slices.Sorted(maps.Keys(d.silences)) {
		switch s := d.silences[id]; s.State(t) {
		case SilenceActive:
			x.silences = append(x.silences, s)
		case SilencePending:
			x.pending = append(x.pending, pendingHider{s.Matchers, s.StartsAt})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(d.feedback)) {
		if f := d.feedback[id]; f.hides(t) {
			x.feedback = append(x.feedback, f)
		}
	}
	for i := range d.opts.Mutes {
		r := &d.opts.Mutes[i]
		if on, until := r.Active(t); on {
			x.mutes = append(x.mutes, activeMute{r, until})
		} else {
			x.pending = append(x.pending, pendingHider{r.Matchers, until})
		}
	}
	if x.inhibit = d.inhibit; d.stale { // readers run side by side, so they keep nothing
		x.inhibit = d.inhibitors()
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
	for _, m := range x.mutes {
		if m.rule.Matchers.Match(ls) {
			h.mute([]string{m.rule.Name}, m.until)
			until = min(until, m.until)
		}
	}
	for _, p := range x.pending {
		if p.matchers.Match(ls) {
			until = min(until, p.from)
		}
	}
	for i := range x.inhibit {
		if id := x.inhibit[i].of(ls); id != "" && !slices.Contains(h.Inhibitors, id) {
			h.Inhibitors = append(h.Inhibitors, id)
		}
	}
	return h, until
}

// routeMuted are the time intervals that keep a route from telling anything at t, and when that may change: those of mute that hold,
// or, where none of active holds, all of active. It may keep the answer; readers that run side by side must not.
func (d *Dispatcher) routeMuted(mute, active []string, t int64, keep bool) (names []string, until int64) {
	if len(mute)+len(active) == 0 {
		return nil, math.MaxInt64
	}
	key := strings.Join(mute, "\xff") + "\xfe" + strings.Join(active, "\xff")
	if s, ok := d.spans[key]; ok && t >= s.from && t < s.until {
		return s.names, s.until
	}
	names, until = intervalsAt(d.opts.Intervals, mute, t)
	holding, change := intervalsAt(d.opts.Intervals, active, t)
	if len(active) > 0 && len(holding) == 0 {
		for _, name := range active {
			names = append(names, "outside "+name)
		}
	}
	until = min(until, change)
	if keep {
		d.spans[key] = span{t, until, names}
	}
	return names, until
}

// span is for how long time intervals mute or do not.
type span struct {
	from, until int64
	names       []string
}
