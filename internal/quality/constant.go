package quality

import "fmt"

const (
	frozenAfter = 6   // equal values in a row, at least
	frozenTimes = 4   // and so many times the longest run before
	movesFor    = 240 // values after which a series is known to move
)

// constants finds several series that stand still from the same moment on, each at one of its usual values, where they always
// moved: an exporter that repeats itself. One series alone, zeros, and series frozen at an unusual value are left to the alarm.
func (m *Monitor) constants(ms []Member) {
	candidates := 0
	for i := range ms {
		s := ms[i].S
		if !ms[i].present() {
			continue
		}
		if s.frozen = s.frozen && ms[i].X == s.last; s.frozen {
			continue
		}
		if s.stands(ms[i].X) {
			candidates++
		}
	}
	if candidates < several {
		return
	}
	m.eachScope(ms, moves, func(of []int) bool {
		var still []int
		for _, i := range of {
			if s := ms[i].S; !s.frozen && s.stands(ms[i].X) {
				still = append(still, i)
			}
		}
		if len(still) < several || float64(len(still)) < 0.8*float64(len(of)) {
			return false
		}
		for _, i := range still {
			ms[i].S.frozen = true
		}
		m.say(Constant, fmt.Sprintf("values have been the same for %d points; the longest run before was %d", ms[still[0]].S.run+1, ms[still[0]].S.longest))
		return true
	})
}

func moves(m *Member) bool { return m.present() && m.S.n >= movesFor && m.S.longest <= 8 }

// stands reports whether x goes on a run that is too long for a series that moves.
func (s *Series) stands(x float64) bool {
	return s.n >= movesFor && x == s.last && s.run+1 >= max(frozenAfter, frozenTimes*s.longest) && s.typical(x) && !saturated(x)
}
