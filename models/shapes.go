package models

import "math"

// Size of a library of shapes.
const (
	shapePoints  = 32  // of a window
	shapesKept   = 32  // of a generation
	shapeStride  = 8   // points between two windows that are offered
	shapeTurn    = 252 // windows offered to a generation: a week at five minutes
	shapeMemory  = 2000.0
	shapeLeast   = 0.3  // of the usual deviation: what moves less has no shape
	shapeFloor   = 0.01 // of a distance: the least usual difference that is believed in
	shapeKey     = 0x7368617065
	shapeUnit    = "× usual, farther from any typical shape"
	shapeCounted = 4096 // points that the tail remembers
)

// shape is a window of deviations from level and season of mean 0 and length 1: of the same shape are those that differ in place and size alone.
type shape [shapePoints]float32

// shapes is a library of a series' typical shapes, and how far from the nearest of them it usually is. The distance of two z-normalised windows of n
// points is 2n(1−ρ) in squares, ρ their correlation (Yeh et al. 2016, "Matrix Profile I", ICDM, section II); here it is 1−ρ, in [0, 2]. Windows of calm points are
// drawn into the next generation by reservoir sampling (Vitter 1985, algorithm R); it judges when it is complete and does not change any more, so
// that neither an incident nor a window's own neighbours can make it usual.
type shapes struct {
	last    [shapePoints - 1]float32 // deviations over their usual size, newest first
	run     int32                    // points in a row that are there
	calm    int32                    // of them, calm ones in a row
	offered int32                    // windows offered to the next generation
	drawn   int64                    // to all
	judging bool
	now     [shapesKept]shape
	next    [shapesKept]shape
	mean    float32 // of the distance
	size    float32 // mean absolute difference from it
	learnt  int32   // points in them
	tail    lone

	away int32            // points since an excursion of the distance began, 0 outside one
	held [tailBins]uint16 // their counts, which come when it is over, as with the other statistics of many points
}

var shapePrior = newPrior(priorWeight, 0.03, 8, 0, exponential(1, 0.9))

func newShapes() *shapes { return &shapes{tail: newLone(shapePrior)} }

// window is the shape of the newest points, of which u is the last, and whether they have one.
func (h *shapes) window(u float64) (s shape, ok bool) {
	s[0] = float32(u)
	copy(s[1:], h.last[:])
	sum, squares := float32(0), float32(0)
	for _, v := range s {
		sum += v
	}
	mean := sum / shapePoints
	for i, v := range s {
		s[i] = v - mean
		squares += float32(s[i] * s[i])
	}
	length := float32(math.Sqrt(float64(squares)))
	if length < shapeLeast*float32(math.Sqrt(shapePoints)) {
		return s, false
	}
	for i := range s {
		s[i] /= length
	}
	return s, true
}

// nearest is the distance of s from the nearest shape of the library.
func (h *shapes) nearest(s *shape) float64 {
	most := float32(-1)
	for k := range h.now {
		var rho [4]float32 // sums side by side, which do not wait for each other
		for i := 0; i < shapePoints; i += 4 {
			rho[0] += float32(s[i] * h.now[k][i])
			rho[1] += float32(s[i+1] * h.now[k][i+1])
			rho[2] += float32(s[i+2] * h.now[k][i+2])
			rho[3] += float32(s[i+3] * h.now[k][i+3])
		}
		most = max(most, (rho[0]+rho[1])+(rho[2]+rho[3]))
	}
	return float64(1 - most)
}

// shaped is the evidence of a point's window.
type shaped struct {
	statistic float64 // 1 is usual
	distance  float64
	known     bool // there is a window, and a library to compare it with
}

// compare is the evidence of a point that is u usual deviations away.
func (h *shapes) compare(u float64) (out shaped) {
	if !h.judging || h.run < shapePoints-1 {
		return out
	}
	s, ok := h.window(u)
	if !ok {
		return out
	}
	out.distance, out.known = h.nearest(&s), true
	if h.learnt >= shapePoints {
		out.statistic = max(0, 1+(out.distance-float64(h.mean))/max(float64(h.size), shapeFloor))
	}
	return out
}

