package models

import (
	"math"
	"sync"
	"time"
)

// slowTails are the tails of the statistics that rest on many points.
var slowTails = [...]int{tailSustained, tailShift, tailVariance}

// An excursion of a statistic of many points begins at the surprise excursionFrom and ends below excursionTo, or after excursionLongest: what
// lasts longer is how the series is.
const (
	excursionFrom    = 1.5 // decades
	excursionTo      = 0.7
	excursionLongest = 6 * time.Hour
)

// withheld are the counts of slowTails since an excursion began. Such a statistic grows over many points: were each counted at once, the
// first would make the last look usual.
type withheld struct {
	points int32
	counts [len(slowTails)][tailBins]uint16
}

// withhelds lends their memory to the few rows that are in an excursion.
var withhelds = sync.Pool{New: func() any { return new(withheld) }}

// excursion notes where an excursion begins and ends. At its end it is counted.
func (w *row) excursion(s *settings, j *judgement) {
	if !j.slow {
		return
	}
	h := w.withheld()
	if h == nil {
		if j.away(excursionFrom) {
			h = withhelds.Get().(*withheld) //nolint:errcheck // the pool holds nothing else
			*h = withheld{}
			w.rarely().withheld = h
		}
		return
	}
	h.points++
	if j.away(excursionTo) && int64(h.points)*s.step < excursionLongest.Milliseconds() {
		return
	}
	for i, k := range slowTails {
		w.tails.add(k, &h.counts[i])
	}
	withhelds.Put(h)
	w.seldom.withheld = nil
}

// away reports whether one of the statistics of many points has at least so many decades of surprise.
func (j *judgement) away(surprise float64) bool {
	for _, k := range slowTails {
		if j.decades[k] >= surprise {
			return true
		}
	}
	return false
}

// withholds counts v of tail k for later, if an excursion is under way and the tail is a slow one.
func (w *row) withholds(k int, v float64) bool {
	h := w.withheld()
	if h == nil {
		return false
	}
	for i, slow := range slowTails {
		if k == slow {
			h.counts[i][binOf(v)]++
			return true
		}
	}
	return false
}

func (h *withheld) visit(c *codec) {
	c.i32(&h.points)
	c.within("points of an excursion", float64(h.points), 0, math.MaxUint16)
	for i := range h.counts {
		for b := range h.counts[i] {
			c.u16(&h.counts[i][b])
		}
	}
}
