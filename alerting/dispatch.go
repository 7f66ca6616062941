package alerting

import (
	"cmp"
	"container/heap"
	"math"
	"slices"
	"time"
)

// DispatcherOptions are what a Dispatcher needs besides the routing tree. The zero value works.
type DispatcherOptions struct {
	Location   *time.Location // zone in which notices write times; nil is UTC
	ConfigHash string         // of the configuration; goes into the keys of new incidents
	// Links adds links to a notice; it is called with the notice's most severe alarm. Annotations named runbook_url and
	// dashboard_url become links by themselves. It must be a pure function.
	Links func(AlarmView) []Link

	Inhibit   []InhibitRule
	Mutes     []MuteRule
	Intervals map[string][]TimeInterval // those that routes name
	// SilenceWarning is how long before its end a silence that hides an open alarm is warned of; 0 is never.
	SilenceWarning time.Duration
	// FlapChanges is how often an alarm may be raised or be over within an hour before it is held open; 0 is without bound.
	FlapChanges int
	// StormGroups is how many groups of one receiver may begin within stormWindow with a message each; what is beyond makes one
	// message together. 0 is without bound.
	StormGroups int
	Visible     *Visible       // the labels that may leave in notices
	Report      ReportSchedule // the zero value: none
	// Promised is how many false alarms a day detectors promise at most, by name; one that promises no number is not in it.
	Promised map[string]float64
}

// Dispatcher turns transitions into incidents and incidents into notices, with Alertmanager's timing: an incident is opened by
// the first alarm of a group (one receiver, one set of group labels), posted once GroupWait has passed, edited at multiples
// of GroupInterval if the set of its alarms or their states have changed, posted again into its thread after RepeatInterval,
// and resolved at the first such tick at which all of its alarms are over. What happens between two ticks is not told twice:
// an alarm that comes back before the resolving tick keeps its incident open.
//
// Two things make several groups one incident: a common cause, which Signal.Cause tells and Route.GroupByCause wants, and a storm,
// see DispatcherOptions.StormGroups. Groups join as a whole; what has been posted stays the message that it is.
//
// What people ask for comes in by Control and takes effect at its time. An alarm that is silenced goes on being followed but is
// not told: one that no message shows joins no message, one that a message shows is marked in it and not repeated, and one that
// still fires when its silence ends is told then.
//
// It has no clock: time is the argument of AdvanceTo, and what comes out does not depend on how often that is called. It is
// not safe for concurrent use, but NextDeadline, Stats and AppendState change nothing and may run side by side.
type Dispatcher struct {
	root      *Route
	opts      DispatcherOptions
	queue     []Signal // not applied yet, by (At, T, ID) unless unsorted
	unsorted  bool
	incidents map[string]*incident   // by id, the group that opened it
	joined    map[string]*incident   // by the ids of the groups that have joined them
	begun     map[string][]int64     // by place, when the newest groups began, ascending
	storms    map[string]*incident   // by place, the newest storm
	paces     map[string]pace        // by place
	where     map[string][]*incident // alarm id → the incidents that it is a member of
	timers    timerHeap              // the incidents by their next tick
	quiet     map[string]quietAlarm  // open alarms that must never page: historical or muted
	summaries map[string]*summary    // by receiver
	silences  map[string]*Silence    // by id
	feedback  map[string]*FeedbackEntry
	spans     map[string]span // of routes' time intervals, as far as they are known
	inhibit   []inhibitors    // of the alarms that fire, unless stale
	stale     bool
	disabled  map[string]*DisabledActions // by target
	changes   map[string][]int64          // times at which alarms were raised or over, ascending
	warnings  []string                    // for the log: about silences that end soon and hide alarms of which there is no message
	ledger    ledger
	schedule  string // of the reports, as it was when reported was set
	reported  int64  // when the newest report was due, or that schedule was first seen
	stats     DispatcherStats
}

// DispatcherStats are counts over the life of the dispatcher, snapshots included, except the two that say "now".
type DispatcherStats struct {
	OpenIncidents int    `json:"-"`                        // now
	OpenAlarms    int    `json:"-"`                        // members of open incidents that are not over, now
	Incidents     uint64 `json:"opened"`                   // incidents opened, those that joined another before they were posted not counted
	JoinedCauses  uint64 `json:"joined_causes,omitempty"`  // groups that joined an incident of the same cause
	JoinedStorms  uint64 `json:"joined_storms,omitempty"`  // groups that joined a storm
	JoinedCompany uint64 `json:"joined_company,omitempty"` // groups that joined others by their time and labels
	Vanished      uint64 `json:"vanished"`                 // incidents that were over before GroupWait had passed: never posted
	Muted         uint64 `json:"muted"`                    // alarms that were raised muted
	Historical    uint64 `json:"historical"`
	Notices       uint64 `json:"notices"` // notices made
}

