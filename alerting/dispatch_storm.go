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

// stormFor counts a group that begins, and returns the storm that it belongs to, nil if it is told by itself.
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
		if in := d.incidents[id]; in != storm && in.place == storm.place && in.version == 0 && in.begun > since {
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
