package models

import (
	"math"
	"math/bits"

	"github.com/tidewatch/tidewatch"
)

// episodeHead is how many points of a quarantined episode are counted in the tails: an isolated extreme must shape the tail, or it
// would be too light; a long incident must not.
const episodeHead = 3

// headSurprise is the surprise, in decades, that such a point counts for at most. It lies above QuarantineSurprise: a series whose
// extremes recur would otherwise never grow the tail that says so.
const headSurprise = 6

// slowHead is the same for the statistics of many points, whose excursions are long by nature.
const slowHead = 16

// advance moves the row past the value x at t.
func (w *row) advance(s *settings, f *forest, t int64, x float64, v tidewatch.Verdict) tidewatch.Event {
	if math.IsNaN(x) {
		w.release()
		w.advanceMissing(s, v)
		if w.library() != nil {
			w.library().miss()
		}
		return tidewatch.NoEvent
	}
	if !w.warm(s) {
		w.gather(s, t, x, v)
		return tidewatch.NoEvent
	}
	j := w.judged(s, f, t, x)
	event := w.pass(s, t, x, v, j)
	w.release()
	w.tidy()
	return event
}

// pass moves the row past what was judged.
func (w *row) pass(s *settings, t int64, x float64, v tidewatch.Verdict, j *judgement) tidewatch.Event {
	w.points = min(w.points+1, math.MaxInt32-1)
	w.short.since = min(w.short.since+1, arOrder)
	if v == tidewatch.Excluded {
		w.short.push(clip(j.recent, j.dev))
		w.noise.last = x
		return tidewatch.NoEvent
	}
	if w.library() == nil && s.shapes && int(w.learnt) >= s.dayPoints {
		w.rarely().shapes = newShapes()
	}
	if v == tidewatch.Quarantined && j.largest < notWorthAccepting && w.certain(s) {
		v = tidewatch.Calm // the incident is over, though the alarm is not yet
	}
	if w.seldom != nil && w.seldom.jobs != nil && w.seldom.jobs.follow(t, j.ph.second, j.e+j.job) {
		j.evidence.restart() // what was summed up was the job's
	}
	w.excursion(s, j)
	event := w.regimes(s, t, v, j)
	if p := w.episode(); p != nil {
		p.leap = single(math.Copysign(j.leap, j.r))
	}
	if v != tidewatch.Quarantined || !w.certain(s) {
		s.leaps.take(&w.leap, leap(j.r, j.x-w.noise.last), w.speaks(s))
	}
	switch {
	case event != tidewatch.NoEvent:
		w.reanchor(j)
		if w.library() != nil {
			w.library().miss()
		}
		return event
	case v == tidewatch.Quarantined && w.believes(s):
		w.countHead(s, j)
	case v == tidewatch.Quarantined && w.certain(s): // as if it were missing
		w.miss()
		if w.library() != nil {
			w.library().miss()
		}
		return tidewatch.NoEvent
	case v == tidewatch.Quarantined: // an extreme that does not recur leaves no trace
	default:
		w.learn(s, j)
	}
	w.move(s, j, v == tidewatch.Quarantined)
	return event
}

// advanceMissing moves the row past a missing value.
func (w *row) advanceMissing(s *settings, v tidewatch.Verdict) {
	if !w.warm(s) {
		return
	}
	w.evidence.gap = min(w.evidence.gap+1, maxRun)
	w.evidence.run = 0
	w.miss()
	if v == tidewatch.Calm && s.on.has(tidewatch.ChannelMissing) {
		w.tails.learn(tailMissing, float64(w.evidence.gap-1))
	}
}

// move advances lags and evidence.
func (w *row) move(s *settings, j *judgement, doubtful bool) {
	lag := j.e
	if doubtful { // an anomalous value moves the short memory by no more than a large ordinary one
		limit := 3 * j.residual
		lag = j.recent + min(max(j.e-j.recent, -limit), limit)
	}
	w.short.push(lag)
	if w.library() != nil {
		w.library().move(s, j.e/j.dev, !doubtful)
	}
	w.evidence = j.evidence
	w.noise.step(j.x)
	p := w.episode()
	if p == nil {
		return
	}
	if p.points > slowHead { // the onset has been told; what lasts is the sustained channel's
		w.evidence.up *= 0.8
		w.evidence.down *= 0.8
	}
	if p.quiet = min(p.quiet+1, maxRun); math.Abs(j.e) > 2*j.dev || math.Abs(w.evidence.relative(0)) > 1.5 {
		p.quiet = 0
	}
	if p.quiet >= 3 {
		w.evidence.settle()
	}
}

