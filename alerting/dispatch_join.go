package alerting

import (
	"cmp"
	"container/heap"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// SharedCause is what an alarm has in common with others that fire: one of the causes that Causes found when it was raised.
type SharedCause struct {
	Members []string       `json:"members"` // ids of alarms, the newly raised one among them
	First   []string       `json:"first"`   // those of Members that moved first
	Onset   int64          `json:"onset"`   // of the first, Unix milliseconds
	Labels  []SharedLabel  `json:"labels,omitempty"`
	Nearby  []ContextEvent `json:"nearby,omitempty"` // events near the onset, the closest first
	P       float64        `json:"p"`
	LeftOut int            `json:"left_out,omitempty"` // alarms at that time that were not compared
}

// GroupsByCause reports whether any route wants Signal.Cause.
func (d *Dispatcher) GroupsByCause() bool { return d.root.anyByCause() }

// causeFresh is for how long after it began an incident takes in groups of the same cause: nobody looks for something new in an old
// message.
const causeFresh = time.Hour

// ofCause is the incident at a place that has alarms of the cause, nil if there is none: of several the one that is preferred.
func (d *Dispatcher) ofCause(place string, cause *SharedCause, at int64) *incident {
	found := d.allOfCause(place, cause, at)
	if len(found) == 0 {
		return nil
	}
	return slices.MinFunc(found, preferIncident)
}

// allOfCause are the incidents at a place in which alarms of the cause are open, of those that began within causeFresh.
func (d *Dispatcher) allOfCause(place string, cause *SharedCause, at int64) (found []*incident) {
	if cause == nil {
		return nil
	}
	for _, id := range cause.Members {
		for _, in := range d.where[id] {
			if in.place == place && in.members[id].open && at-in.begun <= causeFresh.Milliseconds() && !slices.Contains(found, in) {
				found = append(found, in)
			}
		}
	}
	return found
}

// preferIncident puts what has been posted first, then what began first.
func preferIncident(a, b *incident) int {
	return cmp.Or(b2i(a.version == 0)-b2i(b.version == 0), cmp.Compare(a.begun, b.begun), cmp.Compare(a.id, b.id))
}

// gather puts what has not been posted of a cause into one incident: in, an incident of a newly raised alarm, or one that is preferred
// to it. It returns the incident that the alarm is in then.
func (d *Dispatcher) gather(in *incident, cause *SharedCause, at int64) *incident {
	all := d.allOfCause(in.place, cause, at)
	if len(all) == 0 || in.version > 0 && !slices.Contains(all, in) { // an old message stays what it is
		return in
	}
	to := in
	if in.version == 0 {
		to = slices.MinFunc(all, preferIncident)
	}
	to.learn(cause)
	for _, x := range all {
		if x != to && x.version == 0 {
			d.stats.JoinedCauses++
			d.merge(to, x)
			to.explained++
		}
	}
	if in.version == 0 {
		return to
	}
	return in
}

// learn keeps the cause unless the one that is known has more of the incident's alarms.
func (in *incident) learn(cause *SharedCause) {
	if in.cause == nil || in.has(cause) >= in.has(in.cause) {
		in.cause = cause
	}
}

// has is how many of the cause's alarms are members.
func (in *incident) has(cause *SharedCause) (n int) {
	for _, id := range cause.Members {
		n += b2i(in.members[id] != nil)
	}
	return n
}

// join makes a group one of the incident's.
func (d *Dispatcher) join(in *incident, id string, group labels.Labels) {
	in.groups = append(in.groups, id)
	d.joined[id] = in
	in.group = sharedLabels(in.group, group)
}

// sharedLabels are the labels that both have with the same value.
func sharedLabels(a, b labels.Labels) labels.Labels {
	same := labels.NewScratchBuilder(a.Len())
	a.Range(func(l labels.Label) {
		if b.Get(l.Name) == l.Value {
			same.Add(l.Name, l.Value)
		}
	})
	return same.Labels()
}

// merge puts all of an incident that has not been posted into another, which takes over the shorter times.
func (d *Dispatcher) merge(to, from *incident) {
	d.stats.Incidents--
	to.census.at = 0
	to.explained += from.explained
	heap.Remove(&d.timers, from.index)
	delete(d.incidents, from.id)
	for _, id := range append([]string{from.id}, from.groups...) {
		d.join(to, id, from.group)
	}
	for id, m := range from.members {
		where := slices.DeleteFunc(d.where[id], func(x *incident) bool { return x == from })
		if to.members[id] == nil {
			to.members[id] = m
			to.open += b2i(m.open)
			where = append(where, to)
		}
		d.where[id] = where
	}
	if from.cause != nil {
		to.learn(from.cause)
	}
	if from.why != nil {
		to.accompany(*from.why)
	}
	to.storm = max(to.storm, from.storm)
	if d.storms[from.place] == from {
		d.storms[from.place] = to
	}
	if from.ack != nil && to.ack == nil {
		to.ackEnded = "The acknowledgement by " + from.ack.By.Name + " ended: its alarms joined others"
		to.ackChanged = true
	}
	to.asked = append(to.asked, from.asked...)
	if to.warned == nil {
		to.warned = map[string]int64{}
	}
	maps.Copy(to.warned, from.warned)
	to.interval, to.repeat = min(to.interval, from.interval), min(to.repeat, from.repeat)
	if to.version == 0 {
		to.begun, to.raised = min(to.begun, from.begun), min(to.raised, from.raised)
		to.first, to.next = min(to.first, from.first), min(to.next, from.next)
		heap.Fix(&d.timers, to.index)
	}
}
