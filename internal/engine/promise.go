package engine

import (
	"fmt"
	"math"
	"time"
)

// The promise is kept by counting. An alarm of M of N at limit θ begins exactly when v rises through θ, where v is the M-th
// largest of the last N policy surprises (and, with `for`, the smallest of those over the pending time). So the number of
// onsets that history would have had is known for every θ at once: each rise of v from a to b adds one onset to all θ in
// [a, b). Onsets of one detector within an hour of each other are one episode, as what befalls all series at once is; a
// budget of each series counts the episodes of each series. The limit is the smallest θ whose rate is within the budget.
// Where history is too short to hold the budgeted number, the rate is extrapolated by a tail that fits the part that was seen
// often (a straight line in log rate over θ, which is what a calibrated surprise gives); rare, large surprises of real incidents
// therefore do not raise the limit. Where a single point may decide too, its surprises are counted and solved
// in the same way, apart, by a rule of their own (tail_rule.go).

const (
	limitBins  = 320
	limitWidth = 0.025 // decades per bin: limits up to 8
	minLimit   = 2.0   // no point alarms that one in a hundred is like, whatever the budget
	maxLimit   = limitBins * limitWidth
	seenOften  = 8.0                 // onsets that a bin must hold to take part in the tail's fit
	halfLife   = 14 * 24 * time.Hour // of the counts
	oneEpisode = time.Hour           // onsets closer than this are one
	reach      = 2.5                 // how much longer than history a promise may be: 30 days for the usual 15 less the warm-up
)

// lowestBin is the smallest limit that is considered; rises below it are not counted.
const lowestBin = int(minLimit / limitWidth)

// rise is one upward move of v through the limits of the bins [lo, hi), at grid time t.
type rise struct {
	t      int64
	series uint64
	lo, hi int32
}

// newRise is a move from a to b decades, where that counts: a rise through all limits is certainly an incident, and tells nothing of false alarms.
func newRise(t int64, series uint64, a, b float32) (r rise, ok bool) {
	lo, hi := max(limitBin(a), lowestBin), limitBin(b)
	return rise{t, series, int32(lo), int32(hi)}, hi > lo && hi < limitBins
}

// onsets counts, for every limit, how many episodes would have begun.
type onsets struct {
	counts [limitBins]float64
	steps  float64 // series-steps observed, decayed as the counts are
	seen   float64 // the same, not decayed
}

// lastOnset is when the newest onset at each limit was, Unix milliseconds.
type lastOnset [limitBins]int64

// enter counts a rise at the limits where it continues no episode of the detector. Rises come in order of time.
func (l *lastOnset) enter(r rise, o *onsets) {
	for b := r.lo; b < min(r.hi, limitBins); b++ {
		if r.t-l[b] >= oneEpisode.Milliseconds() {
			o.counts[b]++
		}
		l[b] = r.t
	}
}

// count adds an onset to the limits of the bins [lo, hi).
func (o *onsets) count(lo, hi int32) {
	for b := lo; b < min(hi, limitBins); b++ {
		o.counts[b]++
	}
}

func limitBin(v float32) int {
	return int(math.Ceil(min(max(float64(v), 0)/limitWidth, limitBins)))
}

func (o *onsets) add(p *onsets) {
	for i, v := range &p.counts {
		o.counts[i] += v
	}
	o.steps += p.steps
	o.seen += p.seen
}

// decay forgets the share that elapsed time asks for.
func (o *onsets) decay(elapsed time.Duration) {
	f := math.Exp2(-float64(elapsed) / float64(halfLife))
	for i := range o.counts {
		o.counts[i] *= f
	}
	o.steps *= f
}

// Limit is a detector's alarm limit and how it was found.
type Limit struct {
	Surprise    float64       // θ in decades; anomaly_score is surprise ÷ θ
	Lone        float64       // the limit of a single point that decides alone, at least Surprise; 0: none does
	Promised    float64       // false alarms per Per that θ stands for
	Per         time.Duration // 0 where nothing is promised (band)
	Provisional bool          // history does not support the budget asked for
	Observed    float64       // onsets at θ in the history counted
	FDR         float64       // the promised share of false alarms among all, where that is what is promised
	Epoch       int64         // grid time at which it was solved, Unix milliseconds; 0 before the first
}

// solve finds the limit for a share of a budget over the counts of a detector with so many live series and the given step.
func (o *onsets) solve(p Promise, share float64, series int, step time.Duration, beyond tailRule) Limit {
	if p.Band > 0 {
		return Limit{Surprise: -math.Log10(math.Erfc(p.Band / math.Sqrt2))}
	}
	series = max(series, 1)
	budget := share * p.Count / float64(p.Per) * float64(step) // onsets per step of the detector …
	if !p.PerSeries {
		budget /= float64(series) // … and per series-step
	}
	l := Limit{Promised: p.Count, Per: p.Per}
	span := o.seen / float64(series) * float64(step) // history per series
	if p.PerSeries {
		span = o.seen * float64(step) // every series tells about the others
	}
	// History of length T supports a promise of one alarm in up to reach × T: beyond that the tail would be a guess.
	if asked := float64(p.Per) / p.Count; asked > reach*span {
		days := math.Floor(reach * span / float64(24*time.Hour))
		if days < 1 {
			days = 1
		}
		l.Promised, l.Per, l.Provisional = 1, time.Duration(days)*24*time.Hour, true
	}
	l.Surprise = o.solveRate(budget, p.PerSeries || series <= fewSeries, beyond)
	l.Observed = o.at(l.Surprise)
	return l
}

// at is how many onsets a limit would have had.
func (o *onsets) at(limit float64) float64 { return o.counts[min(int(limit/limitWidth), limitBins-1)] }

// solveRate returns the smallest limit whose onsets per series-step are at most rate. Where onsets are apart, as those of few
// series are and of series that have a budget each, what is told of the tail begins at the lowest limit. There an incident that lasts is one onset; higher
// up, where its surprise wavers, it is many.
func (o *onsets) solveRate(rate float64, apart bool, beyond tailRule) float64 {
	if o.steps == 0 {
		return min(max(-math.Log10(rate), 3), maxLimit) // the budget read as a probability of points; the chain only makes it rarer
	}
	wanted := rate * o.steps
	first := lowestBin
	if !apart {
		first = mostOnsets(&o.counts)
	}
	if n := o.counts[first]; n < seenOften {
		// Hardly any onset at any limit, as where min_deviation stops nearly all. One more than was seen is
		// taken for granted, and a decade of surprise for a decade of rate.
		return min(float64(first)*limitWidth+max(math.Log10((n+1)/wanted), 0), maxLimit)
	}
	return beyond(&o.counts, first, wanted)
}

// String is the promise in the words of a message.
func (l Limit) String() string {
	if l.FDR > 0 {
		return fmt.Sprintf("≤ %g %% of alarms false", math.Round(1e4*l.FDR)/100)
	}
	if l.Per == 0 {
		return fmt.Sprintf("band, surprise %.2f per point, no promise", l.Surprise)
	}
	s := fmt.Sprintf("≤ %g false alarm%s/%s", l.Promised, plural(l.Promised), days(l.Per))
	if l.Provisional {
		s += " (provisional)"
	}
	return s
}

func plural(n float64) string {
	if n == 1 {
		return ""
	}
	return "s"
}

func days(d time.Duration) string {
	if d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%d d", d/(24*time.Hour))
	}
	return fmt.Sprintf("%g h", d.Hours())
}
