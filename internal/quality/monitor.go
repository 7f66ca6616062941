package quality

import (
	"math"
	"slices"
)

// Monitor watches the data of one detector.
type Monitor struct {
	expect  Expect
	columns int // seen, from the first that had a value
	sparse  sparse
	count   count
	schema  schema
	late    late
	shift   shift
	days    int // series of the column that are compared with yesterday

	open [NumReasons]Verdict // those under way have a Since
	said [NumReasons]string  // what the newest column's checks had to say
}

// New returns a Monitor that has seen nothing.
func New(e Expect) *Monitor { return &Monitor{expect: e} }

// With is the Monitor with other expectations; what was inferred stays. m is not to be used any more, or the other is not.
func (m *Monitor) With(e Expect) *Monitor {
	next := *m
	next.expect = e
	return &next
}

// Column takes the members of one grid time, in a fixed order, and says which verdicts began and ended. Members' S.Held tell
// whose value is withheld.
func (m *Monitor) Column(t int64, ms []Member) []Change {
	if m.expect.Off {
		return nil
	}
	if m.columns == 0 && !anyPresent(ms) {
		return nil // there is nothing yet: history may reach back further than the data
	}
	m.said = [NumReasons]string{}
	m.columns++
	if m.late.on {
		m.say(Late, m.late.text)
	}
	m.resets(t, ms)
	m.units(t, ms)
	m.constants(ms)
	m.shifts(t, ms)
	m.labels(t, ms)
	m.copies(t, ms)
	m.explosion(t, ms)
	m.silence(t, ms)
	var n [NumReasons]int
	m.days = 0
	for i := range ms {
		if ms[i].S.day() != nil {
			m.days++
		}
	}
	for i := range ms {
		m.settle(t, &ms[i], &n)
	}
	return m.turn(t, ms, &n)
}

func anyPresent(ms []Member) bool {
	return slices.ContainsFunc(ms, func(m Member) bool { return m.present() })
}

// settle chooses the reason for which a member is withheld, and learns from it what may be learnt.
func (m *Monitor) settle(t int64, mb *Member, n *[NumReasons]int) {
	s := mb.S
	s.miss(t, mb.present())
	switch {
	case s.gappy:
		n[Gaps]++
		m.say(Gaps, gapText(mb))
	case m.apart(mb):
		n[Gaps]++
		m.say(Gaps, m.apartText(mb))
	}
	r := None
	if mb.present() {
		r = m.reason(mb)
		l, ok := logOf(mb.X)
		u := s.unit()
		if u.at != 0 {
			l -= signedLog(u.factor)
		}
		calm := ok && u.away == 0 && (r == None || r == Duplicate) || u.at != 0
		if !ok {
			l = s.level
		}
		if r == None {
			m.yesterday(t, mb)
		}
		s.take(t, mb.X, l, calm)
	} else if s.live(t) {
		r = s.held // a fault is not over because of a gap
	}
	s.hold(r, t)
	if r != None && (r != UnitJump || !s.unit().doubt) {
		n[r]++
	}
	s.tidy()
}

// yesterday takes a value of a series that is compared with yesterday, or is from now on because others do not suffice.
func (m *Monitor) yesterday(t int64, mb *Member) {
	if d := mb.S.day(); d != nil {
		d.take(t, mb.X)
	} else if m.days < compared && m.expect.step() <= slot {
		m.days++
		d = newDay(t)
		d.take(t, mb.X)
		mb.S.rarely().day = d
	}
}

func (m *Monitor) reason(mb *Member) Reason {
	s, u := mb.S, mb.S.unit()
	switch {
	case s.storms():
		return Resets
	case u.at != 0 || u.doubt && u.away > 0:
		return UnitJump
	case m.expect.outside(mb.X, math.Exp(s.level)):
		m.say(OutOfRange, outsideText(mb, &m.expect))
		return OutOfRange
	case m.lacks(mb):
		return Schema
	case s.seldom != nil && s.seldom.twin.copied:
		return Duplicate
	case m.shift.sure():
		return TimeShift
	case s.frozen:
		return Constant
	case s.fresh:
		return Cardinality
	}
	return None
}

// say keeps what a check found, for the verdict's text; the first word of a column counts.
func (m *Monitor) say(r Reason, text string) {
	if m.said[r] == "" {
		m.said[r] = text
	}
}

// turn opens and closes verdicts after a column in which n series had each reason.
func (m *Monitor) turn(t int64, ms []Member, n *[NumReasons]int) []Change {
	var out []Change
	whole := [NumReasons]bool{Stale: m.sparse.stale, Schema: m.schema.changed(), Late: m.late.on, Cardinality: m.count.on}
	for r := None + 1; r < NumReasons; r++ {
		v := &m.open[r]
		on := n[r] > 0 || whole[r]
		switch {
		case on && v.Since == 0:
			*v = Verdict{Reason: r, Since: t, Series: n[r], Of: alive(t, ms), Text: m.said[r]}
			out = append(out, Change{Verdict: *v, T: t})
		case on:
			v.Series, v.calm = n[r], 0
			if v.Text == "" {
				v.Text = m.said[r]
			}
		case v.Since != 0:
			v.Series = 0
			if v.calm++; v.calm >= calmColumns {
				out = append(out, Change{Verdict: *v, T: t, Over: true})
				*v = Verdict{}
			}
		}
	}
	return out
}

// calmColumns are those without a fault after which its verdict is over; what is good is judged from the first of them on.
const calmColumns = 10

func alive(t int64, ms []Member) (n int) {
	for i := range ms {
		if ms[i].S.live(t) {
			n++
		}
	}
	return n
}

// Tell returns the verdicts under way that have not been told yet, and marks them as told.
func (m *Monitor) Tell() []Verdict {
	var out []Verdict
	for r := range m.open {
		if v := &m.open[r]; v.Since != 0 && !v.Told {
			v.Told = true
			out = append(out, *v)
		}
	}
	return out
}

// Open are the verdicts under way, in order of their reason.
func (m *Monitor) Open() []Verdict {
	var out []Verdict
	for r := range m.open {
		if m.open[r].Since != 0 {
			out = append(out, m.open[r])
		}
	}
	return out
}
