package quality

import (
	"fmt"
	"math/bits"
	"time"
)

const (
	silentSteps = 5           // points without any value, at least
	silentFor   = 10 * 60_000 // and so long, milliseconds
	silentTimes = 3           // and so many times the longest silence before
	sparseAfter = 500         // columns after which a detector is known to report always
	reports     = 0.99        // share of columns with values of one that does
	gapWindow   = 30          // columns in which gaps are counted
	gapsFrom    = 6           // missing ones among them that are a verdict
	gapsApart   = 3           // in so many gaps
	gapsUntil   = 2           // until so few are missing
	usualRate   = 1.0 / 512   // of the mean share of columns with a value
	window      = 1<<gapWindow - 1
)

// sparse is how a detector as a whole reports.
type sparse struct {
	seen    int64 // grid time of the newest column with a value
	usually float64
	longest int64 // silence before, milliseconds
	stale   bool
}

// silence finds that nothing comes any more from any series, where something always came. A series that ends alone is left to
// itself, unless max_gap was declared: targets come and go.
func (m *Monitor) silence(t int64, ms []Member) {
	s, heard, quiet := &m.sparse, false, 0
	for i := range ms {
		heard = heard || ms[i].present()
		if g := m.expect.MaxGap.Milliseconds(); g > 0 && ms[i].S.n > 0 {
			if since := t - ms[i].S.seen; !ms[i].present() && since > g && since < max(goneAfter, 4*g) {
				quiet++
			}
		}
	}
	if heard {
		if s.seen != 0 {
			s.longest = max(s.longest, t-s.seen-m.expect.step())
		}
		if s.stale { // what was a fault is not what usually happens
			s.longest = 0
		}
		s.seen = t
	}
	if s.seen == 0 {
		return
	}
	limit := m.maxGap()
	s.stale = quiet > 0 || !heard && t-s.seen > limit && (m.expect.MaxGap > 0 || m.columns > sparseAfter && s.usually >= reports)
	if s.stale && !heard {
		m.say(Stale, fmt.Sprintf("no series has had a value for %s; up to %s is usual", span(t-s.seen), span(limit)))
	} else if s.stale {
		m.say(Stale, fmt.Sprintf("%d series have had no value for more than max_gap, %s", quiet, span(limit)))
	}
	if !s.stale {
		share := 0.0
		if heard {
			share = 1
		}
		s.usually += float64(max(usualRate, 1/float64(m.columns)) * (share - s.usually))
	}
}

// maxGap is how long the detector may be silent, in milliseconds: as declared, else inferred from its longest silence.
func (m *Monitor) maxGap() int64 {
	if g := m.expect.MaxGap.Milliseconds(); g > 0 {
		return g
	}
	return max(silentFor, silentSteps*m.expect.step(), silentTimes*m.sparse.longest)
}

func span(ms int64) string { return (time.Duration(ms) * time.Millisecond).String() }

// miss notes whether there is a value in a column, and whether the series has gaps that it usually has not.
func (s *Series) miss(t int64, present bool) {
	if s.n == 0 || !present && !s.live(t) {
		s.missed, s.gappy = 0, false
		return
	}
	s.missed <<= 1
	share := 1.0
	if !present {
		s.missed |= 1
		share = 0
	}
	m := s.missed & window
	lost := bits.OnesCount32(m)
	gaps := bits.OnesCount32(m &^ (m << 1))
	if s.gappy {
		s.gappy = lost > gapsUntil
	} else {
		s.gappy = s.n >= sparseAfter && s.usually >= reports && lost >= gapsFrom && gaps >= gapsApart
	}
	if !s.gappy {
		s.usually += float64(max(usualRate, 1/float64(s.n)) * (share - s.usually))
	}
}

func gapText(mb *Member) string {
	return fmt.Sprintf("%d of the last %d points of %s are missing; %.3g %% is usual", bits.OnesCount32(mb.S.missed&window), gapWindow, mb.Series.Labels, 100*(1-mb.S.usually))
}
