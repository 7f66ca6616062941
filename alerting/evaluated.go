package alerting

import "math/bits"

// Evaluated is one real point that a decision was taken on.
type Evaluated struct {
	T            int64 // grid time, Unix milliseconds
	Value        float64
	Lower, Upper float64 // the band; NaN where there is none
	Score        float64 // anomaly score, above 1 breaches
	Breaching    bool    // as it counted: in ALARM a Near point breaches
}

// Child is an alarm that a composite alarm's rule names, as it was when the rule was evaluated.
type Child struct {
	Name   string // as the rule writes it, with matchers
	State  State
	Series int // in that state
	Of     int // of so many
}

// Evaluated has the bits of the ages, in steps, of the real points that the table evaluates; 0 if there is none.
func (a *Alarm) Evaluated(p Policy) uint64 {
	_, n := p.bounds()
	return newest(a.real&mask(min(int(a.seen), n+RangeExtra)), n)
}

// EvaluatedSpan is how many steps back the oldest of those points lies, counted from 1 for the newest point.
func EvaluatedSpan(set uint64) int { return bits.Len64(set) }

// NearAt reports whether the point of that age did not breach but had not recovered.
func (a *Alarm) NearAt(age int) bool {
	return age >= 0 && age < int(a.seen) && a.near>>age&1 == 1
}
