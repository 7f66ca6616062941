package models

import (
	"math"

	"github.com/tidewatch/tidewatch"
)

// course is what a series usually does: level, trend, seasons, short memory and noise. Every kind of model expects with it; what they make
// of the deviation differs.
type course struct {
	born         int64 // time of the first point
	level, trend float64
	noise        noise
	seldom       *seldom // nil: nothing

	points  int32   // seen and not missing
	learnt  int32   // of them, from calm points
	age     int32   // of the present estimates in learnt points, cut back when the expectation changes
	leap    float32 // the largest leap, which fades
	profile profile
	short   short
}

// newCourse is a course that has seen nothing.
func newCourse() course { return course{short: short{since: arOrder}} }

// opening are the first points.
type opening struct{ x []float64 }

func (o *opening) visit(c *codec, s *settings) {
	n := int32(len(o.x))
	c.i32(&n)
	c.within("number of first points", float64(n), 0, float64(s.warmPoints))
	if c.err != nil {
		return
	}
	if c.reading {
		o.x = make([]float64, n, s.warmPoints)
	}
	for i := range o.x {
		c.f64(&o.x[i])
	}
}

func (w *course) warm(s *settings) bool { return w.first() == nil && int(w.points) >= s.warmPoints }

// expectation is what is thought of a time before its value is known.
type expectation struct {
	ph              phase
	shadow          [3]float64 // what the profiles of day, week and part say, whether used or not
	day, week, part float64
	job             float64 // what is expected of the week because it came so, a part of week
	hour            float64 // noise of the hour relative to the mean noise
	guess           float64 // what the short memory says, whether used or not
	recent          float64
	bound           float64 // what the valid range cuts off
	mid             float64 // the sum of level, trend and all above
	dev, residual   float64 // usual sizes of e and r
}

func (x *expectation) season() float64 { return x.day + x.week + x.part }

// expect is the expectation of the point at ph.
func (w *course) expect(s *settings, ph phase) (x expectation) {
	w.expectInto(s, ph, &x)
	return x
}

// expectInto fills x with the expectation of the point at ph.
func (w *course) expectInto(s *settings, ph phase, x *expectation) {
	x.ph, x.guess, x.hour = ph, w.short.guess(), w.profile.noise(ph)
	x.shadow = w.profile.values(ph)
	x.day, x.week, x.part = w.profile.used(&x.shadow)
	if x.job = 0; w.seldom != nil && w.seldom.jobs != nil {
		x.job = w.seldom.jobs.expected(ph.second)
		x.week += x.job
	}
	if x.recent = 0; w.short.use {
		x.recent = x.guess
	}
	sum := w.level + w.trend + x.day + x.week + x.part + x.recent
	x.mid = min(max(sum, s.lo), s.hi)
	x.bound = x.mid - sum
	x.dev = w.noise.deviation(w.level)
	x.residual = w.noise.residual(w.level, x.hour)
	if w.seldom != nil && w.seldom.young > 0 {
		w.widen(s, x)
	}
	if missed := arOrder - float64(w.short.since); missed > 0 { // the short memory is blind just after a gap
		x.residual = max(x.residual, x.residual+float64(missed/arOrder*(x.dev-x.residual)))
	}
}

// gather collects the first points and makes the first estimate of them.
func (w *course) gather(s *settings, t int64, x float64, v tidewatch.Verdict) {
	if v == tidewatch.Excluded {
		return
	}
	if w.points == 0 {
		w.born = t
		w.rarely().first = &opening{make([]float64, 0, s.warmPoints)}
	}
	w.points++
	first := w.first()
	first.x = append(first.x, x)
	if len(first.x) < s.warmPoints {
		return
	}
	w.level = w.noise.init(first.x)
	w.profile.init()
	w.seldom.first, w.seldom.start = nil, start{anchor: float32(w.level)}
	w.learnt, w.age = w.points, w.points
}

