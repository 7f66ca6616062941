package quality

import (
	"math"
	"time"
)

// Expect is what a detector's data should be like. Zero values of durations and lists are inferred from the data.
type Expect struct {
	Step     time.Duration // of the grid
	Min, Max float64       // valid values; -Inf and +Inf where open
	MaxGap   time.Duration // longest time without a value
	Interval time.Duration // between two samples
	Window   time.Duration // longest range over which the expression takes a counter's increase; 0: none
	Labels   []string      // that every series must have
	Accept   time.Duration // a change of unit or of labels is the new normal after so long
	Off      bool          // no check at all
}

// step is the grid's in milliseconds.
func (e *Expect) step() int64 { return e.Step.Milliseconds() }

const (
	slack     = 0.05 // how far beyond an end of the range a value may lie, as a share of the end: a saturated ratio of 1.01 is an incident
	zeroSlack = 0.5  // the same where the end is 0, as a share of the usual magnitude: differences of rates overshoot
)

// outside reports whether x cannot be: it lies too far beyond the range. usual is the series' magnitude.
func (e *Expect) outside(x, usual float64) bool {
	room := func(end float64) float64 {
		if end == 0 {
			return zeroSlack * usual
		}
		return slack * math.Abs(end)
	}
	return !math.IsInf(e.Min, 0) && e.Min-x > room(e.Min) || !math.IsInf(e.Max, 0) && x-e.Max > room(e.Max)
}
