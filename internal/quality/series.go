package quality

import (
	"math"

	"github.com/tidewatch/tidewatch"
)

// Series is what is remembered of one series. The zero value is a series of which nothing was seen.
type Series struct {
	seen    int64   // grid time of the newest value, Unix milliseconds
	last    float64 // the newest value
	level   float64 // of ln|x|, in the unit that is known, with its trend per column: Holt's exponential smoothing
	trend   float64
	spread  float64 // mean distance of a value from what was forecast of it
	usually float64 // long mean share of columns with a value
	seldom  *seldom // nil: nothing
	n       int32   // values taken
	run     int32   // equal values in a row, the newest included
	longest int32   // the most of them before
	missed  uint32  // one bit per column, bit 0 the newest: no value
	held    Reason  // of the newest column
	frozen  bool    // by Constant
	fresh   bool    // by Cardinality: it came with the explosion
	gappy   bool
	reset   bool // what was learnt of the series holds no more
}

// Member is a series in a column: its value, NaN where there is none, and what the samples behind it say.
type Member struct {
	Series tidewatch.Series
	S      *Series
	X      float64
	Resets float64 // how often each counter behind it fell in the last 5 minutes, on average; 0 where few did or it is unknown
	Missed float64 // share of the samples missing that Expect.Interval lets expect; 0 where few are or it is unknown
}

func (m *Member) present() bool { return !math.IsNaN(m.X) }

// Held is why the newest column's value is withheld, None if it is not, and since when (grid time, Unix milliseconds).
func (s *Series) Held() (r Reason, since int64) { return s.held, s.few().since }

// hold notes why the value of the column t is withheld.
func (s *Series) hold(r Reason, t int64) {
	switch {
	case r == s.held:
		return
	case r != None:
		s.rarely().since = t
	case s.seldom != nil:
		s.seldom.since = 0
	}
	s.held = r
}

// TakeReset reports, once, that the series goes on in another unit for good: what was learnt of it holds no more.
func (s *Series) TakeReset() bool {
	r := s.reset
	s.reset = false
	return r
}

const (
	goneAfter = 3_600_000 // a series without a value for so long has stopped reporting
	mature    = 120       // values from which on a series' own level counts
	levelRate = 0.3
	trendRate = 0.05
	scaleRate = 1.0 / 64
	absToSD   = 1.2533 // √(π/2): standard deviation of a normal from its mean absolute deviation
)

// live reports whether there was a value within goneAfter of t.
func (s *Series) live(t int64) bool { return s.n > 0 && t-s.seen < goneAfter }

// sd is the noise of ln|x|.
func (s *Series) sd() float64 { return absToSD * s.spread }

// typical reports whether x is one of the values that the series usually has.
func (s *Series) typical(x float64) bool {
	l, ok := logOf(x)
	return ok && s.sameSign(x) && math.Abs(l-s.level) <= max(3*s.sd(), 0.01)
}

func (s *Series) sameSign(x float64) bool { return (x < 0) == (s.last < 0) && s.last != 0 }

// logOf is ln|x|; ok is false where it says nothing.
func logOf(x float64) (l float64, ok bool) {
	if x == 0 || math.IsInf(x, 0) {
		return 0, false
	}
	return math.Log(math.Abs(x)), true
}

// more is one more, of a count that may stop at its limit.
func more(n int32) int32 { return min(n, math.MaxInt32-1) + 1 }

// take notes the value of a column after it was checked. level is ln|x| in the known unit; calm that it may be learnt.
func (s *Series) take(t int64, x, level float64, calm bool) {
	if s.n == 0 {
		s.level = level
	}
	same := s.n > 0 && x == s.last
	if same {
		s.run = more(s.run)
	} else {
		if !s.frozen {
			s.longest = max(s.longest, s.run)
		}
		s.run = 1
	}
	if calm && !same {
		s.level += s.trend
		d := level - s.level
		s.spread += float64(max(scaleRate, 1/float64(s.n+1)) * (math.Abs(d) - s.spread)) // a plain mean at first
		s.level += float64(levelRate * d)
		s.trend += float64(levelRate * trendRate * d)
	}
	s.seen, s.last, s.n = t, x, more(s.n)
}
