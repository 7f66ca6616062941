package alerting

import (
	"cmp"

	"github.com/prometheus/prometheus/model/labels"
)

// incident is what is known of one open incident. Times are in Unix milliseconds, durations in milliseconds.
type incident struct {
	id, key          string // id: receiver and group; key: the message's
	receiver         string
	group            labels.Labels
	place            string   // Route.place of its groups
	groups           []string // those that have joined it, ids
	explained        int      // how many of them joined by their cause
	interval, repeat int64
	begun            int64        // when its first group began
	raised           int64        // grid time at which its first alarm was raised
	cause            *SharedCause // of its alarms, nil if none is known
	why              *Company     // the weakest reason for which a group joined by its time and labels; nil: none did
	census           census       // of the open alarms' labels
	storm            int64        // when the newest group joined it because of a storm; 0: it is none
	wait             int64        // group_wait
	waitGiven        bool         // by the configuration
	early            bool         // it is told before group_wait has passed
	quiet            bool         // it began hidden and nothing has been told of it: storms do not count it
	next             int64        // the next tick
	index            int          // in the timer heap
	version          int          // of the newest notice, 0 before the first
	told             int64        // time of the newest notice
	first            int64        // the tick after group_wait
	open             int          // members that are not over
	members          map[string]*member

	ack           *Acknowledgement // nil: nobody looks after it
	ackedSeverity int              // the highest that it was given for
	ackChanged    bool             // no notice has told yet of a change of it, or of a verdict
	asked         []string         // ids of the newest controls that acknowledged it or took that back
	ackEnded      string           // why it ended otherwise than by request; not told yet

	muteIntervals, activeIntervals []string         // of its route
	escalates                      int64            // when its message becomes critical by its age; 0: never
	expiring                       []string         // silences of which the tick under way has to warn
	warned                         map[string]int64 // silences that were warned of, with their ends
}

// member is one alarm of an incident.
type member struct {
	sig      Signal // the newest
	score    float64
	startsAt int64
	endsAt   int64
	open     bool
	note     string
	raised   string // the reason that a notice gave while it was firing
	told     told   // what the newest notice said of it

	hiding *Hiding // what kept it from being told at the newest tick that judged it, nil if nothing
	judged bool    // by a tick

	changes  int  // of its state in the hour before the newest tick
	flapping bool // so often that it is held open
	held     bool // it is over, for the moment
	flapTold bool // the newest notice said that it flaps
}

// told is what a notice has said of a member.
type told uint8

const (
	toldNothing told = iota
	toldFiring
	toldOver
	toldHidden  // firing, but silenced
	toldStopped // open, but its data stopped
)

// need says why a tick makes a notice: the named reasons of needs.
type need uint8

const (
	nothingNew  need = iota // or over before it was ever told
	firstTime               // group_wait has passed
	membersNew              // the set of alarms or their states have changed
	firingAgain             // an alarm that was told as hidden is not hidden any more
	allOver                 // every alarm that was told is over
	repeatAgain             // nothing has changed for repeat_interval
)

func newIncident(id string, r *Route, group labels.Labels, s Signal, configHash string) *incident {
	first := s.At + r.GroupWait.Milliseconds()
	return &incident{
		id: id, receiver: r.Receiver, place: r.place(), group: group, begun: s.At, raised: s.Transition.T, first: first, wait: r.GroupWait.Milliseconds(), waitGiven: r.WaitGiven,
		key: hash(24, "incident", r.Receiver, group.String(),
			TransitionID(s.ID, s.Transition.T, s.Transition.To, configHash)),
		interval: max(1, r.GroupInterval.Milliseconds()), repeat: r.RepeatInterval.Milliseconds(),
		muteIntervals: r.MuteIntervals, activeIntervals: r.ActiveIntervals, next: first, members: map[string]*member{},
	}
}

func newMember(s Signal, t told) *member {
	return &member{sig: s, score: s.Score, startsAt: cmp.Or(s.Transition.Since, s.Transition.T), open: true, told: t}
}

// raise makes the alarm an open member; it reports whether it was none before.
func (in *incident) raise(s Signal) bool {
	m, known := in.members[s.ID]
	if !known || !m.open {
		in.open++
	}
	t := toldNothing
	if known {
		t = m.told
	}
	in.members[s.ID] = newMember(s, t)
	return !known
}

// update records a transition of a member.
func (in *incident) update(m *member, s Signal) {
	was := m.open
	m.update(s)
	if was && !m.open {
		in.open--
	}
}

// update records a transition.
func (m *member) update(s Signal) {
	m.sig, m.held = s, false
	if m.open && over(s) {
		m.open, m.endsAt, m.note = false, s.Transition.T, s.Note
	}
}

// over reports whether the signal ends an alarm. One that has run out of data without a note goes on, and so does one that is OK on too few
// real points.
func over(s Signal) bool {
	return s.Transition.To == OK && !s.Stopped || s.Transition.To == InsufficientData && s.Note != ""
}

// needs decides what a tick at time at has to say.
func (in *incident) needs(at int64) need {
	var loud, shown int // alarms that fire: those that are not hidden, and those that the message shows
	changed, again := in.ackChanged || len(in.expiring) > 0 || in.escalates != 0 && at >= in.escalates, false
	for _, m := range in.members {
		if !m.shown() {
			continue
		}
		changed = changed || m.told != m.now() || m.flapTold != (m.flapping && m.open)
		if m.open {
			shown++
		}
		if m.open && m.hiding == nil {
			loud++
			again = again || m.told == toldHidden
		}
	}
	switch {
	case in.version == 0 && loud == 0:
		return nothingNew
	case in.version == 0:
		return firstTime
	case shown == 0:
		return allOver
	case again:
		return firingAgain
	case changed:
		return membersNew
	case loud > 0 && in.ack == nil && at-in.told >= in.repeat:
		return repeatAgain
	default:
		return nothingNew
	}
}

// shown reports whether a message shows the member: what was hidden before it was told is not.
func (m *member) shown() bool { return m.told != toldNothing || m.hiding == nil }

// now is what a notice would say of the member.
func (m *member) now() told {
	switch {
	case !m.open:
		return toldOver
	case m.hiding != nil:
		return toldHidden
	case m.sig.Stopped:
		return toldStopped
	default:
		return toldFiring
	}
}

// reopen makes a new incident of what the message that has just ended did not show.
func (in *incident) reopen(configHash string) {
	first := rank(in.members)[0]
	in.key = hash(24, "incident-after", in.key, TransitionID(first.sig.ID, first.sig.Transition.T, first.sig.Transition.To, configHash))
	in.version, in.told = 0, 0
	in.ack, in.ackedSeverity, in.ackChanged, in.ackEnded, in.warned, in.asked = nil, 0, false, "", nil, nil
	in.escalates = 0
}

// timerHeap orders incidents by their next tick, then by id; it implements heap.Interface.
type timerHeap []*incident

func (h timerHeap) Len() int { return len(h) }
func (h timerHeap) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].next, h[j].next), cmp.Compare(h[i].id, h[j].id)) < 0
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push implements heap.Interface.
func (h *timerHeap) Push(x any) {
	in := x.(*incident) //nolint:errcheck // heap.Push is given nothing else
	in.index = len(*h)
	*h = append(*h, in)
}

// Pop implements heap.Interface.
func (h *timerHeap) Pop() any {
	old := *h
	in := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return in
}
