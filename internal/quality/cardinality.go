package quality

import "fmt"

const (
	explodes    = 3          // times the usual number of series
	explodesBy  = 20         // and so many more, at least
	countAfter  = 240        // columns after which the usual number is known
	countAccept = 21_600_000 // an explosion is the new normal after so long, milliseconds
	countRate   = 1.0 / 256
)

// count is how many series a detector usually has.
type count struct {
	usual float64
	on    bool
	since int64
}

// explosion finds many times as many series as usual. Those that came with it are withheld until it is over.
func (m *Monitor) explosion(t int64, ms []Member) {
	c := &m.count
	n := 0.0
	for i := range ms {
		if ms[i].present() {
			n++
		}
	}
	limit := explodes*c.usual + explodesBy
	switch {
	case !c.on && m.columns > countAfter && n > limit:
		c.on, c.since = true, t
		m.say(Cardinality, fmt.Sprintf("%.0f series, usually %.0f", n, c.usual))
	case c.on && (n <= limit/2 || t-c.since >= countAccept):
		c.on = false
		if n > limit/2 {
			c.usual = n
		}
		for i := range ms {
			ms[i].S.fresh = false
		}
	}
	if c.on {
		for i := range ms {
			if s := ms[i].S; s.n == 0 {
				s.fresh = true
			}
		}
		return
	}
	if n == 0 {
		return // an outage does not change how many there are
	}
	c.usual += float64(max(countRate, 1/float64(m.columns)) * (n - c.usual))
}