// NewDispatcher makes a dispatcher without open incidents. root must be valid (see Route.Validate).
func NewDispatcher(root *Route, opts DispatcherOptions) *Dispatcher {
	return &Dispatcher{
		root: root, opts: opts, stale: true, spans: map[string]span{},
		incidents: map[string]*incident{}, joined: map[string]*incident{}, begun: map[string][]int64{}, storms: map[string]*incident{}, paces: map[string]pace{}, where: map[string][]*incident{},
		quiet: map[string]quietAlarm{}, summaries: map[string]*summary{}, silences: map[string]*Silence{}, feedback: map[string]*FeedbackEntry{}, changes: map[string][]int64{},
		disabled: map[string]*DisabledActions{},
		ledger:   newLedger(),
	}
}

// SetRoute replaces the routing tree. Open incidents keep their receiver, group and timing until they end; new alarms follow
// the new tree.
func (d *Dispatcher) SetRoute(root *Route) { d.root = root }

// SetOptions replaces the options; keys of open incidents stay as they are.
func (d *Dispatcher) SetOptions(opts DispatcherOptions) {
	d.opts, d.stale, d.spans = opts, true, map[string]span{}
}

// Handle takes one transition. It takes effect at its At, during the AdvanceTo that reaches that time; hand it in before that
// call.
func (d *Dispatcher) Handle(s Signal) {
	d.queue = append(d.queue, s)
	d.unsorted = d.unsorted || len(d.queue) > 1 && compareSignals(d.queue[len(d.queue)-2], s) > 0
}

// sortQueue puts the waiting signals in order; those of one alarm at one time keep the order in which they came.
func (d *Dispatcher) sortQueue() {
	if d.unsorted {
		slices.SortStableFunc(d.queue, compareSignals)
		d.unsorted = false
	}
}

func compareSignals(a, b Signal) int {
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Transition.T, b.Transition.T), cmp.Compare(a.ID, b.ID))
}

// NextDeadline is the time in Unix milliseconds at which AdvanceTo has something to do, false if there is nothing.
func (d *Dispatcher) NextDeadline() (int64, bool) {
	next, ok := int64(0), false
	if len(d.timers) > 0 {
		next, ok = d.timers[0].next, true
	}
	if at := min(d.ledger.next, d.reportDue()); at != math.MaxInt64 && (!ok || at < next) {
		next, ok = at, true
	}
	for i := range d.queue {
		if at := d.queue[i].At; !ok || at < next {
			next, ok = at, true
		}
	}
	return next, ok
}

// Resume says that nothing could be sent until t (Unix milliseconds), because the process was down: ticks that are overdue are
// put off to t, so that an incident has at most one of them instead of all that were missed. Call it after LoadState, if at
// all.
func (d *Dispatcher) Resume(t int64) {
	for _, in := range d.timers {
		in.next = max(in.next, t)
	}
	heap.Init(&d.timers)
	d.resumeReports(t)
}

// AdvanceTo brings the dispatcher to time t (Unix milliseconds): every signal with At <= t and every tick due by t takes
// effect, in the order of their times, signals before ticks of the same time. Each notice's At is the time of its tick. view
// describes the alarm of a signal as it is now; it is called for at most MaxAlarmViews alarms of a notice, and may return
// false if it does not know the alarm any more, in which case the notice shows what the signal says.
//
// Historical signals are the exception: those handed in since the last call make one summary notice for each receiver at the
// end of the call (an edit of the last summary if that is less than an hour of t old). So call it once after a catch-up, not
// at every caught-up tick.
func (d *Dispatcher) AdvanceTo(t int64, view func(Signal) (AlarmView, bool)) []Notice {
	d.sortQueue()
	d.startReports(t)
	var out []Notice
	applied := 0
	for {
		hasSignal := applied < len(d.queue) && d.queue[applied].At <= t
		hasTick := len(d.timers) > 0 && d.timers[0].next <= t
		if due := d.reportDue(); due <= t && (!hasSignal || d.queue[applied].At > due) && (!hasTick || d.timers[0].next > due) {
			out = append(out, d.report(due))
			continue
		}
		if hasSignal && (!hasTick || d.queue[applied].At <= d.timers[0].next) {
			d.apply(d.queue[applied])
			applied++
			continue
		}
		if !hasTick {
			break
		}
		if n, ok := d.tick(d.timers[0], view); ok {
			out = append(out, n)
		}
	}
	d.queue = slices.Delete(d.queue, 0, applied)
	d.forgetChanges(t)
	d.forgetBegun(t)
	out = append(out, d.summarise(t, view)...)
	out = append(out, d.retell(t)...)
	d.stats.Notices += uint64(len(out))
	return out
}

// Warnings are about what no message tells, for the log, and are given once. They are not part of the state.
func (d *Dispatcher) Warnings() []string {
	w := d.warnings
	d.warnings = nil
	return w
}

// Stats are the dispatcher's counts.
func (d *Dispatcher) Stats() DispatcherStats {
	s := d.stats
	s.OpenIncidents = len(d.incidents)
	for _, in := range d.incidents {
		s.OpenAlarms += in.open
	}
	return s
}
