package alerting

import (
	"fmt"
	"maps"
	"math"
	"time"
)

// flapWindow is the time in which changes of an alarm's state are counted.
const flapWindow = time.Hour

// countChange remembers that an alarm was raised or was over at a time.
func (d *Dispatcher) countChange(s *Signal) {
	if d.opts.FlapChanges <= 0 || s.Muted || s.Historical || s.Transition.To != Alarming && !over(*s) || s.Data && s.Transition.To == Alarming {
		return
	}
	times := d.changes[s.ID]
	if n := len(times) - 4*d.opts.FlapChanges; n > 0 { // more than can matter
		times = times[n:]
	}
	d.changes[s.ID] = append(times, s.At)
}

// changesAt is how often an alarm changed in the hour up to t, and when it will have changed at most half as often as it takes to flap
// if it stays as it is.
func (d *Dispatcher) changesAt(id string, t int64) (n int, calm int64) {
	times := d.changes[id]
	for i := len(times) - 1; i >= 0 && times[i] > t-flapWindow.Milliseconds(); i-- {
		n++
		if n == d.opts.FlapChanges/2+1 {
			calm = times[i] + flapWindow.Milliseconds()
		}
	}
	return n, calm
}

// forgetChanges drops alarms that have not changed for an hour.
func (d *Dispatcher) forgetChanges(t int64) {
	maps.DeleteFunc(d.changes, func(_ string, times []int64) bool { return times[len(times)-1] <= t-flapWindow.Milliseconds() })
}

// hold keeps an open member open that flaps, although it is over for the moment. It reports whether it did.
func (d *Dispatcher) hold(m *member, s Signal) bool {
	if !m.open || s.Transition.To != OK || s.Note != "" || s.Stopped {
		return false
	}
	if n, _ := d.changesAt(s.ID, s.At); !m.flapping && (d.opts.FlapChanges <= 0 || n <= d.opts.FlapChanges) {
		return false
	}
	m.sig, m.held, m.flapping = s, true, true
	return true
}

// judgeFlapping notes at a tick whether a member flaps, lets go of one that has calmed down, and returns when that may be.
func (d *Dispatcher) judgeFlapping(in *incident, m *member, at int64) (next int64) {
	n, calm := d.changesAt(m.sig.ID, at)
	m.changes = n
	switch {
	case m.open && d.opts.FlapChanges > 0 && n > d.opts.FlapChanges:
		m.flapping = true
	case m.flapping && (d.opts.FlapChanges <= 0 || n <= d.opts.FlapChanges/2):
		m.flapping = false
		if m.held {
			m.held, m.open, m.endsAt = false, false, m.sig.Transition.T
			in.open--
			d.stale = true
		}
	}
	if m.flapping && calm > at {
		return calm
	}
	return math.MaxInt64
}

// flapText says that an alarm flaps, "" if it does not.
func flapText(v AlarmView) string {
	if v.Flapping == 0 {
		return ""
	}
	text := fmt.Sprintf("flapping, %d changes in the last hour, held open until it calms down", v.Flapping)
	if v.State == OK.String() {
		text += ", OK now"
	}
	return text
}
