package models

import (
	"math"
	"sync"

	"github.com/tidewatch/tidewatch"
)

// QuarantineSurprise is the surprise from which on the caller passes a point as Quarantined: once in ten thousand points.
const QuarantineSurprise = 4

// channels is a set of channels.
type channels uint16

func (s channels) has(c tidewatch.Channel) bool { return s>>c&1 == 1 }

func channelSet(cs ...tidewatch.Channel) (s channels) {
	for _, c := range cs {
		s |= 1 << c
	}
	return s
}

// The statistics that are calibrated, one tail each.
const (
	tailAbove = iota // r over its usual size, where positive
	tailBelow        // the same, where negative
	tailSustained
	tailShift
	tailVariance
	tailIsolation
	tailFlat
	tailMissing
	tailAll // the largest of the channels' surprises
	numTails
)

// tailOf is the tail of a channel; ChannelBand has two.
var tailOf = [tidewatch.NumChannels]int{
	tidewatch.ChannelBand: tailAbove, tidewatch.ChannelSustained: tailSustained, tidewatch.ChannelShift: tailShift,
	tidewatch.ChannelVariance: tailVariance, tidewatch.ChannelIsolation: tailIsolation, tidewatch.ChannelFlat: tailFlat,
	tidewatch.ChannelMissing: tailMissing,
}

// trust is what a channel's surprise counts for in the combination. Statistics of many points rest on the series being
// stationary for as long: on real series their excursions last and recur, and at equal weight they drown the band's evidence.
var trust = [tidewatch.NumChannels]float64{
	tidewatch.ChannelBand: 1, tidewatch.ChannelSustained: 0.8, tidewatch.ChannelShift: 0.8, tidewatch.ChannelVariance: 0.6,
	tidewatch.ChannelIsolation: 1, tidewatch.ChannelFlat: 1, tidewatch.ChannelMissing: 1,
}

// The prior of the combination: as if three independent channels had been chosen from, and as firm as a week at five minutes.
// On null series that is near the truth; a weaker one would let a series' own anomalies excuse the next.
const (
	choices     = 3
	choicePrior = 2000
)

// worthAsking is the surprise, in decades, of any other channel from which on the forest is asked.
const worthAsking = 1.3

// exponential is the survival function of an exponential of the given share and mean.
func exponential(share, mean float64) func(float64) float64 {
	return func(s float64) float64 { return share * math.Exp(-s/mean) }
}

// priors of the statistics: wider than what well-behaved series show, so that young ones are judged with care.
var priors = [numTails]*prior{
	tailAbove:     newPrior(priorWeight, 0.02, 2, minShape, exponential(0.5, 1)),
	tailBelow:     newPrior(priorWeight, 0.02, 2, minShape, exponential(0.5, 1)),
	tailSustained: newPrior(priorWeight, 0.03, 6, 0, exponential(1.5, 0.9)),
	tailShift:     newPrior(priorWeight, 0.03, 8, 0, exponential(1, 1.3)),
	tailVariance:  newPrior(priorWeight, 0.03, 6, 0, exponential(1, 1)),
	tailIsolation: newPrior(priorWeight, 0.03, 4, 0, exponential(1, 0.8)),
	tailFlat:      newPrior(priorWeight, 0.03, 4, 0, exponential(0.06, 2)),
	tailMissing:   newPrior(priorWeight, 0.03, 4, 0, exponential(0.06, 2)),
	tailAll:       newPrior(choicePrior, 0.03, 6, 0, func(m float64) float64 { return 1 - math.Pow(1-math.Pow(10, -m), choices) }),
}

// row is the learnt state of one series.
type row struct {
	course
	evidence evidence
	tails    tails
	memo     *judgement // the last one since the row advanced: a cache, no part of the state
}

func (w *row) init() {
	*w = row{course: newCourse()}
	w.evidence.init()
	w.tails.init()
}

func (w *row) ready(s *settings) bool { return w.warm(s) && int(w.points) >= s.levelPoints }

// expected is expect, remembered.
func (w *row) expected(s *settings, t int64) expectation {
	if w.memo != nil && w.memo.t == t {
		return w.memo.expectation
	}
	return w.expect(s, s.clock.at(t))
}

// base is the expectation without the short memory.
func (w *row) base(s *settings, x *expectation) float64 {
	return min(max(w.level+w.trend+x.season(), s.lo), s.hi)
}

// judgement is everything that is known of a point before it is learnt.
type judgement struct {
	expectation
	t         int64
	x         float64
	forest    *forest // the one that was at hand
	e, r      float64 // deviation from level and season; from the expectation
	evidence  evidence
	statistic [numTails]float64
	decades   [numTails]float64 // surprises of the statistics of many points; 0 for a usual one
	side      [tidewatch.NumChannels]int8
	band      float64 // surprise of this one point, for itself
	largest   float64 // of the channels' surprises, each for itself
	unit      float64 // of the residuals' record
	leap      float64 // how far one point took the series away from the expectation
	record    float64 // what the records say of the point, in decades; below 0 where there is none
	channel   tidewatch.Channel
	slow      bool    // the slow channels take part
	asked     bool    // the forest was asked
	logSpread float64 // of evidence
	shaped    shaped
}

