package alerting

import (
	"container/heap"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

const (
	stormWindow = 10 * time.Minute // in which groups of one receiver that begin are counted
	stormAlarms = 100              // alarms of an incident that wait for its group_wait from which on it does not
)

// DefaultStormGroups is the default of DispatcherOptions.StormGroups in the configuration: a storm of any size is at most this many
// messages, one for what is beyond, and a reply to each.
const DefaultStormGroups = 8

// stormFor counts a group that begins to be told, and returns the storm that it belongs to, nil if it is told by itself.
func (d *Dispatcher) stormFor(r *Route, s Signal) *incident {
	most, place := d.opts.StormGroups, r.place()
	if most <= 0 {
		return nil
	}
	since := s.At - stormWindow.Milliseconds()
	times := slices.Concat(d.begun[place], []int64{s.At})
	times = times[max(0, len(times)-most-1):]
	d.begun[place] = times
	if len(times) <= most || times[0] <= since {
		return nil
	}
	in := d.storms[place]
	if in == nil || in.storm <= since {
		in = newStorm(r, s, d.opts.ConfigHash)
		d.storms[place] = in
		d.add(in)
	}
	if in.storm != s.At {
		in.storm = s.At
		d.absorb(in, since)
	}
	return in
}

// beginsQuiet reports whether a group whose first alarm is raised by the signal would not be told now: it is silenced, muted or switched
// off. It does not count until it is told, as a maintenance of many groups makes no storm of the one that pages. What an alarm inhibits does
// count, as whether it is inhibited may be known only when all of the storm is there.
func (d *Dispatcher) beginsQuiet(r *Route, s Signal) bool {
	if d.opts.StormGroups <= 0 {
		return false
	}
	if len(r.MuteIntervals)+len(r.ActiveIntervals) > 0 {
		if names, _ := d.routeMuted(r.MuteIntervals, r.ActiveIntervals, s.At, true); len(names) > 0 {
			return true
		}
	}
	if d.DisabledFor(s.ID, s.Detector) != nil {
		return true
	}
	if len(d.silences)+len(d.feedback)+len(d.opts.Mutes) == 0 {
		return false
	}
	x := d.hiders(s.At)
	x.inhibit = nil
	h, _ := x.of(s.Labels)
	return h.Hidden()
}

// reveal counts a group that began quiet when it is to be told for the first time, and reports whether a storm tells of it instead.
func (d *Dispatcher) reveal(in *incident, at int64) bool {
	if !in.quiet {
		return false
	}
	in.quiet = false
	var s Signal
	for _, id := range slices.Sorted(maps.Keys(in.members)) {
		if m := in.members[id]; m.open && m.hiding == nil {
			s = m.sig
			break
		}
	}
	s.At = at
	for _, r := range d.root.Match(s.Labels) {
		if r.place() != in.place {
			continue
		}
		storm := d.stormFor(&r, s)
		switch {
		case storm == nil:
		case d.incidents[in.id] != in: // the storm has just begun, and took it in
			return true
		default:
			d.stats.JoinedStorms++
			d.merge(storm, in)
			return true
		}
	}
	return false
}

// newStorm is an incident of many groups. It is told at once unless the configuration gives group_wait.
func newStorm(r *Route, s Signal, configHash string) *incident {
	in := newIncident(r.place()+"\xff\xfdstorm\xff"+strconv.FormatInt(s.At, 10), r, labels.EmptyLabels(), s, configHash)
	in.key = hash(24, "storm", in.key)
	if !r.WaitGiven {
		in.first, in.next, in.early = s.At, s.At, true
	}
	return in
}

// absorb puts into a storm what has begun since and waits to be told.
func (d *Dispatcher) absorb(storm *incident, since int64) {
	for _, id := range slices.Sorted(maps.Keys(d.incidents)) {
		if in := d.incidents[id]; in != storm && in.place == storm.place && in.version == 0 && !in.quiet && in.begun > since {
			d.stats.JoinedStorms++
			d.merge(storm, in)
		}
	}
}

// forgetBegun drops the counts of places where no group has begun for so long that they do not matter.
func (d *Dispatcher) forgetBegun(t int64) {
	maps.DeleteFunc(d.begun, func(_ string, times []int64) bool { return times[len(times)-1] <= t-stormWindow.Milliseconds() })
}

// hasten has an incident told at once that has many alarms before group_wait has passed, unless the configuration gives that.
func (d *Dispatcher) hasten(in *incident, at int64) {
	if d.opts.StormGroups <= 0 || in.version > 0 || in.waitGiven || in.open < stormAlarms || at >= in.first {
		return
	}
	in.first, in.next, in.early = at, at, true
	heap.Fix(&d.timers, in.index)
}

// pause is the time to the next tick: group_interval, but group_wait after what was told before that had passed, as the count is not
// yet that of the storm.
func (in *incident) pause() int64 {
	if !in.early {
		return in.interval
	}
	in.early = false
	return max(1, min(in.wait, in.interval))
}
