package quality

import "fmt"

const (
	lateShare = 0.05 // of the points read again that have changed
	lateFew   = 3    // of them, at least
	lateCalm  = 3    // times read again without one until it is over
)

// late is whether points change after they were decided.
type late struct {
	on   bool
	calm int
	text string
}

// Again takes points that were decided before and were read once more: how many were compared, how many have become another
// value, and how many have come where there was none. What was decided stays decided.
func (m *Monitor) Again(compared, changed, came int) {
	l := &m.late
	if m.expect.Off || compared == 0 {
		return
	}
	if n := changed + came; n >= lateFew && float64(n) >= lateShare*float64(compared) {
		l.on, l.calm = true, 0
		l.text = fmt.Sprintf("of %d points read again, %d had come after their time was decided and %d had changed; a longer delay waits for them", compared, came, changed)
		return
	}
	if l.calm++; l.calm >= lateCalm {
		*l = late{}
	}
}
