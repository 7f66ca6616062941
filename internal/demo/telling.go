package demo

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/simfleet"
	"github.com/tidewatch/tidewatch/internal/slackfake"
)

// telling is what the week's decisions made of messages.
type telling struct {
	messages []message // about incidents, in order of time
}

// message is a message about an incident with the alarms that any of its versions showed.
type message struct {
	key    string
	at     int64 // of its first version
	alarms []shown
}

// shown is an alarm in a message.
type shown struct {
	id, detector string
	labels       labels.Labels
	at           int64 // of the version that first showed it
	starts       int64 // grid time of the first breaching point
}

// add takes what a tick decided. It returns the notices that are the first of their message.
func (x *telling) add(res *engine.Result) (first []*alerting.Notice) {
	for i := range res.Notices {
		if n := &res.Notices[i]; n.Kind == alerting.KindIncident && x.notice(n) {
			first = append(first, n)
		}
	}
	return first
}

func (x *telling) notice(n *alerting.Notice) (first bool) {
	i := slices.IndexFunc(x.messages, func(m message) bool { return m.key == n.Key })
	if i < 0 {
		first, i = true, len(x.messages)
		x.messages = append(x.messages, message{key: n.Key, at: n.At})
	}
	m := &x.messages[i]
	for k := range n.Alarms {
		v := &n.Alarms[k]
		if !slices.ContainsFunc(m.alarms, func(s shown) bool { return s.id == v.ID && s.starts == v.StartsAt }) {
			m.alarms = append(m.alarms, shown{v.ID, v.Detector, labels.FromMap(v.Labels), n.At, v.StartsAt})
		}
	}
	return first
}

// tells is when a version first showed an alarm that finds the incident, false if none did.
func (m *message) tells(in *simfleet.Incident) (at int64, ok bool) {
	for _, s := range m.alarms { // in the order in which they were shown
		if in.Finds(s.detector, s.labels, s.at) {
			return s.at, true
		}
	}
	return 0, false
}

// about reports whether a version showed an alarm that the incident explains.
func (m *message) about(in *simfleet.Incident) bool {
	return slices.ContainsFunc(m.alarms, func(s shown) bool { return in.Explains(s.detector, s.labels, s.at) })
}

// oneEpisode is how long after an alarm of a series another one of it is still the same episode.
const oneEpisode = 3_600_000 // milliseconds

// episodes are the alarms with which an episode of their series begins. The alarms are in order of time.
func episodes(alarms []onset) (out []onset) {
	last := map[string]int64{}
	for _, a := range alarms {
		id := a.detector + a.labels.String()
		if at, ok := last[id]; !ok || a.raised-at >= oneEpisode {
			out = append(out, a)
		}
		last[id] = a.raised
	}
	return out
}

// figures are the telling's, beside the list of injected incidents.
type figures struct {
	episodes, messages int
	told, incidents    int
	outside            int // messages about no incident
	most               int // of those, within any 12 hours
	arrived            arrived
	each               []toldOf // one for each incident
}

// toldOf is what became of one incident.
type toldOf struct {
	name, kind, size   string
	began              int64
	after              time.Duration // to the first message that tells of it; negative: none does
	episodes, messages int
}

// arrived is what a channel of Slack got. A message counts once, however often it was edited.
type arrived struct{ posts, replies, edits int }

func arrivals(messages []slackfake.Message) (a arrived) {
	for _, m := range messages {
		a.posts++
		a.replies += len(m.Replies)
		a.edits += m.Edits
	}
	return a
}

const halfDay = 12 * 3_600_000 // milliseconds

// figures counts. A message is about an incident if it shows an alarm that the incident explains; the incident is told if a message
// shows one that finds it.
func (x *telling) figures(incidents []simfleet.Incident, alarms []onset, arrived arrived) figures {
	began := episodes(alarms)
	f := figures{episodes: len(began), messages: max(len(x.messages), arrived.posts), incidents: len(incidents), arrived: arrived}
	for i := range incidents {
		in := &incidents[i]
		of := toldOf{name: in.Name, kind: in.Kind, size: in.Size, began: in.Start, after: -1}
		for k := range x.messages {
			m := &x.messages[k]
			if at, ok := m.tells(in); ok && (of.after < 0 || time.Duration(at-in.Start)*time.Millisecond < of.after) {
				of.after = time.Duration(at-in.Start) * time.Millisecond
			}
			if m.about(in) {
				of.messages++
			}
		}
		for _, e := range began {
			if in.Explains(e.detector, e.labels, e.raised) {
				of.episodes++
			}
		}
		if of.after >= 0 {
			f.told++
		}
		f.each = append(f.each, of)
	}
	f.outside, f.most = x.outside(incidents)
	return f
}

// outside are the messages about no incident, in all and at most within 12 hours.
func (x *telling) outside(incidents []simfleet.Incident) (all, most int) {
	var at []int64
	for i := range x.messages {
		if m := &x.messages[i]; !slices.ContainsFunc(incidents, func(in simfleet.Incident) bool { return m.about(&in) }) {
			at = append(at, m.at)
		}
	}
	for i, from := range at {
		n := 0
		for _, later := range at[i:] {
			if later < from+halfDay {
				n++
			}
		}
		most = max(most, n)
	}
	return len(at), most
}

// fewer is by which share there are fewer messages than episodes; 0 without episodes.
func (f figures) fewer() float64 {
	if f.episodes == 0 {
		return 0
	}
	return 1 - float64(f.messages)/float64(f.episodes)
}

func (f figures) print(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%d of %d incidents told in %d messages, for %s episodes of alarm in one series: %.1f %% fewer\n"+
		"in Slack: %d posts, %d edits of them, %d replies\n%d messages outside incidents, at most %d of them within %s\n",
		f.told, f.incidents, f.messages, alerting.Thousands(f.episodes), 100*f.fewer(), f.arrived.posts, f.arrived.edits, f.arrived.replies,
		f.outside, f.most, time.Duration(halfDay)*time.Millisecond)
	return err
}
