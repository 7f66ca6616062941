package engine

import (
	"maps"
	"slices"
)

// lately are the heights that each series has risen to within oneEpisode, where each series has a budget of its own: what rises again no
// higher than a short while ago continues an episode. Series that have not risen lately are not in it.
type lately map[uint64][]peak

// peak is a rise to below the limit of bin hi.
type peak struct {
	t  int64
	hi int32
}

// fresh enters a rise and gives the lowest bin that it is a new episode for. Of a series' peaks those are kept that no newer one is as high
// as, the oldest first.
func (l lately) fresh(r rise) int32 {
	peaks := l[r.series]
	lo := r.lo
	kept := peaks[:0]
	for _, p := range peaks {
		if r.t-p.t >= oneEpisode.Milliseconds() {
			continue
		}
		lo = max(lo, p.hi)
		if p.hi > r.hi {
			kept = append(kept, p)
		}
	}
	l[r.series] = append(kept, peak{r.t, r.hi})
	return lo
}

// forget leaves out the series whose episodes are over at grid time t.
func (l lately) forget(t int64) {
	maps.DeleteFunc(l, func(_ uint64, peaks []peak) bool {
		return t-peaks[len(peaks)-1].t >= oneEpisode.Milliseconds()
	})
}

func (e *encoder) lately(l lately) {
	e.uint(len(l))
	for _, id := range slices.Sorted(maps.Keys(l)) {
		e.u64(id)
		e.uint(len(l[id]))
		for _, p := range l[id] {
			e.i64(p.t)
			e.uint(int(p.hi))
		}
	}
}

func (d *decoder) lately() lately {
	l := lately{}
	for range d.count(18) {
		id := d.u64()
		peaks := make([]peak, d.count(9))
		for i := range peaks {
			peaks[i] = peak{d.i64(), int32(d.uint())}
		}
		if len(peaks) == 0 {
			d.err = errShort
			return l
		}
		l[id] = peaks
	}
	return l
}
