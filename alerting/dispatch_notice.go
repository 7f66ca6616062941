package alerting

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/tidewatch/tidewatch"
)

func (d *Dispatcher) location() *time.Location {
	if d.opts.Location == nil {
		return time.UTC
	}
	return d.opts.Location
}

// notice fills in what incidents and summaries share. ranked are all the alarms; the notice shows the first of them.
func (d *Dispatcher) notice(kind NoticeKind, receiver, key string, version int, ranked []*member,
	view func(Signal) (AlarmView, bool),
) Notice {
	n := Notice{
		Key: key, Version: version, Kind: kind, Receiver: receiver, Status: "resolved", Timezone: d.location().String(),
		GroupLabels: map[string]string{}, CommonLabels: d.opts.Visible.Map(commonLabels(ranked)), StartsAt: ranked[0].startsAt,
	}
	ends := int64(0)
	for i, m := range ranked {
		n.StartsAt = min(n.StartsAt, m.startsAt)
		ends = max(ends, m.endsAt)
		if m.open {
			n.Status = "firing"
		}
		if i < MaxAlarmViews {
			n.Alarms = append(n.Alarms, d.view(m, view))
		}
	}
	n.Omitted = len(ranked) - len(n.Alarms)
	if n.Status == "resolved" {
		n.EndsAt = ends
	}
	n.Links = d.links(n.Alarms[0])
	return n
}

// view asks for the alarm's view and sets in it what the incident knows better; without one it shows what the signal says.
func (d *Dispatcher) view(m *member, view func(Signal) (AlarmView, bool)) AlarmView {
	v, ok := view(m.sig)
	if !ok {
		shown, hidden := d.opts.Visible.Labels(m.sig.Labels)
		v = View(Facts{
			Detector: m.sig.Detector, Labels: shown, Hidden: hidden, Transition: m.sig.Transition, Note: m.note, AnomalyScore: m.score,
			Now: tidewatch.Point{V: math.NaN()}, Peak: math.NaN(),
		})
	}
	v.ID, v.SeriesID, v.State = m.sig.ID, m.sig.SeriesID, m.sig.Transition.To.String()
	v.StartsAt, v.EndsAt, v.Note = m.startsAt, m.endsAt, m.note
	v.Stopped = m.open && m.sig.Stopped
	return v
}

func (d *Dispatcher) incidentNotice(in *incident, at int64, what need, view func(Signal) (AlarmView, bool)) Notice {
	all := rank(in.members)
	ranked := slices.DeleteFunc(slices.Clone(all), func(m *member) bool { return !m.shown() })
	in.version++
	in.told = at
	n := d.notice(KindIncident, in.receiver, in.key, in.version, ranked, view)
	n.At, n.GroupLabels, n.Acknowledged, n.Hidden = at, d.opts.Visible.Map(in.group.Map()), in.ack, countOpen(all)-countOpen(ranked)
	n.Verdicts = d.verdictsOn(in, at)
	text := incidentText{n: &n, what: what, open: countOpen(ranked), total: len(ranked), ackEnded: in.ackEnded, expiring: d.expiryText(in, at), loc: d.location()}
	in.ackChanged, in.ackEnded = false, ""
	news := map[string]int{} // alarms told for the first time, by detector
	n.Alarms[0].Record = recordText(d.recordOf(n.Alarms[0].Detector, in.key))
	text.cause, text.near = d.causeText(in, at, ranked, view)
	if in.why != nil && len(ranked) > 1 {
		text.company = in.why.sentence(1+len(in.groups), d.opts.Visible)
	}
	if in.storm > 0 {
		text.groups, text.detectors = len(in.groups), detectorText(ranked)
	}
	for i, m := range ranked {
		if m.hiding != nil && m.open && i < len(n.Alarms) {
			n.Alarms[i].Hiding, n.Alarms[i].HidingText = m.hiding, d.hidingText(m.hiding, at)
		}
		if i < len(n.Alarms) {
			n.Alarms[i].Chart = d.shadeHidden(in, m, n.Alarms[i].Chart)
		}
		if flaps := m.flapping && m.open; flaps != m.flapTold {
			if flaps {
				text.flapping++
			}
			m.flapTold = flaps
		}
		if m.flapTold && i < len(n.Alarms) {
			n.Alarms[i].Flapping = m.changes
		}
		if m.told == toldHidden && m.now() == toldFiring {
			text.again++
		}
		if m.now() == toldStopped && m.told != toldStopped {
			text.stopped++
		}
		if m.told == toldNothing && m.open {
			text.joined++
			news[m.sig.Detector]++
			if i < len(n.Alarms) {
				text.joinedTitles = append(text.joinedTitles, n.Alarms[i].Title)
			}
		}
		m.told = m.now()
		if i < len(n.Alarms) && m.open && m.sig.Transition.To == Alarming && !m.sig.Stopped {
			m.raised = n.Alarms[i].Reason
		}
	}
	if first := ranked[0]; (!first.open || first.sig.Stopped) && first.raised != "" {
		text.was = "Raised by: " + first.raised
	}
	n.Headline, n.Body, n.Reply, n.Notes = text.headline(), text.body(), text.reply(), len(text.notes())
	in.escalates = n.escalates()
	d.ledger.book(in, at, news)
	if what == allOver {
		d.ledger.end(&n)
	}
	return n
}

// links are the runbook and the dashboard of the annotations and what the options add.
func (d *Dispatcher) links(v AlarmView) []Link {
	var ls []Link
	for _, l := range [...]struct{ text, annotation string }{{"Runbook", "runbook_url"}, {"Dashboard", "dashboard_url"}} {
		if u := v.Annotations[l.annotation]; u != "" {
			ls = append(ls, Link{Text: l.text, URL: u})
		}
	}
	if d.opts.Links != nil {
		ls = append(ls, d.opts.Links(v)...)
	}
	return ls
}

// commonLabels are the labels that all alarms have with the same value.
func commonLabels(ms []*member) map[string]string {
	common := ms[0].sig.Labels.Map()
	for _, m := range ms[1:] {
		maps.DeleteFunc(common, func(name, value string) bool { return m.sig.Labels.Get(name) != value })
	}
	return common
}

// ServiceNotice is a message about Tidewatch itself. key must be the same for the message that opens the trouble and the one
// that ends it, and another for the next time, for example "source-unreachable/eu1/" and when it began. The notice is version
// 1, or 2 if resolved, and its times are in UTC; a caller that edits it in between sets Version itself.
func ServiceNotice(receiver, key string, at int64, resolved bool, headline string, body []string) Notice {
	n := Notice{
		Key: hash(24, "service", receiver, key), Version: 1, Kind: KindService, Receiver: receiver, Status: "firing", At: at,
		StartsAt: at, Timezone: "UTC", GroupLabels: map[string]string{}, CommonLabels: map[string]string{},
		Headline: headline, Body: slices.Clone(body),
	}
	if resolved {
		n.Version, n.Status, n.EndsAt, n.Reply = 2, "resolved", at, headline
	}
	return n
}
