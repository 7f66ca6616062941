package alerting

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// dispatcherStateVersion is the layout's. Version 1, which has no silences and acknowledgements, and version 2, in which every incident
// has one group, can be read as well.
const dispatcherStateVersion = 3

// dispatcherState is a Dispatcher in JSON: lists are sorted, so that equal states have equal bytes.
type dispatcherState struct {
	Version   int                   `json:"version"`
	Queue     []Signal              `json:"queue,omitempty"`
	Incidents []incidentState       `json:"incidents,omitempty"`
	Quiet     map[string]quietAlarm `json:"quiet,omitempty"`
	Summaries []summaryState        `json:"summaries,omitempty"`
	Silences  []Silence             `json:"silences,omitempty"`
	Feedback  []FeedbackEntry       `json:"feedback,omitempty"`
	Disabled  []DisabledActions     `json:"disabled,omitempty"`
	Changes   map[string][]int64    `json:"changes,omitempty"`
	Ledger    ledgerState           `json:"ledger,omitzero"`
	Begun     []begunState          `json:"begun,omitempty"`
	Paces     []paceState           `json:"paces,omitempty"`
	Schedule  string                `json:"schedule,omitempty"`
	Reported  int64                 `json:"reported,omitempty"`
	Stats     DispatcherStats       `json:"stats"`
}

type begunState struct {
	Place []byte  `json:"place"` // not UTF-8
	Times []int64 `json:"times"`
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
		Version: dispatcherStateVersion, Queue: sortedQueue(d.queue), Quiet: savedQuiet(d.quiet), Stats: d.stats, Silences: d.Silences(), Feedback: d.Feedback(), Changes: d.changes, Disabled: d.Disabled(), Ledger: d.ledger.save(), Schedule: d.schedule, Reported: d.reported, Paces: savePaces(d.paces),
	}
	for _, id := range slices.Sorted(maps.Keys(d.incidents)) {
		in := d.incidents[id]
		s.Incidents = append(s.Incidents, in.state())
	}
	for _, place := range slices.Sorted(maps.Keys(d.begun)) {
		s.Begun = append(s.Begun, begunState{[]byte(place), d.begun[place]})
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
	fresh.queue, fresh.unsorted, fresh.stats, fresh.ledger = s.Queue, true, s.Stats, s.Ledger.ledger()
	fresh.schedule, fresh.reported = s.Schedule, s.Reported
	if s.Quiet != nil {
		fresh.quiet = s.Quiet
	}
	for i := range s.Silences {
		fresh.silences[s.Silences[i].ID] = &s.Silences[i]
	}
	if s.Changes != nil {
		fresh.changes = s.Changes
	}
	for i := range s.Disabled {
		fresh.disabled[s.Disabled[i].Target] = &s.Disabled[i]
	}
	for _, b := range s.Begun {
		fresh.begun[string(b.Place)] = b.Times
	}
	for _, p := range s.Paces {
		fresh.paces[string(p.Place)] = pace{p.N, p.At}
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
