package alerting

import (
	"cmp"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// Limits of Causes. What goes beyond them is counted in CauseReport, never dropped in silence.
const (
	MaxCauseAlarms = 512  // alarms of a run looked at, those with the earliest onset
	MaxCausePairs  = 2048 // pairs of alarms of a run compared, those that share the rarest label
	MaxCausePast   = 360  // grid points of the past compared, the newest
	minCausePast   = 64   // fewer tell nothing
)

// CauseAlarm is an alarm as Causes looks at it.
type CauseAlarm struct {
	ID     string
	Onset  int64 // estimate of when the trouble began, Unix milliseconds
	Spread int64 // standard deviation of that estimate, milliseconds, >= 0
	Labels labels.Labels
	Past   []float64 // residuals (value less expectation, in any unit) on the grid of CauseInput; NaN or an early end where there is none
}

// CauseInput is what Causes decides on.
type CauseInput struct {
	From, Step int64 // grid of every Past: point i is at From + i*Step, Unix milliseconds
	Alarms     []CauseAlarm
	Quiet      Population // the series without an alarm
}

// Population says how often labels occur among some series.
type Population struct {
	Series int
	With   map[labels.Label]int // series that have the label with that value
}

// Cause is a set of alarms that go back to one thing; one alarm alone is a cause, too.
type Cause struct {
	Members []string      // alarm IDs by onset, then ID
	First   []string      // those of Members that moved first: the earliest, and what its uncertainty cannot tell from it
	Labels  []SharedLabel // what all members share and the quiet ones lack, the rarest first
	P       float64       // chance that members so much in step are unrelated, (0, 1]; 1 for an alarm alone
}

// SharedLabel is a label that all members of a cause have with the same value.
type SharedLabel struct {
	Name, Value string
	Quiet       int // series without an alarm that have it, too
}

// CauseReport is what Causes found.
type CauseReport struct {
	Causes        []Cause // a partition of the alarms that were looked at, by onset of the first member
	Pairs         int     // pairs compared
	PairsLeftOut  int     // pairs that might have been compared beyond MaxCausePairs
	AlarmsLeftOut int     // alarms beyond MaxCauseAlarms: in no cause, and of no pair counted
}

// Causes parts alarms by what they go back to. Two alarms can have one cause if they share a label (other than those that name
// a metric or an alarm) and their onsets coincide: they differ by at most causeLag + 2·√(sᵢ² + sⱼ²), with the onsets' standard
// deviations s. Whether they do is decided by how their residuals moved before the trouble, up to the earliest onset:
//
//	x      = residuals less their median, winsorised at ±4 deviations, less φ times the one before, scaled to unit length
//	cᵢⱼ(k) = |Σₜ xᵢ(t)·xⱼ(t+k mod n)|
//	mᵢⱼ(k) = max cᵢⱼ(k+l) over lags |l| <= causeLags
//	T(k)   = Σ mᵢⱼ(k) over the pairs between two sets of alarms
//
// φ is the correlation of neighbours: series that are smooth in themselves look alike by chance (Box and Jenkins, "Time Series
// Analysis", on the cross-correlation of two series). Sets, at first of one alarm each, are merged, those with the largest z
// first, while z = (T(0) − mean T)/sd T is at least causeCertain and the strongest quarter of the pairs exceeds the mean by
// causeEffect on average; mean and deviation go over the circular shifts k. A shift moves one set against the other and leaves
// both as they are in themselves, so that what is left of autocorrelation, and the relations within a set, are in the
// comparison (the circular-shift test: Harris, "Nonsense correlations in neuroscience", 2021).
//
// Cause.P comes of shifting every member by itself: with Σ mᵢⱼ(sⱼ−sᵢ) over the cause's pairs, of B = 999 draws of s those b
// that reach the one without shifts give P = (1+b)/(1+B) (Phipson and Smyth, 2010). A set with P above causeAlpha is broken up. The
// seed is fixed: equal inputs give equal reports, in whatever order the alarms come.
//
// Alarms that follow each other so closely that they may have one cause make a run, which ends after half an hour at the latest;
// the limits are each run's.
func Causes(in CauseInput) CauseReport {
	alarms := slices.Clone(in.Alarms)
	slices.SortFunc(alarms, compareCauseAlarms)
	var rep CauseReport
	for _, run := range causeRuns(alarms) {
		over := max(0, len(run)-MaxCauseAlarms)
		in.Alarms = run[:len(run)-over]
		rep.AlarmsLeftOut += over
		rep.addRun(in)
	}
	return rep
}

// addRun adds the causes of one run, whose alarms are in order.
func (rep *CauseReport) addRun(in CauseInput) {
	pairs, left := causePairs(in)
	rep.Pairs, rep.PairsLeftOut = rep.Pairs+len(pairs), rep.PairsLeftOut+left
	var sets [][]int
	ps := map[int]float64{} // by the first of a set
	for _, set := range mergeCauses(len(in.Alarms), pairs) {
		p := shiftTest(set, pairs)
		if p <= causeAlpha {
			sets, ps[set[0]] = append(sets, set), p
			continue
		}
		for _, i := range set {
			sets, ps[i] = append(sets, []int{i}), 1
		}
	}
	slices.SortFunc(sets, func(a, b []int) int { return cmp.Compare(a[0], b[0]) })
	for _, set := range sets {
		rep.Causes = append(rep.Causes, newCause(in, set, ps[set[0]]))
	}
}

func compareCauseAlarms(a, b CauseAlarm) int {
	return cmp.Or(cmp.Compare(a.Onset, b.Onset), cmp.Compare(a.ID, b.ID))
}
