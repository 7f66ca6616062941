package engine

import "math"

// tailRule finds the smallest limit that wanted onsets would have had, from the onsets that each limit had. What they tell of the tail begins at
// the bin first, whose limit had many.
type tailRule func(counts *[limitBins]float64, first int, wanted float64) float64

// The steepest tails that are believed in beyond what was seen often, in decades of rate for a decade of surprise. Among the many small
// onsets of M of N independent points are common, whose rate falls M times as fast as a point's; what is left at large surprises lasts.
const (
	steepestMany = 1.0
	steepest     = 3.0
)

// fewSeries are so few that share a limit that the incidents of one weigh in it, and that their onsets seldom come within one episode.
const fewSeries = 10

// ofMany is the rule for M of N points.
func ofMany(counts *[limitBins]float64, first int, wanted float64) float64 {
	return fitted(counts, first, wanted, steepestMany, maxLimit)
}

// What the line of a calibrated surprise weighs in the limit of single points where each series has a budget of its own, and where few share one: such
// a limit lies farther beyond what was seen, and errs by more.
const (
	ownClaim    = 0.65
	sharedClaim = 0.5
)

// ofOne is the rule for single points: between the tail that history shows and the line that a calibrated surprise claims. Short
// incidents, of which history may hold dozens, flatten the first; it alone would take them for how the series is. Noise with a
// heavy tail is flatter than the second, which alone would promise too much (docs/decisions/0020).
//
// Where many series share a limit, the incidents of one are less and less of what history holds, and what flattens its tail is what befalls each of
// them now and then: beyond fewSeries the line weighs less, and nothing in the end, and the limit may lie farther out than history can count.
func ofOne(series int, own bool) tailRule {
	claim := sharedClaim * min(1, fewSeries/float64(series))
	if own {
		claim = ownClaim
	}
	return func(counts *[limitBins]float64, first int, wanted float64) float64 {
		return between(counts, first, wanted, claim)
	}
}

// between is the limit between the tail that history shows and the line that a calibrated surprise claims, whose weight is given. Half-way the
// limit is at most maxLimit, with the tail alone twice that.
func between(counts *[limitBins]float64, first int, wanted, claim float64) float64 {
	return float64((1-claim)*fitted(counts, first, wanted, steepest, 2*maxLimit*(1-claim))) + float64(claim*claimed(counts, first, wanted))
}

// fitted fits the tail to the limits whose onsets were seen often, and is no more than most.
func fitted(counts *[limitBins]float64, first int, wanted, steepest, most float64) float64 {
	last := first // the largest limit with onsets seen often
	for last+1 < limitBins && counts[last+1] >= seenOften {
		last++
	}
	if wanted >= counts[last] { // the budget lies in the part that was seen often
		return leastOf(counts, last, wanted)
	}
	slope := min(tailSlope(counts, max(first, last-60), last), steepest)
	return min(float64(last)*limitWidth+(math.Log10(counts[last])-math.Log10(wanted))/slope, most)
}

// ofGroup is the rule for groups that are judged as one. Every point of a group is one of dozens of series, so that incidents are common in its
// history, and large: a tail that is fitted takes them for how the group is.
func ofGroup(counts *[limitBins]float64, first int, wanted float64) float64 {
	return claimed(counts, first, wanted)
}

// claimedSlope is what a calibrated surprise claims, in decades of rate for a decade of surprise.
const claimedSlope = 1.0

// claimed is the limit on a line that begins at the bin first, where the common onsets are, and has the slope that the surprise claims.
func claimed(counts *[limitBins]float64, first int, wanted float64) float64 {
	if wanted >= seenOften {
		return leastOf(counts, limitBins-1, wanted)
	}
	return min(float64(first)*limitWidth+math.Log10(counts[first]/wanted)/claimedSlope, maxLimit)
}

// mostOnsets is the bin whose limit had the most onsets, of several the smallest. With hundreds of series something breaches the lowest
// limits at nearly any time. Their onsets run together into few long episodes, which say nothing of how common a breach is.
func mostOnsets(counts *[limitBins]float64) int {
	most := lowestBin
	for b := most + 1; b < limitBins; b++ {
		if counts[b] > counts[most] {
			most = b
		}
	}
	return most
}

// leastOf is the smallest limit, of those up to bin last, from which on there were at most as many onsets as are wanted.
func leastOf(counts *[limitBins]float64, last int, wanted float64) float64 {
	b := last
	for b > lowestBin && counts[b-1] <= wanted {
		b--
	}
	return float64(b) * limitWidth
}

// tailSlope fits log10 count = a − slope × limit over bins [from, to] by least squares, and keeps the slope within what a
// calibrated surprise can have: 0.5 (strongly clustered, heavy) to 3 (M independent points, each a decade less likely).
func tailSlope(counts *[limitBins]float64, from, to int) float64 {
	n := float64(to - from + 1)
	if n < 4 {
		return 1
	}
	var sx, sy, sxx, sxy float64
	for b := from; b <= to; b++ {
		x, y := float64(b)*limitWidth, math.Log10(counts[b])
		sx += x
		sy += y
		sxx += float64(x * x)
		sxy += float64(x * y)
	}
	return min(max(-(n*sxy-sx*sy)/(n*sxx-sx*sx), 0.5), 3)
}
