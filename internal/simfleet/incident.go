package simfleet

import (
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// Incident is one injected fault, as the published list has it.
type Incident struct {
	Name      string
	Kind      string        // what is done: error burst, latency step, …
	Detectors []string      // of configs/demo.yml; an alarm of any of them finds it
	Labels    labels.Labels // the series of those detectors that show it carry these
	Start     int64         // Unix milliseconds
	End       int64         // the cause is gone
	Size      string        // how large the fault is, in words
	Subtle    bool          // small beside the noise, so that missing it is no shame
	Also      []Symptom
	// Hits are what an incident of many series shows in: an alarm there finds it, as one of Detectors with Labels does.
	Hits []Symptom
}

// Symptom is a consequence of an incident in a series of another detector. An alarm there does not find the incident, but
// it is not false either.
type Symptom struct {
	Detector   string
	Labels     labels.Labels
	Start, End int64 // Unix milliseconds
}

// grace is how long after a fault's end its alarms may still start: the detectors look back five minutes and wait for
// several points.
const grace = 15 * 60_000

// Matches tells whether a series of a detector is one that the incident shows in.
func (i Incident) Matches(detector string, ls labels.Labels) bool {
	return slices.Contains(i.Detectors, detector) && contains(ls, i.Labels)
}

// Finds tells whether an alarm of a detector's series that started at t, in Unix milliseconds, finds the incident.
func (i Incident) Finds(detector string, ls labels.Labels, t int64) bool {
	return i.Matches(detector, ls) && t >= i.Start && t <= i.End+grace ||
		slices.ContainsFunc(i.Hits, func(s Symptom) bool { return s.explains(detector, ls, t) })
}

func (s *Symptom) explains(detector string, ls labels.Labels, t int64) bool {
	return s.Detector == detector && t >= s.Start && t <= s.End+grace && contains(ls, s.Labels)
}

// Explains tells whether such an alarm is due to the incident: it finds it, or it is of a symptom.
func (i Incident) Explains(detector string, ls labels.Labels, t int64) bool {
	return i.Finds(detector, ls, t) || slices.ContainsFunc(i.Also, func(s Symptom) bool { return s.explains(detector, ls, t) })
}

// contains tells whether ls has all of part.
func contains(ls, part labels.Labels) bool {
	same := true
	part.Range(func(l labels.Label) { same = same && ls.Get(l.Name) == l.Value })
	return same
}

// Incidents is the published list in order of time; empty for a calm fleet.
func (f *Fleet) Incidents() []Incident {
	out := make([]Incident, 0, len(f.faults))
	for _, x := range f.faults {
		out = append(out, x.Incident)
	}
	return out
}

// shape is how a fault's strength goes over its time.
type shape int

const (
	step  shape = iota // whole within two minutes
	ramp               // linear up to the end
	drain              // linear up to three quarters, then linear down to nothing
)

// fault is an incident with the knob it turns. knobs of the same name add up.
type fault struct {
	Incident
	knob    string
	service string // no deploy of it from an hour before to an hour after
	deploy  bool   // but one of it three minutes before
	shape   shape
	gain    float64
}

func (x *fault) strength(t int64) float64 {
	if t < x.Start || t >= x.End {
		return 0
	}
	part := float64(t-x.Start) / float64(x.End-x.Start)
	switch x.shape {
	case ramp:
		return x.gain * part
	case drain:
		return x.gain * min(part/0.75, (1-part)/0.25)
	}
	onset := 2 * time.Minute.Milliseconds()
	return x.gain * min(1, float64(t-x.Start+onset/2)/float64(onset))
}

// knob is how far the faults turn a part of the simulation at a time; 0 is calm.
func (f *Fleet) knob(name string, t int64) float64 {
	sum := 0.0
	for i := range f.faults {
		if f.faults[i].knob == name {
			sum += f.faults[i].strength(t)
		}
	}
	return sum
}

// ended tells whether a fault on the knob ended in the round that ends at t.
func (f *Fleet) ended(name string, t int64) bool {
	for i := range f.faults {
		if end := f.faults[i].End; f.faults[i].knob == name && end <= t && end > t-f.step {
			return true
		}
	}
	return false
}

// deployNow tells whether a fault wants its service deployed in the round that ends at t.
func (f *Fleet) deployNow(service string, t int64) bool {
	for i := range f.faults {
		x := &f.faults[i]
		if at := x.Start - 3*time.Minute.Milliseconds(); x.deploy && x.service == service && at <= t && at > t-f.step {
			return true
		}
	}
	return false
}

// touched tells whether a service has a fault about now, so that no deploy should muddle it.
func (f *Fleet) touched(service string, t int64) bool {
	for i := range f.faults {
		if x := &f.faults[i]; x.service == service && t > x.Start-hour && t < x.End+hour {
			return true
		}
	}
	return false
}
