package alerting

import (
	"cmp"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// EndedIncident is the incident with this key of a message that has ended within JudgeableFor of time now, so that it can still be
// judged. Alarms and Common are those that the message shows.
func (d *Dispatcher) EndedIncident(key string, now int64) (in Incident, ok bool) {
	x := d.ledger.judgeable(key, now)
	if x == nil {
		return in, false
	}
	n, err := DecodeNotice(x.Last.Notice)
	if err != nil {
		return in, false
	}
	in = Incident{Key: key, Receiver: x.Receiver, Posted: true, StartsAt: n.StartsAt, EndedAt: x.Ended, Common: labels.FromMap(n.CommonLabels)}
	for i := range n.Alarms {
		in.Alarms = append(in.Alarms, n.Alarms[i].ID)
	}
	return in, true
}

// incidentsJudged are the keys of the incidents that feedback is about: the one that the person looked at, else the open ones that
// the judged alarms belong to.
func (d *Dispatcher) incidentsJudged(f *Feedback) (keys []string) {
	if f.Incident != "" {
		return []string{f.Incident}
	}
	for i := range f.Judged {
		for _, in := range d.where[f.Judged[i].Alarm] {
			if in.version > 0 && !slices.Contains(keys, in.key) {
				keys = append(keys, in.key)
			}
		}
	}
	slices.Sort(keys)
	return keys
}

// touchFeedback makes every message that the feedback concerns tell of it at t.
func (d *Dispatcher) touchFeedback(f *FeedbackEntry, t int64) {
	d.touchMatching(f.Matchers, t)
	d.touchJudged(f.Judged, t)
	d.touchEnded(f, t)
}

// touchEnded makes the messages of ended incidents tell at t what was made of them.
func (d *Dispatcher) touchEnded(f *FeedbackEntry, t int64) {
	for _, key := range f.Incidents {
		if x := d.ledger.judgeable(key, t); x != nil {
			x.Last.Retell = t
			d.ledger.next = min(d.ledger.next, t)
		}
	}
}

// retell edits the messages of ended incidents that people have judged by t.
func (d *Dispatcher) retell(t int64) (out []Notice) {
	if d.ledger.next > t {
		return nil
	}
	d.ledger.next = math.MaxInt64
	for _, x := range d.ledger.order {
		switch {
		case x.Last == nil || x.Last.Retell == 0:
		case x.Last.Retell > t:
			d.ledger.next = min(d.ledger.next, x.Last.Retell)
		default:
			if n, err := DecodeNotice(x.Last.Notice); err == nil {
				d.amend(n, x)
				out = append(out, *n)
			}
		}
	}
	return out
}

// amend makes the next version of a message that has ended: it tells the verdicts that stand.
func (d *Dispatcher) amend(n *Notice, x *tale) {
	at := x.Last.Retell
	n.Version, n.At, n.Amends, n.Verdicts = n.Version+1, at, true, d.verdictsGiven(x.Key, at)
	notes := incidentText{n: n, total: len(n.Alarms) + n.Omitted, loc: d.location()}.notes()
	n.Body, n.Notes = slices.Concat(notes, n.Body[min(n.Notes, len(n.Body)):]), len(notes)
	if last := lastOf(n); last != nil {
		x.Last = last
	}
	d.ledger.thinOut(n.At)
}

// verdictsGiven is the standing feedback on the incident with this key, oldest first.
func (d *Dispatcher) verdictsGiven(key string, at int64) (out []Verdict) {
	for _, f := range d.feedback {
		if f.Active(at) && slices.Contains(f.Incidents, key) {
			out = append(out, f.verdict())
		}
	}
	slices.SortFunc(out, func(a, b Verdict) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.ID, b.ID)) })
	return out
}

func (f *FeedbackEntry) verdict() Verdict {
	return Verdict{ID: f.ID, Verdict: f.Verdict, By: f.By, At: f.At, Comment: f.Comment}
}

// calledFalse are the keys of the incidents that somebody has called no anomaly, and nobody has taken that back.
func (d *Dispatcher) calledFalse() map[string]bool {
	out := map[string]bool{}
	for _, f := range d.feedback {
		if f.Verdict == FeedbackNotAnomaly && f.Retracted == nil {
			for _, key := range f.Incidents {
				out[key] = true
			}
		}
	}
	return out
}

// recordOf is how often incidents with alarms of a detector were told before the one with this key, and how many of them were called
// false.
func (d *Dispatcher) recordOf(detector, key string) (told, wrong int) {
	about := func(key string) bool {
		x := d.ledger.tales[key]
		return x != nil && x.Detectors[detector] > 0
	}
	told = d.ledger.by[detector]
	if about(key) {
		told--
	}
	for k := range d.calledFalse() {
		if k != key && about(k) {
			wrong++
		}
	}
	return told, wrong
}

// recordText is "marked false 1 of 4", "" if nothing was told before.
func recordText(told, wrong int) string {
	if told == 0 {
		return ""
	}
	return "marked false " + Thousands(wrong) + " of " + Thousands(told)
}
