package models

import (
	"math"
	"slices"
	"strconv"

	"github.com/tidewatch/tidewatch"
)

var _ = register(Spec{
	Kind:  "peer",
	Doc:   "Replicas judged against each other: how far each is from where it usually is beside the group's median; the one that leaves the others alarms.",
	New:   newPeer,
	Joint: true,
	Least: leastPeers,
})

const (
	leastPeers = 3    // with two nobody can say which of them has left the other
	unitShare  = 0.05 // of the usual median: values well above it are compared by their ratio, values below by their difference
	unitMemory = 8192.0
	peersSaid  = 0.5 // a member whose part is at least this share of the largest is named
)

// peers makes of a joint model one of replicas. Each member's value is compared with the median of all, on a logarithmic scale that is
// linear near zero (asinh), so that a group of any size and unit is judged alike, and a replica that is slower by a constant factor is at a constant
// distance. The distance is what the member's course (level, seasons, short memory, noise) is learnt of: its usual offset is its normal. The
// median is that of what is left when each is freed from its expected distance, so one of three that leaves moves it by noise alone.
type peers struct {
	unit   float64   // of the scale, from the usual median of |x|
	learnt int32     // points in it
	middle float64   // median of |x| at the point judged: a cache
	sorted []float64 // room for one
}

func newPeer(c Config) (Model, error) {
	if err := checkConfig(c); err != nil {
		return nil, err
	}
	c.Min, c.Max = math.Inf(-1), math.Inf(1) // a distance has no valid range
	m, err := newJoint(c)
	if err != nil {
		return nil, err
	}
	j := m.(*joint) //nolint:errcheck // newJoint makes nothing else
	j.peers = &peers{}
	j.common.resize(0)
	return j, nil
}

// distances fills j.x's finite values' distances from the group into out: what each member's channel sees. NaN where there is no value.
func (m *joint) distances(ph phase, out []float64) {
	p, j := m.peers, &m.now
	p.sorted = p.sorted[:0]
	for _, x := range j.x {
		if x = clean(x); !math.IsNaN(x) {
			p.sorted = append(p.sorted, math.Abs(x))
		}
	}
	p.middle = median(p.sorted)
	unit := p.unit
	if p.learnt == 0 {
		unit = p.middle
	}
	unit = max(unitShare*unit, math.SmallestNonzeroFloat64*1e10)
	p.sorted = p.sorted[:0]
	known := false
	for i := range m.channels {
		w := &m.channels[i]
		out[i] = math.Asinh(min(max(clean(j.x[i])/unit, -hugeValue), hugeValue))
		if math.IsNaN(out[i]) {
			continue
		}
		switch warm := w.warm(m.settings); {
		case warm && !known: // those whose distance is known decide, where there are any
			known, p.sorted = true, append(p.sorted[:0], out[i]-w.expect(m.settings, ph).mid)
		case warm:
			p.sorted = append(p.sorted, out[i]-w.expect(m.settings, ph).mid)
		case !known:
			p.sorted = append(p.sorted, out[i])
		}
	}
	center := median(p.sorted)
	for i := range out {
		out[i] -= center
	}
}

// median of values, which it reorders; 0 of none.
func median(v []float64) float64 {
	n := len(v)
	if n == 0 {
		return 0
	}
	slices.Sort(v)
	if n%2 == 1 {
		return v[n/2]
	}
	return (v[n/2-1] + v[n/2]) / 2
}

// own is the evidence that a member has left the others.
func (c *channelJudgement) own() float64 { return c.fast + float64(slowShare*c.slow) }

// compare makes the group's statistic of its members': the largest, as one replica alone may leave. Fewer than leastPeers say nothing.
func (m *joint) compare(j *jointJudgement) {
	largest := 0.0
	for i := range m.channels {
		w, c := &m.channels[i], &j.channels[i]
		c.fast = w.fast + float64((float64(c.bent*c.bent)-w.fast)/fastMemory)
		c.slow = w.slow + float64((c.apart-w.slow)/slowMemory)
		largest = max(largest, c.own())
	}
	if j.ready < leastPeers {
		j.present = 0 // nothing to judge, nothing to count
		return
	}
	j.fast = largest
	j.statistic = largest / max(m.usual, usualLeast)
}

// learn takes a calm point into the unit.
func (p *peers) learn() {
	p.learnt = min(p.learnt+1, 1<<30)
	p.unit += float64(max(1/float64(p.learnt), 1/unitMemory) * (p.middle - p.unit))
}

// explain names the members that have left, the statistic shared out by their evidence.
func (m *joint) explainPeers(j *jointJudgement, out *tidewatch.Explanation) {
	largest, sum := j.fast, 0.0
	for i := range j.channels {
		if own := j.channels[i].own(); own >= peersSaid*largest {
			sum += own
		}
	}
	for i := range j.channels {
		if own := j.channels[i].own(); sum > 0 && own >= peersSaid*largest {
			share := j.statistic * own / sum
			out.Statistic += share
			out.Features = append(out.Features, tidewatch.Term{Name: strconv.Itoa(i), Value: share})
		}
	}
}

func (p *peers) visit(c *codec) {
	c.f64(&p.unit)
	c.within("unit", p.unit, 0, hugeValue)
	c.i32(&p.learnt)
	c.within("points of the unit", float64(p.learnt), 0, 1<<30)
}
