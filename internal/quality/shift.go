package quality

import (
	"fmt"
	"math"
)

const (
	slot     = 1_800_000 // milliseconds: time zones are whole half hours apart
	perDay   = 48
	farthest = 24  // slots: half a day
	clearDay = 8.0 // how many times its own error a daily pattern must swing
	offFrom  = 4.0 // errors away from yesterday
	onWithin = 3.0 // errors away from yesterday at the shifted time
	agreeing = 0.8 // share of the series that must have a clear pattern, and of these that must agree
	closely  = 1.5 // errors away on average; 1 is usual
	fewest   = 6   // series
	errRate  = 1.0 / 256
	bothWays = 0.2 // of them that must have risen, and fallen
	misfits  = 6   // columns in a row that must not agree until a shift is over: noise makes one disagree now and then
)

// compared is how many series of a detector are compared with yesterday: whether all of them have another hour's values shows in as many.
const compared = 256

// day is what a series had yesterday: the mean of every half hour of the last 24.
type day struct {
	slots [perDay]float32
	full  int   // values ever compared with yesterday's
	cur   int64 // index of the slot under way
	sum   float64
	n     int
	err   float64 // mean distance from yesterday
	lo    float32 // range of the slots
	hi    float32
}

// shift is by how many half hours the data is early or, negative, late, and since when.
type shift struct {
	k     int // 0: it is not
	since int64
	off   int // columns in a row that have not agreed
}

func (s *shift) sure() bool { return s.k != 0 }

// at is the mean of the slot of t, of yesterday where t is not before today's.
func (d *day) at(t int64) float32 { return d.slots[floorMod(t/slot, perDay)] }

// newDay is the day of a series whose first value is at t.
func newDay(t int64) *day {
	d := &day{cur: t / slot}
	for k := range d.slots {
		d.slots[k] = float32(math.NaN())
	}
	return d
}

// take adds a value to the half hour under way; a complete one replaces yesterday's.
func (d *day) take(t int64, x float64) {
	i := t / slot
	if i != d.cur && d.n > 0 {
		d.close()
	}
	if y := d.expected(t); !math.IsNaN(y) {
		d.full++
		d.err += float64(max(errRate, 1/float64(d.full)) * (math.Abs(x-y) - d.err))
	}
	d.cur = i
	d.sum += x
	d.n++
}

func (d *day) close() {
	at := floorMod(d.cur, perDay)
	d.slots[at] = float32(d.sum / float64(d.n))
	d.sum, d.n = 0, 0
	d.lo, d.hi = d.slots[at], d.slots[at]
	for _, v := range d.slots {
		d.lo, d.hi = min(d.lo, v), max(d.hi, v) // NaN where one is
	}
}

// clear reports whether the series has a daily pattern that tells one hour from another.
func (d *day) clear() bool {
	return d.full >= mature && d.err > 0 && float64(d.hi-d.lo) >= clearDay*d.err
}

// expected is yesterday's value at the time of day of t, between the middles of two half hours.
func (d *day) expected(t int64) float64 {
	t -= slot / 2
	a, b := float64(d.at(t)), float64(d.at(t+slot))
	f := float64(floorMod(t, slot)) / slot
	return a + float64(f*(b-a))
}

// timed reports whether the member's value says something about the hour.
func (m *Member) timed() bool {
	u, d := m.S.unit(), m.S.day()
	return m.present() && !m.S.frozen && u.at == 0 && !u.doubt && d != nil && d.clear()
}

// shifts finds a detector whose series all have the value of another hour, the same for all, some of them above and some below
// what this hour has: a time stamp in another zone. Where all rise or all fall, it may as well be more or less traffic; where
// some series have no daily pattern, or do not fit as closely as on other days, it may be a fault: the alarm judges.
func (m *Monitor) shifts(t int64, ms []Member) {
	s := &m.shift
	if m.expect.step() > slot {
		return
	}
	if s.k != 0 {
		s.goOn(t, ms)
		return
	}
	live, timed, off := 0, 0, 0
	for i := range ms {
		if ms[i].present() && ms[i].S.day() != nil {
			live++
		}
		if ms[i].timed() {
			timed++
			if d := ms[i].S.day(); math.Abs(ms[i].X-d.expected(t)) >= offFrom*d.err {
				off++
			}
		}
	}
	if timed < fewest || float64(timed) < agreeing*float64(live) || off < (timed+1)/2 {
		return
	}
	if best := bestShift(t, ms); best != 0 {
		s.k, s.since = best, t
		m.say(TimeShift, fmt.Sprintf("%d of %d series are off, and together have the values of %+g h", off, timed, float64(best)/2))
	}
}

// goOn ends a shift after a day, when the values are those of the hour again, or when they have not been those of the shifted one for a while.
func (s *shift) goOn(t int64, ms []Member) {
	switch {
	case t-s.since >= perDay*slot, agreeOn(0, t, ms).fits():
		*s = shift{}
	case agreeOn(s.k, t, ms).fits():
		s.off = 0
	default:
		if s.off++; s.off >= misfits {
			*s = shift{}
		}
	}
}

// bestShift is the shift with which the series agree, of several the closest; 0 where none fits or all go one way.
func bestShift(t int64, ms []Member) int {
	best, closest := 0, math.Inf(1)
	for k := -farthest; k <= farthest; k++ {
		if k == 0 {
			continue
		}
		a := agreeOn(k, t, ms)
		least := bothWays * float64(a.timed)
		if a.fits() && float64(a.up) >= least && float64(a.down) >= least && a.distance < closest {
			best, closest = k, a.distance
		}
	}
	return best
}

// agreement is how well series have the values of a shifted time: how many of those that tell the hour do, and how many of them
// are far above and below what this hour has. distance is the sum over all of how far they are from it, in their usual errors.
type agreement struct {
	timed, n, up, down int
	distance           float64
}

// fits reports whether nearly all agree, as closely as on other days.
func (a agreement) fits() bool {
	return a.timed >= fewest && float64(a.n) >= agreeing*float64(a.timed) && a.distance <= closely*float64(a.timed)
}

func agreeOn(k int, t int64, ms []Member) (a agreement) {
	for i := range ms {
		if !ms[i].timed() {
			continue
		}
		d, x := ms[i].S.day(), ms[i].X
		e := math.Abs(x-d.expected(t+int64(k)*slot)) / d.err
		a.timed++
		a.distance += e
		if e > onWithin {
			continue
		}
		a.n++
		switch here := d.expected(t); {
		case x >= here+float64(offFrom*d.err):
			a.up++
		case x <= here-float64(offFrom*d.err):
			a.down++
		}
	}
	return a
}