// miss moves the short memory past a missing value.
func (w *course) miss() {
	w.short.since = 0
	guess := 0.0
	if w.short.use {
		guess = clip(w.short.guess(), w.noise.deviation(w.level))
	}
	w.short.push(0.9 * guess) // fades, so that no gap can make it grow
}

// learnLevel moves level and trend by the deviation e (Holt's method with a Huber-clipped error and a damped trend).
func (w *course) learnLevel(s *settings, e, dev float64) {
	rate := s.rateFree
	switch {
	case w.profile.useWeek:
		rate = s.rateWeek
	case w.profile.useDay:
		rate = s.rateDay
	}
	rate = max(rate, 1/float64(w.learnt), w.youngRate(s))
	w.grow()
	e = min(max(e, -3*dev), 3*dev)
	w.level += w.trend + float64(rate*e)
	w.trend = float64(0.9995*w.trend) + float64(rate*rate/8*e)
}

// renewal says what a change of the profile has made of the expectation.
type renewal struct {
	settled bool    // the profile of the day is there for the first time
	changed bool    // the noise around the expectation is quite another
	moved   float64 // by so much the deviation has grown
}

// learnProfile takes a point of the deviation e and the residual r into the profile and follows what that changes. What was learnt so far
// counts less where the expectation has become another; the caller sees to what it has learnt itself.
func (w *course) learnProfile(s *settings, t int64, x *expectation, e, r float64) (n renewal) {
	p := &w.profile
	before := w.level + x.season() - x.job
	pace := math.Abs(r) / max(w.noise.long*x.hour, w.noise.floor(w.level)) // over the hour's noise
	free := clip(e, x.dev) + x.season() - x.job
	if !p.centred {
		free += w.level - float64(w.start().anchor)
	}
	few := w.seldom
	if !p.centred {
		few = w.rarely() // else it holds nothing that is asked for
	}
	made := p.learn(s, few, span{int(w.learnt), int((t - w.born) / s.step)}, x, free, pace)
	w.level += made.lift
	if f := w.former(); f != nil {
		f.level += made.lift
	}
	if !p.centred && int(w.learnt) >= s.dayPoints && s.day != seasonOff {
		w.level = p.settle(w.start())
		w.forgetStart()
		p.useDay = s.day == seasonOn || p.dayLoss[1] < gainToUse*p.dayLoss[0]
		if !p.useDay { // nothing to see: the level goes on from where it is
			w.level = before
		}
		made.any, n.settled = true, true
	}
	if !made.any {
		return n
	}
	w.noise.dev *= made.ratio
	n.changed = made.ratio < 0.8 || made.ratio > 1.25
	if n.settled || n.changed { // what comes outweighs what was learnt
		w.age = min(w.age, int32(s.levelPoints))
		w.short.fade()
	}
	now := p.values(x.ph)
	day, week, part := p.used(&now)
	n.moved = before - (w.level + day + week + part)
	for i := range w.short.lags {
		w.short.lags[i] += float32(n.moved)
	}
	return n
}

// visit encodes all but the former regime, which the formats have at their end.
func (w *course) visit(c *codec, s *settings) {
	since := uint8(w.short.since)
	c.i32(&w.points, &w.learnt, &w.age)
	c.within("number of points", float64(w.points), 0, math.MaxInt32)
	c.within("number of learnt points", float64(w.learnt), 0, math.MaxInt32)
	c.within("age", float64(w.age), 0, math.MaxInt32)
	if c.reading {
		w.seldom = nil
	}
	first := w.first()
	if rare(c, &first, func(o *opening, c *codec) { o.visit(c, s) }); c.reading && first != nil {
		w.rarely().first = first
	}
	c.i64(&w.born)
	c.u8(&since)
	c.within("points since a gap", float64(since), 0, arOrder)
	w.short.since = int8(since)
	w.visitYouth(c, s)
	c.f64(&w.level, &w.trend)
	w.visitProfile(c)
	w.short.visit(c)
	w.noise.visit(c)
}