// surprise is that of the evidence, for itself.
func (h *shapes) surprise(e *shaped) float64 {
	if !e.known || e.statistic <= 0 {
		return 0
	}
	return h.tail.with(shapePrior).surprise(e.statistic, 1)
}

// count counts the evidence of a point, at most as the value of the given surprise.
func (h *shapes) count(s *settings, e *shaped, surprise float64) {
	if !e.known {
		return
	}
	a, v := h.tail.with(shapePrior), e.statistic
	own := a.surprise(v, 1)
	if math.IsInf(surprise, 1) {
		h.learn(e.distance)
	} else {
		v = min(v, a.value(power10(-surprise)))
	}
	switch {
	case h.away == 0 && own >= excursionFrom:
		h.away, h.held = 1, [tailBins]uint16{}
	case h.away > 0:
		h.away++
	}
	if h.away == 0 {
		a.learn(v)
	} else {
		h.held[binOf(v)]++
		if own < excursionTo || int64(h.away)*s.step >= excursionLongest.Milliseconds() {
			h.settle()
		}
	}
	if h.learnt%tailEvery == 0 {
		a.forget(1 - tailEvery/shapeCounted)
		a.fit()
	}
}

// settle counts what an excursion has withheld.
func (h *shapes) settle() {
	h.tail.with(shapePrior).add(&h.held)
	h.away = 0
}

func (h *shapes) learn(distance float64) {
	h.learnt = min(h.learnt+1, math.MaxInt32-1)
	if h.learnt > 2*shapePoints { // an anomaly is not to become usual
		distance = min(distance, float64(h.mean)+float64(4*h.size))
	}
	rate := max(1/float64(h.learnt), 1/shapeMemory)
	blend(&h.mean, distance, rate)
	blend(&h.size, math.Abs(distance-float64(h.mean)), rate)
}

// move makes u the newest point. A calm window may become part of the next generation.
func (h *shapes) move(s *settings, u float64, calm bool) {
	u = min(max(u, -devClip), devClip)
	if h.calm = min(h.calm+1, 1<<20); !calm {
		h.calm = 0
	}
	if calm && h.calm >= shapePoints && h.run >= shapePoints && h.calm%shapeStride == 0 {
		if w, ok := h.window(u); ok {
			h.offer(s, &w)
		}
	}
	copy(h.last[1:], h.last[:])
	h.last[0] = float32(u)
	h.run = min(h.run+1, 1<<20)
}

// offer draws a window into the next generation, or passes it over. A complete generation takes over.
func (h *shapes) offer(s *settings, w *shape) {
	at := int(h.offered)
	if at >= shapesKept {
		random := newCounter(s.seed, shapeKey, uint64(h.drawn))
		at = random.below(int(h.offered) + 1)
	}
	h.offered++
	h.drawn++
	if at < shapesKept {
		h.next[at] = *w
	}
	if h.offered == shapeTurn {
		h.now, h.judging, h.offered = h.next, true, 0
		if h.learnt > shapePoints { // the distance from another library is much alike, and is learnt anew sooner
			h.learnt = min(h.learnt, int32(shapeMemory)/4)
		}
	}
}

// miss notes a missing value: a window has none.
func (h *shapes) miss() { h.run, h.calm = 0, 0 }

func (h *shapes) visit(c *codec) {
	c.f32s(h.last[:])
	c.i32(&h.run, &h.calm, &h.offered, &h.learnt)
	c.within("windows offered", float64(h.offered), 0, shapeTurn-1)
	c.i64(&h.drawn)
	c.bool(&h.judging)
	for k := range shapesKept {
		c.f32s(h.now[k][:])
		c.f32s(h.next[k][:])
	}
	c.f32(&h.mean)
	c.f32(&h.size)
	c.i32(&h.away)
	c.within("points of an excursion", float64(h.away), 0, math.MaxUint16)
	for i := range h.held {
		c.u16(&h.held[i])
	}
	h.tail.with(shapePrior).visit(c)
}
