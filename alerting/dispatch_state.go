package alerting

import (
	"container/heap"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// dispatcherStateVersion is the layout's. Version 1, which has no silences and acknowledgements, can be read as well.
const dispatcherStateVersion = 2

// dispatcherState is a Dispatcher in JSON: lists are sorted, so that equal states have equal bytes.
type dispatcherState struct {
	Version   int                   `json:"version"`
	Queue     []Signal              `json:"queue,omitempty"`
	Incidents []incidentState       `json:"incidents,omitempty"`
	Quiet     map[string]quietAlarm `json:"quiet,omitempty"`
	Summaries []summaryState        `json:"summaries,omitempty"`
	Silences  []Silence             `json:"silences,omitempty"`
	Feedback  []FeedbackEntry       `json:"feedback,omitempty"`
	Stats     DispatcherStats       `json:"stats"`
}

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

	Ack           *Acknowledgement `json:"ack,omitempty"`
	AckedSeverity int              `json:"acked_severity,omitempty"`
	AckChanged    bool             `json:"ack_changed,omitempty"`
	AckEnded      string           `json:"ack_ended,omitempty"`

	MuteIntervals   []string         `json:"mute_intervals,omitempty"`
	ActiveIntervals []string         `json:"active_intervals,omitempty"`
	Warned          map[string]int64 `json:"warned,omitempty"`
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
}

type summaryState struct {
	Receiver string        `json:"receiver"`
	Key      string        `json:"key"`
	Version  int           `json:"version"`
	Told     int64         `json:"told"`
	Entries  []memberState `json:"entries"`
	Pending  []string      `json:"pending,omitempty"`
}

// AppendState appends everything but the routing tree and the options to b, versioned. Equal states give equal bytes.
func (d *Dispatcher) AppendState(b []byte) []byte {
	s := dispatcherState{
		Version: dispatcherStateVersion, Queue: sortedQueue(d.queue), Quiet: savedQuiet(d.quiet), Stats: d.stats, Silences: d.Silences(), Feedback: d.Feedback(),
	}
	for _, id := range slices.Sorted(maps.Keys(d.incidents)) {
		in := d.incidents[id]
		s.Incidents = append(s.Incidents, incidentState{
			ID: []byte(id), Key: in.key, Receiver: in.receiver, Group: in.group, Interval: in.interval, Repeat: in.repeat,
			Next: in.next, Version: in.version, Told: in.told, First: in.first, Members: saveMembers(in.members),
			Ack: in.ack, AckedSeverity: in.ackedSeverity, AckChanged: in.ackChanged, AckEnded: in.ackEnded,
			MuteIntervals: in.muteIntervals, ActiveIntervals: in.activeIntervals, Warned: in.warned,
		})
	}
	for _, r := range slices.Sorted(maps.Keys(d.summaries)) {
		sum := d.summaries[r]
		s.Summaries = append(s.Summaries, summaryState{
			Receiver: r, Key: sum.key, Version: sum.version, Told: sum.told, Entries: saveMembers(sum.entries), Pending: sum.pending,
		})
	}
	out, err := json.Marshal(s)
	if err != nil { // every number is finite and every type is plain
		panic("alerting: dispatcher state does not marshal: " + err.Error())
	}
	return append(b, out...)
}

// LoadState restores what AppendState appended into a dispatcher, whatever it held before; the routing tree and the options
// stay. On an error the dispatcher is unchanged.
func (d *Dispatcher) LoadState(b []byte) error {
	var s dispatcherState
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("load dispatcher state: %w", err)
	}
	if s.Version < 1 || s.Version > dispatcherStateVersion {
		return fmt.Errorf("load dispatcher state: version %d, want 1 to %d", s.Version, dispatcherStateVersion)
	}
	fresh := NewDispatcher(d.root, d.opts)
	fresh.queue, fresh.unsorted, fresh.stats = s.Queue, true, s.Stats
	if s.Quiet != nil {
		fresh.quiet = s.Quiet
	}
	for i := range s.Silences {
		fresh.silences[s.Silences[i].ID] = &s.Silences[i]
	}
	for i := range s.Feedback {
		fresh.feedback[s.Feedback[i].ID] = &s.Feedback[i]
	}
	for _, is := range s.Incidents {
		if len(is.Members) == 0 || is.Interval < 1 {
			return fmt.Errorf("load dispatcher state: incident %s has %d members and an interval of %d ms", is.Key, len(is.Members), is.Interval)
		}
		fresh.loadIncident(is)
	}
	for _, ss := range s.Summaries {
		sum := &summary{key: ss.Key, version: ss.Version, told: ss.Told, entries: map[string]*member{}, pending: ss.Pending}
		for _, ms := range ss.Entries {
			sum.entries[ms.Entry] = ms.member()
		}
		for _, e := range ss.Pending {
			if sum.entries[e] == nil {
				return fmt.Errorf("load dispatcher state: summary of %q: pending entry %q is missing", ss.Receiver, e)
			}
		}
		fresh.summaries[ss.Receiver] = sum
	}
	*d = *fresh
	return nil
}

func (d *Dispatcher) loadIncident(s incidentState) {
	in := &incident{
		id: string(s.ID), key: s.Key, receiver: s.Receiver, group: s.Group, interval: s.Interval, repeat: s.Repeat,
		next: s.Next, version: s.Version, told: s.Told, first: s.First, members: map[string]*member{},
		ack: s.Ack, ackedSeverity: s.AckedSeverity, ackChanged: s.AckChanged, ackEnded: s.AckEnded,
		muteIntervals: s.MuteIntervals, activeIntervals: s.ActiveIntervals, warned: s.Warned,
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
		})
	}
	return out
}

func (s memberState) member() *member {
	return &member{
		sig: s.Signal, score: s.Score, startsAt: s.StartsAt, endsAt: s.EndsAt, open: s.Open, note: s.Note, raised: s.Raised,
		told: s.Told, hiding: s.Hiding, judged: s.Judged,
	}
}

// sortedQueue are the waiting signals in their order, with scores that JSON can hold.
func sortedQueue(queue []Signal) []Signal {
	out := slices.Clone(queue)
	for i := range out {
		out[i].Score = finite(out[i].Score)
	}
	slices.SortStableFunc(out, compareSignals)
	return out
}

func savedQuiet(quiet map[string]quietAlarm) map[string]quietAlarm {
	out := make(map[string]quietAlarm, len(quiet))
	for id, q := range quiet {
		q.Signal.Score = finite(q.Signal.Score)
		out[id] = q
	}
	return out
}