// judgements lends the memory of a judgement from the score of a point to its advance.
var judgements = sync.Pool{New: func() any { return new(judgement) }}

// judged is the judgement of the value x at t, which is not missing; the row is warm. It is worked out once for a point, and
// stays valid until the row advances.
func (w *row) judged(s *settings, f *forest, t int64, x float64) *judgement {
	j := w.memo
	if j == nil {
		j, _ = judgements.Get().(*judgement) // the pool holds nothing else
		w.memo = j
	} else if j.t == t && j.x == x && j.forest == f {
		return j
	}
	w.judge(s, f, t, x, j)
	return j
}

// release gives the judgement back: the row is about to be another.
func (w *row) release() {
	if w.memo != nil {
		judgements.Put(w.memo)
		w.memo = nil
	}
}

// judge fills j for the value x at t; x is not missing and the row is warm.
func (w *row) judge(s *settings, f *forest, t int64, x float64, j *judgement) {
	w.expectInto(s, s.clock.at(t), &j.expectation)
	j.t, j.x, j.forest = t, x, f
	j.e = x - w.level - w.trend - j.season()
	j.r = x - j.mid
	j.largest, j.channel, j.asked, j.shaped, j.decades = 0, tidewatch.ChannelNone, false, shaped{}, [numTails]float64{}
	j.slow = int(w.points) >= s.slowPoints
	w.gatherEvidence(j)
	z := j.r / j.residual
	side, _ := sidesOf(z)
	j.unit, j.leap, j.record = w.recordUnit(j.hour), w.leapt(j.r, x-w.noise.last), -1
	if w.speaks(s) {
		j.record = max(w.recordDecades(s, math.Abs(z), j.unit), w.leapDecades(s, j.leap))
	}
	j.statistic[tailAbove], j.statistic[tailBelow], j.statistic[tailIsolation], j.statistic[tailMissing] = max(z, 0), max(-z, 0), 0, 0
	j.side[tidewatch.ChannelBand], j.side[tidewatch.ChannelIsolation] = sign(z), 0
	j.band = trust[tidewatch.ChannelBand] * w.tails.at(side).surprise(math.Abs(z), 2)
	j.take(tidewatch.ChannelBand, j.band)
	if j.slow {
		for _, c := range slowChannels {
			if s.on.has(c) {
				w.askSlow(c, j)
			}
		}
	}
	if s.on.has(tidewatch.ChannelIsolation) {
		w.isolate(s, j)
	}
	j.statistic[tailAll] = j.largest
}

// askSlow asks a channel of many points. What its statistic usually is it has nothing to say of.
func (w *row) askSlow(c tidewatch.Channel, j *judgement) {
	k := tailOf[c]
	if !w.tails.usual(k, j.statistic[k]) {
		j.decades[k] = w.tails.at(k).surprise(j.statistic[k], 1)
		j.take(c, trust[c]*j.decades[k])
	}
}

// gatherEvidence is the evidence of many points with this one, and the statistics that are made of it.
func (w *row) gatherEvidence(j *judgement) {
	v, inverse := &j.evidence, 1/j.dev
	*v = w.evidence
	pace := math.Abs(j.r) / max(w.noise.long*j.hour, w.noise.floor(w.level))
	step := min(max((j.x-w.noise.last)*inverse, -devClip), devClip)
	v.move(j.e*inverse, pace, j.x == w.noise.last, j.season()*inverse, step)
	j.statistic[tailSustained], j.side[tidewatch.ChannelSustained] = v.sustained()
	j.statistic[tailShift], j.side[tidewatch.ChannelShift] = v.shift()
	j.logSpread = v.logSpread()
	j.statistic[tailVariance] = math.Abs(j.logSpread) / float64(v.unrest)
	j.statistic[tailFlat] = float64(min(max(0, v.run-flatFree), flatCap))
}

// slowChannels are those of many points, which wait until a whole day was seen.
var slowChannels = [...]tidewatch.Channel{tidewatch.ChannelSustained, tidewatch.ChannelShift, tidewatch.ChannelVariance, tidewatch.ChannelFlat}

// take keeps the largest of the channels' surprises. Its own calibration (tailAll) pays for the choice among them, whatever their
// dependence (Tippett's minimum p, calibrated on the series' past instead of by a formula), and keeps the band and the score from
// contradicting each other: the combined surprise is never below the band's.
func (j *judgement) take(c tidewatch.Channel, own float64) {
	if own > j.largest || own == j.largest && own > 0 && c < j.channel {
		j.largest, j.channel = own, c
	}
}