// learn takes a calm point into every estimate, before the evidence and the lags move past it.
func (w *row) learn(s *settings, j *judgement) {
	w.learnt = min(w.learnt+1, math.MaxInt32-1)
	w.age = min(w.age+1, math.MaxInt32-1)
	n := int(w.age)
	w.count(s, j)
	w.remember(s, j)
	weight := 1.0
	if a := math.Abs(j.r); a > 2.5*j.residual {
		weight = 2.5 * j.residual / a
	}
	w.short.learn(j.e, j.guess, j.dev, weight)
	w.noise.learn(s, n, w.level, j.e, j.r/j.hour)
	w.learnLevel(s, j.e, j.dev)
	made := w.learnProfile(s, j.t, &j.expectation, j.e, j.r)
	j.e += made.moved
	if made.settled {
		w.tails.fade(0.02)
	}
	if made.changed {
		w.tails.renew()
	}
	j.evidence.learn(max(1/float64(n), 1/s.scaleMemory), j.logSpread)
	if w.learnt%tailEvery == 0 {
		w.tails.fade(float32(1 - tailEvery/s.tailMemory))
	}
}

// count counts the statistics of a calm point in their tails.
func (w *row) count(s *settings, j *judgement) {
	w.countResidual(j.r / j.residual)
	for set := j.counted(s); set != 0; set &= set - 1 {
		if k := bits.TrailingZeros16(uint16(set)); !w.withholds(k, j.statistic[k]) {
			w.tails.learn(k, j.statistic[k])
		}
	}
	if w.library() != nil {
		w.library().count(s, &j.shaped, math.Inf(1))
	}
}

// ownSide is the share of a residual that the tail of its own side counts; that of the other side counts the rest. Incidents that recur on one
// side would else be the usual thing there, and the noise of the quiet side the alarm.
const ownSide = 0.9

// countResidual counts a residual of z usual sizes in the tails of both sides.
func (w *row) countResidual(z float64) {
	own, other := sidesOf(z)
	w.tails.learnShare(own, math.Abs(z), ownSide)
	w.tails.learnShare(other, math.Abs(z), 1-ownSide)
}

// countExtreme counts one as at most the value of headSurprise.
func (w *row) countExtreme(z float64) {
	own, _ := sidesOf(z)
	w.countResidual(math.Copysign(min(math.Abs(z), w.tails.at(own).value(power10(-headSurprise))), z))
}

// sidesOf are the tails of the side that z lies on, and of the other.
func sidesOf(z float64) (own, other int) {
	if z < 0 {
		return tailBelow, tailAbove
	}
	return tailAbove, tailBelow
}

// countHead counts those of a point at the head of an episode, each at most as the value of headSurprise.
func (w *row) countHead(s *settings, j *judgement) {
	points := int(w.episode().points)
	if points <= episodeHead {
		w.remember(s, j)
		w.countExtreme(j.r / j.residual)
	}
	for set := j.counted(s); set != 0; set &= set - 1 {
		k := bits.TrailingZeros16(uint16(set))
		if points > headOf(k) {
			continue
		}
		if v := min(j.statistic[k], w.tails.at(k).value(power10(-headSurprise))); !w.withholds(k, v) {
			w.tails.learn(k, v)
		}
	}
	if w.library() != nil && points <= slowHead {
		w.library().count(s, &j.shaped, headSurprise)
	}
}

// headOf is how many points of an episode tail k counts.
func headOf(k int) int {
	switch k {
	case tailSustained, tailShift, tailVariance, tailAll:
		return slowHead
	}
	return episodeHead
}

// tailSet is a set of tails.
type tailSet uint16

// countedTails are those of the channels that are on, besides the residual's. Of a value that was there, the tail of missing ones counts that.
func countedTails(on channels) tailSet {
	set := tailSet(1 << tailAll)
	for c, k := range tailOf {
		if on.has(tidewatch.Channel(c)) {
			set |= 1 << k
		}
	}
	return set &^ (1<<tailAbove | 1<<tailBelow)
}

// counted are the tails that a judgement is counted in.
func (j *judgement) counted(s *settings) tailSet {
	if j.forest == nil {
		return s.counted &^ (1 << tailIsolation)
	}
	return s.counted
}

func clip(e, dev float64) float64 { return min(max(e, -4*dev), 4*dev) }
