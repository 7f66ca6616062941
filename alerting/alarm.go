package alerting

import (
	"math/bits"
	"time"
)

// The notes with which an alarm ends otherwise than by OK points.
const (
	// NoteRegimeAccepted ends an alarm because the shift was accepted as the new normal; that is not a recovery.
	NoteRegimeAccepted = "REGIME_ACCEPTED"
	// NoteStoppedReporting ends an alarm because its series has been gone for too long to go on waiting for it.
	NoteStoppedReporting = "STOPPED_REPORTING"
	// NoteDetectorRemoved ends an alarm because the configuration has no such detector any more.
	NoteDetectorRemoved = "DETECTOR_REMOVED"
	// NoteSetByHand ends an alarm that a person set to OK, or had set to ALARM.
	NoteSetByHand = "SET_BY_HAND"
)

// Alarm decides, point by point, in which state one detector on one series is. It follows Amazon CloudWatch's evaluation
// ("Configuring how CloudWatch alarms treat missing data"): the evaluation range are the newest Of + RangeExtra points, and
// Decide says which of them count. Points from before the first Step are unknown rather than missing: no treatment fills
// them, so a series that has just appeared does not alarm under MissingBreaching because of the time before its birth.
//
// The zero value is ready to use and INSUFFICIENT_DATA. An Alarm holds no pointers, never allocates, and is not safe for
// concurrent use.
type Alarm struct {
	breach, real uint64 // one bit per point of the range, bit 0 the newest: it breached; it was not missing
	near         uint64 // likewise: it did not breach, but had not recovered
	last         int64  // grid time of bit 0
	began        int64  // grid time of the oldest breaching point that counted when the alarm was raised
	mark         int64  // pending: since when M of N has held; alarming: since when it has ceased to hold
	seen         uint8  // how many bits are in use, at most 64
	decisive     uint8  // the bit of the newest Decisive point, counted from 1; 0: none among them
	state        State  // by its points
	marked       bool   // mark is in use
	owes         uint8  // real points that must still come before an incident may end
	set          uint8  // a State that a person has set, counted from 1; 0: none
	setT         int64  // the time of the newest Set, Unix milliseconds
}

// State is the present state: the one that was set by hand, if one was since the newest point, else that of its points.
func (a *Alarm) State() State {
	if a.set > 0 {
		return State(a.set - 1)
	}
	return a.state
}

// Since is the grid time in Unix milliseconds at which the breach began that raised the alarm, or the time at which it was set to ALARM;
// 0 unless the state is ALARM.
func (a *Alarm) Since() int64 {
	switch {
	case a.State() != Alarming:
		return 0
	case a.set > 0:
		return a.setT
	}
	return a.began
}

// Pending reports whether M of N holds while For has not passed yet, and since when (grid time, Unix milliseconds).
func (a *Alarm) Pending() (since int64, ok bool) {
	if a.state == Alarming || !a.marked {
		return 0, false
	}
	return a.mark, true
}

// Breached reports whether the point of that age (0 is the newest, in steps) breached. Ages outside the memory of 64
// points are false.
func (a *Alarm) Breached(age int) bool {
	return age >= 0 && age < int(a.seen) && a.breach>>age&1 == 1
}

// Step takes the point of grid time t (Unix milliseconds) and returns the transition that it caused, if it caused one.
// step is the grid's. Grid points left out between two calls count as missing, but the alarm is evaluated only once, at t; a
// t that is not newer than the one before is a decided point and changes nothing. A Policy outside its bounds is brought
// within them.
func (a *Alarm) Step(t int64, b Breach, step time.Duration, p Policy) (Transition, bool) {
	if !a.push(t, b, step) {
		return Transition{}, false
	}
	shown := a.State()
	a.set, a.setT = 0, 0
	if a.owes > 0 && b != Missing {
		a.owes--
	}
	tr, changed := a.evaluate(b, step, p)
	switch {
	case changed:
		tr.From = shown
	case a.state != shown:
		tr, changed = Transition{T: t, From: shown, To: a.state, Rule: RuleStateSetOver, Since: a.began}, true
	}
	return tr, changed
}

// evaluate decides on the range as it stands.
func (a *Alarm) evaluate(b Breach, step time.Duration, p Policy) (Transition, bool) {
	d := a.Decide(p)
	if d.Retain {
		return Transition{}, false
	}
	if d.State == Alarming {
		return a.raise(d, step, p.For)
	}
	was := a.state
	tr, changed := a.lower(d, step, p.KeepFiringFor)
	switch {
	case a.state == OK && d.Of-d.Missing >= p.Resolve:
		a.owes = 0
	case changed && was == Alarming:
		a.owes = uint8(min(max(p.Resolve, 0), MaxOf))
		if b != Missing && a.owes > 0 {
			a.owes--
		}
	}
	return tr, changed
}

