package quality

import (
	"fmt"
	"time"
)

// IntervalCount is over how many intervals samples are counted, and IntervalMissed the share of them from which on they come too
// seldom: jitter moves one in or out.
const (
	IntervalCount  = 10
	IntervalMissed = 0.25
)

// apart reports whether samples come less often than was declared, for longer than a series that has just begun would seem to.
func (m *Monitor) apart(mb *Member) bool {
	s := mb.S
	if !mb.present() || mb.Missed < IntervalMissed {
		if s.seldom != nil {
			s.seldom.apart = 0
		}
		return false
	}
	k := s.rarely()
	k.apart = more(k.apart)
	return int64(k.apart)*m.expect.step() > IntervalCount*m.expect.Interval.Milliseconds()
}

func (m *Monitor) apartText(mb *Member) string {
	every := time.Duration(float64(m.expect.Interval) / max(1-mb.Missed, 1.0/IntervalCount))
	return fmt.Sprintf("samples of %s come every %s; expect_interval is %s", mb.Series.Labels, every.Round(time.Second), m.expect.Interval)
}