// isolate asks the forest for a second opinion, where there is a first one: walking a hundred trees costs more than all else. Where
// it is not asked its statistic is 0, which its tail counts, so that its surprise stays honest.
func (w *row) isolate(s *settings, j *judgement) {
	if j.forest != nil && (!s.on.has(tidewatch.ChannelSustained) || j.largest >= worthAsking) {
		x := bent(w.shape(j))
		j.statistic[tailIsolation] = isolationStatistic(j.forest.shortfall(&x))
		j.side[tidewatch.ChannelIsolation] = sign(float64(j.evidence.mean[0]))
		j.asked = true
		j.take(tidewatch.ChannelIsolation, w.forestOwn(j))
	}
	if w.library() != nil && j.slow {
		j.shaped = w.library().compare(j.e / j.dev)
		j.take(tidewatch.ChannelIsolation, w.library().surprise(&j.shaped))
	}
}

// own is a channel's surprise for itself, at the weight that it has in the combination.
func (w *row) own(c tidewatch.Channel, j *judgement) float64 {
	switch {
	case c == tidewatch.ChannelBand:
		return j.band
	case c == tidewatch.ChannelIsolation && w.library() != nil:
		return max(w.forestOwn(j), w.library().surprise(&j.shaped))
	case c == tidewatch.ChannelIsolation:
		return w.forestOwn(j)
	}
	return trust[c] * j.decades[tailOf[c]]
}

// forestOwn is the own surprise that a forest gives.
func (w *row) forestOwn(j *judgement) float64 {
	if !j.asked {
		return 0
	}
	return trust[tidewatch.ChannelIsolation] * w.tails.at(tailIsolation).surprise(j.statistic[tailIsolation], 1)
}

// common puts a channel's own surprise on the scale of the combined one.
func (w *row) common(own float64) float64 {
	if own <= 0 {
		return 0
	}
	return w.tails.at(tailAll).surprise(own, 1)
}

// supported is a channel's own surprise on the scale of the combined one, together with what the records say.
func (w *row) supported(j *judgement, c tidewatch.Channel, own float64) float64 {
	if !w.sized(j, c) {
		return w.common(own)
	}
	return supported(w.common(own), j.record)
}

// sized reports whether the size of the residual, and so a record, has to do with what a channel says: it has not with a line that is flat, nor
// with a shape.
func (w *row) sized(j *judgement, c tidewatch.Channel) bool {
	return c != tidewatch.ChannelFlat && (c != tidewatch.ChannelIsolation || !w.shapeSpeaks(j))
}

// score is the judgement as a Score.
func (w *row) score(s *settings, j *judgement, out *tidewatch.Score) {
	*out = tidewatch.Score{Mid: math.NaN(), Base: math.NaN()}
	if !w.ready(s) {
		return
	}
	out.Ready, out.Mid, out.Base = true, j.mid, w.base(s, &j.expectation)
	out.Surprise, out.Channel, out.Side = w.supported(j, j.channel, j.largest), j.channel, j.side[j.channel]
	if out.Surprise >= tidewatch.PartsFrom {
		for c := range out.Parts {
			if s.on.has(tidewatch.Channel(c)) {
				out.Parts[c] = float32(w.supported(j, tidewatch.Channel(c), w.own(tidewatch.Channel(c), j)))
			}
		}
		return
	}
	if j.channel != tidewatch.ChannelBand {
		out.Parts[tidewatch.ChannelBand] = float32(w.supported(j, tidewatch.ChannelBand, j.band))
	}
	out.Parts[j.channel] = float32(out.Surprise)
}

// judgeMissing fills out for a missing value.
func (w *row) judgeMissing(s *settings, t int64, out *tidewatch.Score) {
	*out = tidewatch.Score{Mid: math.NaN(), Base: math.NaN()}
	if !w.ready(s) {
		return
	}
	x := w.expect(s, s.clock.at(t))
	out.Ready, out.Mid, out.Base = true, x.mid, w.base(s, &x)
	if !s.on.has(tidewatch.ChannelMissing) {
		return
	}
	own := w.tails.at(tailMissing).surprise(float64(w.evidence.gap), 1)
	if out.Surprise = w.common(own); out.Surprise > 0 {
		out.Channel = tidewatch.ChannelMissing
		out.Parts[tidewatch.ChannelMissing] = float32(out.Surprise)
	}
}

// band is where the surprise that ChannelBand gives stays below the given one.
func (w *row) band(s *settings, t int64, surprise float64) tidewatch.Band {
	if !w.ready(s) {
		return tidewatch.Band{Lower: math.NaN(), Mid: math.NaN(), Upper: math.NaN()}
	}
	x := w.expected(s, t)
	e := w.edgesOf(s, surprise, &x)
	up, down := e.at(tailAbove), e.at(tailBelow)
	return tidewatch.Band{
		Lower: min(max(x.mid-float64(down*x.residual), s.lo), s.hi),
		Mid:   x.mid,
		Upper: min(max(x.mid+float64(up*x.residual), s.lo), s.hi),
	}
}
