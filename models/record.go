package models

import "math"

// A series' own tail is fitted to hundreds of points, and incidents among them flatten it: of a rise that came every week it says that it comes
// every week, however far above the others the next one is. A record is a second opinion that needs no fit: whatever noise it is, the
// next of n points exceeds the largest of them with probability 1/(n+1), so that a point as large as the record is worth log10 n decades.
// Short of it the tail is taken for that of normal noise, whose decades grow with the square; beyond it, where nobody knows, for Pareto's.
//
// There are two, and what the one or the other says more counts: that of the residual, relative to the noise of the day, and that of the leaps, in
// the metric's unit and twice as long. A leap is how far a single point takes a series away from what is expected of it.
const unsupported = 0.8 // what a surprise counts for that the records do not support

// recordSpan is how a record moves and what it is worth.
type recordSpan struct {
	index   float64 // of the Pareto tail beyond the record
	grows   float64 // by which factor one point raises the record at most, so that an incident does not set it
	rarer   float64 // decades that exceeding it is rarer than among independent points
	keeps   float64 // what is left of the record after a point
	points  int32   // that the record is the largest of, when it has forgotten those before
	decades float64 // that it is worth then
}

// residualSpan is that of residuals: its tail is heavier than most noise.
func residualSpan(memory float64) recordSpan {
	return recordSpan{index: 5, grows: 1.2}.halving(0.5 * memory)
}

// leapSpan is that of leaps.
func leapSpan(memory float64) recordSpan {
	return recordSpan{index: 8, grows: 1.3, rarer: 0.6}.halving(memory)
}

// halving is the span of a record that halves in h points where it is not met again. Under an exponential tail of scale σ the largest of n points
// is about σ ln n, and has lost σ, the worth of a factor e in n, after h/(ln 2 ln n) points: these are the points that it speaks of.
func (p recordSpan) halving(h float64) recordSpan {
	n := h / (math.Ln2 * math.Log(h))
	p.keeps, p.points, p.decades = math.Exp2(-1/h), int32(n), math.Log10(n)+p.rarer
	return p
}

// worth is how many decades a point as large as the record is worth, after so many points.
func (p *recordSpan) worth(learnt int32) float64 {
	if learnt < p.points {
		return decades(1/float64(learnt)) + p.rarer
	}
	return p.decades
}

// of is what a record of the given worth says of a point with that share of it, in decades.
func (p *recordSpan) of(share, worth float64) float64 {
	if share > 1 {
		return min(worth-float64(p.index*decades(share)), maxSurprise)
	}
	return float64(worth*share) * share
}

// take takes a point of size a into the record, in full where the record does not speak yet.
func (p *recordSpan) take(record *float32, a float64, speaks bool) {
	held := float64(*record)
	if speaks {
		a = min(a, p.grows*held)
	}
	*record = single(max(held*p.keeps, a))
}

// recordUnit is the noise that the residuals' record is relative to: the residual's usual size, without the hour's.
func (w *row) recordUnit(hour float64) float64 { return w.noise.residual(w.level, hour) / hour }

// speaks reports whether the row has records to go by.
func (w *row) speaks(s *settings) bool {
	return w.noise.record > 0 && w.leap > 0 && int(w.learnt) >= s.dayPoints && (w.seldom == nil || w.seldom.young == 0)
}

// recordDecades is what the residuals' record says of a point z usual sizes away from the expectation, in decades.
func (w *row) recordDecades(s *settings, z, unit float64) float64 {
	return s.record.of(z*unit/float64(w.noise.record), s.record.worth(w.learnt))
}

// leapDecades is what the leaps' record says of a leap, in decades. Only what is longer by a step of the metric exceeds it: of few values the
// largest leap is met again and again.
func (w *row) leapDecades(s *settings, leap float64) float64 {
	return s.leaps.of(max(leap-float64(w.noise.quantum), 0)/float64(w.leap), s.leaps.worth(w.learnt))
}

// leapt is how far one point took the series to where its residual is r: this one, by a step of dx, or while a quarantined episode lasts the one
// that took it as far before.
func (w *row) leapt(r, dx float64) float64 {
	to := leap(r, dx)
	if p := w.episode(); p != nil {
		to = max(to, leap(r, float64(p.leap)))
	}
	return to
}

// leap is how far a step of dx to where the residual is r took the series away from the expectation.
func leap(r, dx float64) float64 {
	if r < 0 {
		r, dx = -r, -dx
	}
	return max(min(r, dx), 0)
}

// remember takes a residual into its record.
func (w *row) remember(s *settings, j *judgement) {
	s.record.take(&w.noise.record, math.Abs(j.r)/j.residual*j.unit, w.speaks(s))
}

// supported is a surprise together with what the records say of the point: the mean of both, which is the geometric mean of their
// probabilities, or most of the surprise alone where many points made it, of which the last may be no record.
func supported(surprise, record float64) float64 {
	if surprise <= 0 || record < 0 {
		return surprise
	}
	return max(unsupported*surprise, (surprise+record)/2)
}

// wants is the surprise that supported makes the given one of, at what the records say.
func wants(surprise, record float64) float64 {
	if record < 0 {
		return surprise
	}
	return min(surprise/unsupported, max(2*surprise-record, 0))
}

// guessRecord takes for the residuals' record what the tails of a state without one say of it.
func (w *row) guessRecord(s *settings) {
	p := power10(-s.record.decades) / 2
	z := max(w.tails.at(tailAbove).value(p), w.tails.at(tailBelow).value(p))
	w.noise.record = single(z * w.noise.long)
}
