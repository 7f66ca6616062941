package quality

import "fmt"

const (
	// ResetsFrom is from how many falls of each counter in ResetsWithin on there is a storm. A restart is one; a fall that is no restart counts twice. A container that crashes again and again falls twice
	// or more only in its first minutes, before Kubernetes waits five between two restarts.
	ResetsFrom = 2.0
	// ResetsUntil is from how many on a storm goes on.
	ResetsUntil = 1.5
	// ResetsWithin is the time in which falls are counted, milliseconds.
	ResetsWithin = 300_000
)

// resets finds counters that fall again and again: several processes that answer for one target, or write the same series. An
// increase over them takes each fall for a restart from zero and adds all that was ever counted. It lasts until the last fall is out
// of the expression's range.
func (m *Monitor) resets(t int64, ms []Member) {
	for i := range ms {
		s, n := ms[i].S, ms[i].Resets
		switch {
		case n >= ResetsFrom, s.storms() && n >= ResetsUntil:
			s.rarely().storm = t
			m.say(Resets, fmt.Sprintf("counters of %s fell %.3g times each in 5 minutes: several processes behind one target, or two that write the same series?", ms[i].Series.Labels, n))
		case s.storms() && t-s.seldom.storm >= m.expect.Window.Milliseconds():
			s.seldom.storm = 0
		}
	}
}
