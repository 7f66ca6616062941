package alerting

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"
)

// summaryWindow is for how long after its last version a summary is edited instead of a new one being posted: detectors
// become ready one after another.
const summaryWindow = time.Hour

// quietAlarm is an open alarm that must never page.
type quietAlarm struct {
	Signal Signal `json:"signal"`          // the one that raised it
	Entry  string `json:"entry,omitempty"` // of a historical alarm: its key in the summaries
}

// summary is the message about historical alarms to one receiver.
type summary struct {
	key     string
	version int
	told    int64 // t of the AdvanceTo that made the newest version
	entries map[string]*member
	pending []string // entries that no version has shown yet, in the order of their signals
}

// addHistorical puts the alarm into the summary of every receiver that it would have gone to.
func (d *Dispatcher) addHistorical(s Signal) {
	entry := s.ID + "@" + strconv.FormatInt(s.Transition.T, 10)
	d.quiet[s.ID] = quietAlarm{Signal: s, Entry: entry}
	for _, r := range d.root.Match(s.Labels) {
		sum := d.summaries[r.Receiver]
		if sum == nil {
			sum = &summary{entries: map[string]*member{}}
			d.summaries[r.Receiver] = sum
		}
		if _, twice := sum.entries[entry]; !twice { // two nodes with one receiver
			sum.entries[entry] = newMember(s, toldNothing)
			sum.pending = append(sum.pending, entry)
		}
	}
}

// updateQuiet follows an alarm that must not page until it is over.
func (d *Dispatcher) updateQuiet(s Signal, q quietAlarm) {
	raised := s.Transition.To == Alarming && !s.Data
	if raised && q.Signal.Muted && !s.Muted && !s.Historical { // its detector may notify again
		delete(d.quiet, s.ID)
		d.open(s)
		return
	}
	for _, sum := range d.summaries {
		if m, ok := sum.entries[q.Entry]; ok {
			m.update(s)
		}
	}
	if over(s) {
		delete(d.quiet, s.ID)
	}
}

// summarise makes a notice for each receiver that has historical alarms which no summary has shown yet.
func (d *Dispatcher) summarise(t int64, view func(Signal) (AlarmView, bool)) []Notice {
	var out []Notice
	for _, receiver := range slices.Sorted(maps.Keys(d.summaries)) {
		sum := d.summaries[receiver]
		stale := sum.version > 0 && t-sum.told > summaryWindow.Milliseconds()
		if stale {
			sum.restart()
		}
		switch {
		case len(sum.pending) > 0:
			out = append(out, d.summaryNotice(receiver, sum, t, view))
		case stale:
			delete(d.summaries, receiver)
		}
	}
	return out
}

// restart leaves only what no version has shown: the next version is a message of its own.
func (s *summary) restart() {
	fresh := map[string]*member{}
	for _, e := range s.pending {
		fresh[e] = s.entries[e]
	}
	*s = summary{entries: fresh, pending: s.pending}
}

func (d *Dispatcher) summaryNotice(receiver string, s *summary, t int64, view func(Signal) (AlarmView, bool)) Notice {
	if s.version == 0 {
		first := s.entries[s.pending[0]].sig
		s.key = hash(24, "summary", receiver, first.ID, strconv.FormatInt(first.Transition.T, 10), d.opts.ConfigHash)
	}
	s.version++
	s.told = t
	s.pending = nil
	ranked := rank(s.entries)
	n := d.notice(KindSummary, receiver, s.key, s.version, ranked, view)
	for _, m := range ranked {
		n.At = max(n.At, m.sig.At)
	}
	n.Headline, n.Body = summaryText(&n, countOpen(ranked), len(ranked), d.location())
	return n
}

func countOpen(ms []*member) int {
	open := 0
	for _, m := range ms {
		if m.open {
			open++
		}
	}
	return open
}

// rank orders members, the most severe first: open ones, hidden ones after those that are not, then by score, then the older, then by id and grid time.
func rank(members map[string]*member) []*member {
	return slices.SortedFunc(maps.Values(members), func(a, b *member) int {
		return cmp.Or(cmp.Compare(a.order(), b.order()), cmp.Compare(b.score, a.score),
			cmp.Compare(a.startsAt, b.startsAt), cmp.Compare(a.sig.ID, b.sig.ID))
	})
}

func (m *member) order() int {
	switch {
	case !m.open:
		return 2
	case m.hiding != nil:
		return 1
	default:
		return 0
	}
}
