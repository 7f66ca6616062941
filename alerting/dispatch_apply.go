package alerting

import (
	"container/heap"
	"maps"
	"slices"
)

// apply lets a signal take effect.
func (d *Dispatcher) apply(s Signal) {
	d.stale = true
	d.countChange(&s)
	raised := s.Transition.To == Alarming && !s.Data
	if d.updateMembers(s, raised) {
		return
	}
	if q, ok := d.quiet[s.ID]; ok {
		d.updateQuiet(s, q)
		return
	}
	switch {
	case !raised: // the end of something that was never told
	case s.Muted:
		d.stats.Muted++
		d.quiet[s.ID] = quietAlarm{Signal: s}
	case s.Historical:
		d.stats.Historical++
		d.addHistorical(s)
	default:
		d.open(s)
	}
}

// updateMembers tells the incidents that have the alarm as a member. It reports whether that was all there is to do: an alarm
// raised anew that is over in each of them has still to be routed.
func (d *Dispatcher) updateMembers(s Signal, raised bool) bool {
	ins := d.where[s.ID]
	open := false
	for _, in := range ins {
		m := in.members[s.ID]
		open = open || m.open
		if (!raised || m.open) && (!s.Data || m.open) && !d.hold(m, s) {
			in.update(m, s)
		}
		if s.Transition.Rule == RuleStateSet { // the next evaluation may take it back before the next tick
			d.touch(in, s.At)
		}
	}
	return len(ins) > 0 && (open || !raised)
}

// open routes a newly raised alarm into the incidents of its groups, which it opens where there is none.
func (d *Dispatcher) open(s Signal) {
	cause, frequency := s.Cause, s.Frequency
	s.Cause, s.Frequency = nil, nil // its incidents keep what matters of them
	for _, r := range d.root.Match(s.Labels) {
		wanted := cause
		if !r.ByCause() {
			wanted = nil
		}
		seen := s
		if r.ByCause() {
			seen.Frequency = frequency
		}
		in := d.incidentFor(&r, seen, wanted)
		if in.raise(s) {
			d.where[s.ID] = append(d.where[s.ID], in)
		}
		in = d.gatherBurst(d.gather(in, wanted, s.At), seen)
		d.hasten(in, s.At)
		if s.Transition.Rule == RuleStateSet { // it may be over before group_wait is
			in.first = min(in.first, s.At)
			d.touch(in, s.At)
		}
	}
}

// incidentFor is the incident of the alarm's group at a node of the routing tree: the one that the group has, else the one of its
// cause, else a storm, else a new one.
func (d *Dispatcher) incidentFor(r *Route, s Signal, cause *SharedCause) *incident {
	group, place := r.groupLabels(s.Labels), r.place()
	id := r.groupID(group)
	in := d.group(id)
	if in != nil {
		return in
	}
	quiet := false
	if in = d.ofCause(place, cause, s.At); in != nil {
		d.stats.JoinedCauses++
		in.explained++
	} else if quiet = d.beginsQuiet(r, s); !quiet {
		in = d.stormOrCompany(r, s)
	}
	if in != nil {
		d.join(in, id, group)
		d.expect(in, r, s.At)
		return in
	}
	in = newIncident(id, r, group, s, d.opts.ConfigHash)
	in.quiet = quiet
	d.add(in)
	return in
}

// expect sees to it that an incident of which nothing has been told, because all of it was hidden, tells of a group that joins it as
// soon as the group alone would be told.
func (d *Dispatcher) expect(in *incident, r *Route, at int64) {
	switch {
	case in.version > 0:
	case in.storm > 0 && !r.WaitGiven:
		d.touch(in, at)
	default:
		d.touch(in, at+r.GroupWait.Milliseconds())
	}
}

func (d *Dispatcher) add(in *incident) {
	d.incidents[in.id] = in
	heap.Push(&d.timers, in)
	d.stats.Incidents++
}

// group is the incident that tells of a group, nil if none does.
func (d *Dispatcher) group(id string) *incident {
	if in := d.incidents[id]; in != nil {
		return in
	}
	return d.joined[id]
}

// tick is one flush of an incident.
func (d *Dispatcher) tick(in *incident, view func(Signal) (AlarmView, bool)) (Notice, bool) {
	at := in.next
	until := d.judge(in, at)
	what := in.needs(at)
	var n Notice
	if what == firstTime && d.reveal(in, at) {
		return n, false
	}
	if what != nothingNew {
		n = d.incidentNotice(in, at, what, view)
		if what == firstTime {
			d.countMessage(in.place, at)
		}
	} else if text := d.expiryText(in, at); text != "" {
		d.warnings = append(d.warnings, text)
	}
	if in.open == 0 {
		if in.version == 0 {
			d.stats.Vanished++
		}
		d.remove(in)
		return n, what != nothingNew
	}
	if what == allOver { // what is hidden goes on
		d.leave(in, func(m *member) bool { return !m.open })
		in.reopen(d.opts.ConfigHash)
	}
	in.next = min(at+in.pause(), until)
	heap.Fix(&d.timers, in.index)
	return n, what != nothingNew
}

func (d *Dispatcher) remove(in *incident) {
	heap.Remove(&d.timers, in.index)
	delete(d.incidents, in.id)
	for _, id := range in.groups {
		delete(d.joined, id)
	}
	if d.storms[in.place] == in {
		delete(d.storms, in.place)
	}
	d.leave(in, func(*member) bool { return true })
}

// leave takes the members that gone chooses out of an incident.
func (d *Dispatcher) leave(in *incident, gone func(*member) bool) {
	for id, m := range in.members {
		if !gone(m) {
			continue
		}
		delete(in.members, id)
		if m.told == toldNothing && m.hiding != nil {
			d.ledger.hide(m.endsAt, m.sig.Detector)
		}
		rest := slices.DeleteFunc(d.where[id], func(x *incident) bool { return x == in })
		if len(rest) == 0 {
			delete(d.where, id)
		} else {
			d.where[id] = rest
		}
	}
}

// End ends at time at (Unix milliseconds) every open alarm that gone says will have no more transitions, for the reason note;
// for example after a reload the alarms of detectors that were removed, which would otherwise stay open for ever. It returns
// how many alarms that are.
func (d *Dispatcher) End(at int64, note string, gone func(Signal) bool) int {
	open := map[string]Signal{}
	for id, q := range d.quiet {
		open[id] = q.Signal
	}
	for id, ins := range d.where {
		for _, in := range ins {
			if m := in.members[id]; m.open {
				open[id] = m.sig
			}
		}
	}
	n := 0
	for _, id := range slices.Sorted(maps.Keys(open)) {
		s := open[id]
		if !gone(s) {
			continue
		}
		s.At, s.Note = at, note
		s.Transition = Transition{T: at, From: s.Transition.To, To: InsufficientData, Rule: RuleEnded, Since: s.Transition.Since}
		d.Handle(s)
		n++
	}
	return n
}