// push shifts the point into the range; false if t is not newer than the newest point.
func (a *Alarm) push(t int64, b Breach, step time.Duration) bool {
	shift := int64(1)
	if a.seen > 0 {
		if t <= a.last {
			return false
		}
		if ms := step.Milliseconds(); ms > 0 {
			shift = max(1, (t-a.last)/ms)
		}
	}
	shift = min(shift, 64)
	a.breach <<= uint(shift) // a shift by 64 clears
	a.real <<= uint(shift)
	a.near <<= uint(shift)
	if a.decisive > 0 {
		a.decisive += uint8(shift)
	}
	if a.decisive > 64 {
		a.decisive = 0
	}
	a.seen = uint8(min(64, int64(a.seen)+shift))
	a.last = t
	if b != Missing {
		a.real |= 1
	}
	if b == Breaching || b == Decisive {
		a.breach |= 1
	}
	switch b {
	case Decisive:
		a.decisive = 1
	case Near:
		a.near |= 1
	}
	return true
}

// raise acts on "M of N breach".
func (a *Alarm) raise(d Decision, step, hold time.Duration) (Transition, bool) {
	if a.state == Alarming {
		a.marked = false // it had ceased to hold, and holds again
		return Transition{}, false
	}
	if !a.marked {
		a.mark, a.marked = a.last, true
	}
	if a.last-a.mark < hold.Milliseconds() {
		return Transition{}, false
	}
	return a.become(Alarming, d, step), true
}

// lower acts on "M of N does not hold".
func (a *Alarm) lower(d Decision, step, keep time.Duration) (Transition, bool) {
	if a.state != Alarming {
		a.marked = false
	} else {
		if !a.marked {
			a.mark, a.marked = a.last, true
		}
		if a.last-a.mark < keep.Milliseconds() {
			return Transition{}, false
		}
	}
	if a.state == d.State {
		return Transition{}, false
	}
	return a.become(d.State, d, step), true
}

// become changes the state.
func (a *Alarm) become(to State, d Decision, step time.Duration) Transition {
	tr := Transition{T: a.last, From: a.state, To: to, Rule: d.Rule, Breaches: d.Breaches, Of: d.Of, Missing: d.Missing}
	if d.Oldest >= 0 {
		tr.Since = a.last - int64(d.Oldest)*step.Milliseconds()
	}
	a.state, a.mark, a.marked, a.began = to, 0, false, 0
	if to == Alarming {
		a.owes = 0
		a.began = tr.Since
		if d.Oldest < 0 { // raised by filled points alone
			a.began = a.last
		}
	}
	return tr
}

// End ends whatever the alarm is in at time t (Unix milliseconds) for the reason note, and forgets the points before: those
// that were judged against an older regime must not raise it again. NoteStoppedReporting and NoteDetectorRemoved lead to
// INSUFFICIENT_DATA, every other note to OK. The transition is returned if the state changed, or if an incident may still be open; its Rule is RuleStoppedReporting, RuleRegimeAccepted or
// RuleEnded.
func (a *Alarm) End(t int64, note string) (Transition, bool) {
	to, rule := OK, RuleEnded
	switch note {
	case NoteStoppedReporting:
		to, rule = InsufficientData, RuleStoppedReporting
	case NoteDetectorRemoved:
		to = InsufficientData
	case NoteRegimeAccepted:
		rule = RuleRegimeAccepted
	}
	tr := Transition{T: t, From: a.State(), To: to, Rule: rule, Since: a.began}
	changed := a.state != to || tr.From != to || a.owes > 0
	*a = Alarm{state: to, last: t}
	return tr, changed
}

// Stopped reports whether an incident of the alarm, if there is one, must stay open although nothing says that the breach goes on: no point of
// the range is real in ALARM, unless missing points breach, or the alarm has left ALARM on fewer real points than Policy.Resolve.
func (a *Alarm) Stopped(p Policy) bool {
	span := mask(min(int(a.seen), p.Range()))
	return p.Resolve > 0 && (a.owes > 0 || a.state == Alarming && p.Missing != MissingBreaching && a.real&span == 0)
}

// Owes is how many real points must still come before an incident of an alarm that is not in ALARM any more may end.
func (a *Alarm) Owes() int { return int(a.owes) }

// mask has the newest n bits set, n < 64.
func mask(n int) uint64 { return 1<<uint(n) - 1 }

// newest keeps the n newest of the set bits of m.
func newest(m uint64, n int) uint64 {
	for bits.OnesCount64(m) > n {
		m &^= 1 << uint(bits.Len64(m)-1)
	}
	return m
}
