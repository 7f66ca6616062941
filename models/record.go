package models

import "math"

// A series' own tail is fitted to hundreds of points, and incidents among them flatten it: of a rise that came every week it says that it comes
// every week, however far above the others the next one is. The record is the second opinion that needs no fit: whatever noise it is, the
// next of n points exceeds the largest of them with probability 1/(n+1), so that a point as large as the record is worth log10 n decades.
// Short of it the tail is taken for that of normal noise, whose decades grow with the square; beyond it, where nobody knows, for Pareto's.
const (
	recordIndex  = 5.0  // of the Pareto tail beyond the record: heavier than most noise
	recordGrows  = 1.2  // by which factor one point raises the record at most, so that an incident does not set it
	recordHalves = 0.5  // the record that is not met again halves within this share of the tails' memory
	unsupported  = 0.85 // what a surprise counts for that the record does not support
)

// recordSpan is how the record moves and what it is worth.
type recordSpan struct {
	keeps   float64 // what is left of the record after a point
	points  int32   // that the record is the largest of, when it has forgotten those before
	decades float64 // log10 of them
}

// newRecordSpan is that of tails that remember so many points. Under an exponential tail of scale σ the largest of n points is about σ ln n, and
// has lost σ, the worth of a factor e in n, after h/(ln 2 ln n) points if it halves in h: these are the points that it speaks of.
func newRecordSpan(memory float64) recordSpan {
	h := recordHalves * memory
	n := h / (math.Ln2 * math.Log(h))
	return recordSpan{math.Exp2(-1 / h), int32(n), math.Log10(n)}
}

// recordUnit is the noise that the record is relative to: the residual's usual size, without the hour's.
func (w *row) recordUnit(hour float64) float64 { return w.noise.residual(w.level, hour) / hour }

// speaks reports whether the row has a record to go by.
func (w *row) speaks(s *settings) bool {
	return w.noise.record > 0 && int(w.learnt) >= s.dayPoints && (w.seldom == nil || w.seldom.young == 0)
}

// recordWorth is how many decades a point as large as the record is worth.
func (w *row) recordWorth(s *settings) float64 {
	if w.learnt < s.record.points {
		return decades(1 / float64(w.learnt))
	}
	return s.record.decades
}

// recordDecades is what the record says of a point z usual sizes away from the expectation, in decades.
func (w *row) recordDecades(s *settings, z, unit float64) float64 {
	n, share := w.recordWorth(s), z*unit/float64(w.noise.record)
	if share > 1 {
		return min(n-float64(recordIndex*decades(share)), maxSurprise)
	}
	return float64(n*share) * share
}

// remember takes a point into the record.
func (w *row) remember(s *settings, j *judgement) {
	record, a := float64(w.noise.record), math.Abs(j.r)/j.residual*j.unit
	if w.speaks(s) {
		a = min(a, recordGrows*record)
	}
	w.noise.record = single(max(record*s.record.keeps, a))
}

// supported is a surprise together with what the record says of the point: the mean of both, which is the geometric mean of their
// probabilities, or most of the surprise alone where many points made it, of which the last may be no record.
func supported(surprise, record float64) float64 {
	if surprise <= 0 || record < 0 {
		return surprise
	}
	return max(unsupported*surprise, (surprise+record)/2)
}

// wants is the surprise that supported makes the given one of, at what the record says.
func wants(surprise, record float64) float64 {
	if record < 0 {
		return surprise
	}
	return min(surprise/unsupported, max(2*surprise-record, 0))
}

// guessRecord takes for the record what the tails of a state without one say of it.
func (w *row) guessRecord(s *settings) {
	p := power10(-s.record.decades) / 2
	z := max(w.tails.at(tailAbove).value(p), w.tails.at(tailBelow).value(p))
	w.noise.record = single(z * w.noise.long)
}
