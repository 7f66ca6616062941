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
)

// telling is what the week's decisions made of messages.
type telling struct {
	episodes int       // runs of anomalous points in one series
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

// add takes what a tick decided.
func (x *telling) add(res *engine.Result) {
	x.episodes += res.Episodes
	for i := range res.Notices {
		if n := &res.Notices[i]; n.Kind == alerting.KindIncident {
			x.notice(n)
		}
	}
}

func (x *telling) notice(n *alerting.Notice) {
	i := slices.IndexFunc(x.messages, func(m message) bool { return m.key == n.Key })
	if i < 0 {
		i = len(x.messages)
		x.messages = append(x.messages, message{key: n.Key, at: n.At})
	}
	m := &x.messages[i]
	for k := range n.Alarms {
		v := &n.Alarms[k]
		if !slices.ContainsFunc(m.alarms, func(s shown) bool { return s.id == v.ID && s.starts == v.StartsAt }) {
			m.alarms = append(m.alarms, shown{v.ID, v.Detector, labels.FromMap(v.Labels), n.At, v.StartsAt})
		}
	}
}

// figures are the telling's, beside the list of injected incidents.
type figures struct {
	episodes, messages int
	told, incidents    int
	outside            int // messages about no incident
	most               int // of those, within any 12 hours
}

const halfDay = 12 * 3_600_000 // milliseconds

// figures counts. A message is about an incident if it shows an alarm that the incident explains; the incident is told if a message
// shows one that finds it.
func (x *telling) figures(incidents []simfleet.Incident) figures {
	f := figures{episodes: x.episodes, messages: len(x.messages), incidents: len(incidents)}
	for _, in := range incidents {
		if slices.ContainsFunc(x.messages, func(m message) bool {
			return slices.ContainsFunc(m.alarms, func(s shown) bool { return in.Finds(s.detector, s.labels, s.at) })
		}) {
			f.told++
		}
	}
	var outside []int64
	for _, m := range x.messages {
		if !slices.ContainsFunc(incidents, func(in simfleet.Incident) bool {
			return slices.ContainsFunc(m.alarms, func(s shown) bool { return in.Explains(s.detector, s.labels, s.at) })
		}) {
			outside = append(outside, m.at)
		}
	}
	f.outside = len(outside)
	for i, at := range outside {
		n := 0
		for _, later := range outside[i:] {
			if later < at+halfDay {
				n++
			}
		}
		f.most = max(f.most, n)
	}
	return f
}

// fewer is by which share there are fewer messages than episodes; 0 without episodes.
func (f figures) fewer() float64 {
	if f.episodes == 0 {
		return 0
	}
	return 1 - float64(f.messages)/float64(f.episodes)
}

func (f figures) print(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%d of %d incidents told in %d messages, for %s episodes of anomalous points in one series: %.1f %% fewer\n"+
		"%d messages outside incidents, at most %d of them within %s\n",
		f.told, f.incidents, f.messages, alerting.Thousands(f.episodes), 100*f.fewer(), f.outside, f.most, time.Duration(halfDay)*time.Millisecond)
	return err
}
