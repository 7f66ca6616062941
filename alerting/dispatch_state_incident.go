package alerting

import (
	"container/heap"
	"maps"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

type incidentState struct {
	ID       []byte        `json:"id"` // not UTF-8
	Key      string        `json:"key"`
	Receiver string        `json:"receiver"`
	Group    labels.Labels `json:"group"`
	Interval int64         `json:"interval"`
	Repeat   int64         `json:"repeat"`
	Next     int64         `json:"next"`
	Version  int           `json:"version"`
	Told     int64         `json:"told"`
	First    int64         `json:"first,omitempty"`
	Members  []memberState `json:"members"`

	Groups    [][]byte     `json:"groups,omitempty"` // not UTF-8
	Explained int          `json:"explained,omitempty"`
	Begun     int64        `json:"begun,omitempty"`
	Raised    int64        `json:"raised,omitempty"`
	Cause     *SharedCause `json:"cause,omitempty"`
	Why       *Company     `json:"why,omitempty"`
	Storm     int64        `json:"storm,omitempty"`
	Wait      int64        `json:"wait,omitempty"`
	WaitGiven bool         `json:"wait_given,omitempty"`
	Early     bool         `json:"early,omitempty"`
	Quiet     bool         `json:"quiet,omitempty"`

	Ack           *Acknowledgement `json:"ack,omitempty"`
	AckedSeverity int              `json:"acked_severity,omitempty"`
	AckChanged    bool             `json:"ack_changed,omitempty"`
	AckEnded      string           `json:"ack_ended,omitempty"`
	Asked         []string         `json:"asked,omitempty"`

	MuteIntervals   []string         `json:"mute_intervals,omitempty"`
	ActiveIntervals []string         `json:"active_intervals,omitempty"`
	Warned          map[string]int64 `json:"warned,omitempty"`
	Escalates       int64            `json:"escalates,omitempty"`
}

type memberState struct {
	Entry    string  `json:"entry"`
	Signal   Signal  `json:"signal"`
	Score    float64 `json:"score"`
	StartsAt int64   `json:"starts_at"`
	EndsAt   int64   `json:"ends_at,omitempty"`
	Open     bool    `json:"open,omitempty"`
	Note     string  `json:"note,omitempty"`
	Raised   string  `json:"raised,omitempty"`
	Told     told    `json:"told,omitempty"`
	Hiding   *Hiding `json:"hiding,omitempty"`
	Judged   bool    `json:"judged,omitempty"`
	Flapping bool    `json:"flapping,omitempty"`
	Held     bool    `json:"held,omitempty"`
	FlapTold bool    `json:"flap_told,omitempty"`
}

func (in *incident) state() incidentState {
	s := incidentState{
		ID: []byte(in.id), Key: in.key, Receiver: in.receiver, Group: in.group, Interval: in.interval, Repeat: in.repeat,
		Next: in.next, Version: in.version, Told: in.told, First: in.first, Members: saveMembers(in.members),
		Explained: in.explained, Begun: in.begun, Raised: in.raised, Cause: in.cause, Why: in.why, Storm: in.storm, Wait: in.wait, WaitGiven: in.waitGiven, Early: in.early, Quiet: in.quiet,
		Ack: in.ack, AckedSeverity: in.ackedSeverity, AckChanged: in.ackChanged, AckEnded: in.ackEnded, Asked: in.asked,
		MuteIntervals: in.muteIntervals, ActiveIntervals: in.activeIntervals, Warned: in.warned, Escalates: in.escalates,
	}
	for _, id := range in.groups {
		s.Groups = append(s.Groups, []byte(id))
	}
	return s
}

func (d *Dispatcher) loadIncident(s incidentState) {
	in := &incident{
		id: string(s.ID), key: s.Key, receiver: s.Receiver, group: s.Group, interval: s.Interval, repeat: s.Repeat,
		next: s.Next, version: s.Version, told: s.Told, first: s.First, members: map[string]*member{},
		ack: s.Ack, ackedSeverity: s.AckedSeverity, ackChanged: s.AckChanged, ackEnded: s.AckEnded, asked: s.Asked,
		muteIntervals: s.MuteIntervals, activeIntervals: s.ActiveIntervals, warned: s.Warned, escalates: s.Escalates,
		explained: s.Explained, begun: s.Begun, raised: s.Raised, cause: s.Cause, why: s.Why, storm: s.Storm, wait: s.Wait, waitGiven: s.WaitGiven, early: s.Early, quiet: s.Quiet,
	}
	in.place = (&Route{Receiver: s.Receiver, MuteIntervals: s.MuteIntervals, ActiveIntervals: s.ActiveIntervals}).place()
	for _, id := range s.Groups {
		in.groups = append(in.groups, string(id))
		d.joined[string(id)] = in
	}
	if newest := d.storms[in.place]; in.storm > 0 && (newest == nil || in.storm > newest.storm) {
		d.storms[in.place] = in
	}
	for _, ms := range s.Members {
		m := ms.member()
		in.members[ms.Entry] = m
		d.where[ms.Entry] = append(d.where[ms.Entry], in)
		if m.open {
			in.open++
		}
	}
	d.incidents[in.id] = in
	heap.Push(&d.timers, in)
}

func saveMembers(ms map[string]*member) []memberState {
	out := make([]memberState, 0, len(ms))
	for _, entry := range slices.Sorted(maps.Keys(ms)) {
		m := ms[entry]
		sig := m.sig
		sig.Score = finite(sig.Score)
		out = append(out, memberState{
			Entry: entry, Signal: sig, Score: finite(m.score), StartsAt: m.startsAt, EndsAt: m.endsAt, Open: m.open, Note: m.note,
			Raised: m.raised, Told: m.told, Hiding: m.hiding, Judged: m.judged,
			Flapping: m.flapping, Held: m.held, FlapTold: m.flapTold,
		})
	}
	return out
}

func (s memberState) member() *member {
	return &member{
		sig: s.Signal, score: s.Score, startsAt: s.StartsAt, endsAt: s.EndsAt, open: s.Open, note: s.Note, raised: s.Raised,
		told: s.Told, hiding: s.Hiding, judged: s.Judged, flapping: s.Flapping, held: s.Held, flapTold: s.FlapTold,
	}
}
