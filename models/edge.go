package models

import "math"

// edges finds where the surprise of a single point reaches a limit, on both sides of the expectation.
type edges struct {
	w        *row
	surprise float64
	speaks   bool
	all      smooth // of the tail that all channels share
	residual reach
	leap     reach
	behind   [2]float64 // how far the value before lies beyond the expectation, above and below: a leap begins there
	held     [2]float64 // how far one leapt before, in the episode that lasts
	step     float64    // of the metric
	near     float64    // where to begin
}

// edgesOf are those of the row for the surprise, around the expectation x.
func (w *row) edgesOf(s *settings, surprise float64, x *expectation) (e edges) {
	e.w, e.surprise = w, surprise
	if e.speaks = w.speaks(s); e.speaks {
		e.all = w.tails.at(tailAll).smooth(1)
		e.residual = newReach(&s.record, float64(w.noise.record)/w.recordUnit(x.hour), w.learnt)
		e.leap = newReach(&s.leaps, float64(w.leap)/x.residual, w.learnt)
		inverse := 1 / x.residual
		behind := (w.noise.last - x.mid) * inverse
		e.behind[tailAbove], e.behind[tailBelow] = max(behind, 0), max(-behind, 0)
		e.step = float64(w.noise.quantum) * inverse
		if p := w.episode(); p != nil {
			e.held[tailAbove], e.held[tailBelow] = max(float64(p.leap)*inverse, 0), max(-float64(p.leap)*inverse, 0)
		}
		e.near = e.residual.start(surprise)
	}
	return e
}

// reach is a record in usual sizes of the residual.
type reach struct {
	span  *recordSpan
	worth float64 // decades of the record
	size  float64
	per   float64 // 1 over it
}

func newReach(p *recordSpan, size float64, learnt int32) reach {
	return reach{p, p.worth(learnt), size, 1 / size}
}

// at is what the record says of a size, as its span has it but for its end, and how fast that grows.
func (r *reach) at(size float64) (v, slope float64) {
	if size > r.size {
		return r.worth + float64(r.span.index/math.Ln10*ln(size*r.per)), r.span.index / math.Ln10 / size
	}
	slope = float64(r.worth*r.per) * float64(r.per*size)
	return slope * size, 2 * slope
}

// start is about where the record alone has the surprise.
func (r *reach) start(surprise float64) float64 {
	if more := surprise - r.worth; more > 0 {
		return r.size * (1 + float64(more*(math.Ln10/r.span.index)))
	}
	return r.size * math.Sqrt(surprise/r.worth)
}

// at is how many usual sizes of the residual a point of that side must be away from the expectation.
func (e *edges) at(side int) float64 {
	if !e.speaks {
		return e.w.edgeOf(side, e.surprise)
	}
	if z, ok := e.smoothly(side); ok {
		e.near = z // the other side is often like this one
		return z
	}
	return e.searched(side)
}

// smoothly is the edge where both tails are Pareto's there, with nothing that was counted above them and nothing beyond maxSurprise: their
// decades and those of the records grow with known slopes, and Newton's steps, kept between what is too near and too far, end after two or three.
func (e *edges) smoothly(side int) (z float64, ok bool) {
	const enough, steps = 1e-4, 12 // what is left after a step is as its square
	a := e.w.tails.at(side)
	t := a.smooth(2)
	lo, hi := t.cut, math.Inf(1)
	z = max(e.near, t.cut)
	for range steps {
		own, rises := t.decades(z)
		common, follows := e.all.decades(own)
		record, grows := e.record(side, z)
		over, slope := (common+record)/2-e.surprise, (float64(follows*rises)+grows)/2 // as supported has it
		if record < (2*unsupported-1)*common {
			over, slope = float64(unsupported*common)-e.surprise, unsupported*follows*rises
		}
		if over < 0 {
			lo = z
		} else {
			hi = z
		}
		step := -over / slope
		if math.Abs(step) <= enough*z {
			z += step
			own += float64(step * rises)
			return z, z >= t.cut && own >= e.all.cut && max(own, common, record) < maxSurprise &&
				a.pareto(z, own, 2) && e.w.tails.at(tailAll).pareto(own, common, 1)
		}
		if z += step; !(lo <= z && z <= hi) {
			z = lo + (hi-lo)/2
		}
	}
	return 0, false
}

// record is what the records say of a point z usual sizes away on that side, and how fast that grows.
func (e *edges) record(side int, z float64) (v, slope float64) {
	v, slope = e.residual.at(z)
	if leap := max(z-e.behind[side], min(z, e.held[side])) - e.step; leap > 0 {
		if more, grows := e.leap.at(leap); more > v {
			return more, grows
		}
	}
	return v, slope
}

// says is what the records say of such a point, in decades.
func (e *edges) says(side int, z float64) float64 {
	v, _ := e.record(side, z)
	return min(v, maxSurprise)
}

// searched is the edge whatever the tails are like there. It lies before where the calibrated surprise alone is that if the records say more there,
// and else between there and where 0.85 of it is.
func (e *edges) searched(side int) float64 {
	w, surprise := e.w, e.surprise
	near := w.edgeOf(side, surprise)
	above := func(z float64) float64 { // twice what supported makes of z, over what is asked for
		return w.common(w.tails.at(side).surprise(z, 2)) + e.says(side, z) - 2*surprise
	}
	atNear := e.says(side, near) - surprise
	if atNear >= 0 {
		return crossing(above, 0, -2*surprise, near, atNear)
	}
	far := w.edgeOf(side, surprise/unsupported)
	atFar := surprise/unsupported + e.says(side, far) - 2*surprise
	if atFar <= 0 {
		return far
	}
	return crossing(above, near, atNear, far, atFar)
}

// edgeOf is the edge without a record.
func (w *row) edgeOf(side int, surprise float64) float64 {
	return w.tails.at(side).value(power10(-w.ownOf(surprise)) / 2)
}

// crossing is where in [lo, hi] the growing function f rises through 0, from atLo to atHi: the secant of the last two points, with every fourth
// step a bisection, as f may jump.
func crossing(f func(float64) float64, lo, atLo, hi, atHi float64) float64 {
	const enough, steps = 5e-5, 80
	last, atLast, z := hi, atHi, hi-atHi*(hi-lo)/(atHi-atLo)
	for k := 1; k <= steps && hi-lo > 1e-7*hi; k++ {
		if k%4 == 0 || !(lo < z && z < hi) {
			z = lo + (hi-lo)/2
		}
		v := f(z)
		if math.Abs(v) < enough {
			return z
		}
		if v < 0 {
			lo = z
		} else {
			hi = z
		}
		last, atLast, z = z, v, z-v*(z-last)/(v-atLast)
	}
	return hi
}
