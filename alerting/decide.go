package alerting

import (
	"errors"
	"fmt"
	"math/bits"
)

// RangeExtra is by how many points the evaluation range is longer than Of, so that missing points can be skipped. CloudWatch
// documents its range by example only (5 for N = 3); N + 2 is the simplest rule that fits.
const RangeExtra = 2

// MaxOf is the largest Of: the range must fit into the 64 points that an Alarm remembers.
const MaxOf = 60

// DefaultPolicy is 3 of 5 points, and a missing point changes nothing.
func DefaultPolicy() Policy {
	return Policy{Datapoints: 3, Of: 5, Missing: Ignore, Recovery: 1, Resolve: 5}
}

// Range is how many points are looked at: Of + RangeExtra.
func (p Policy) Range() int {
	_, n := p.bounds()
	return n + RangeExtra
}

// bounds are Datapoints and Of, brought within 1 <= m <= n <= MaxOf.
func (p Policy) bounds() (m, n int) {
	n = min(max(p.Of, 1), MaxOf)
	return min(max(p.Datapoints, 1), n), n
}

// hysteresis reports whether a point that does not breach may still keep an alarm in ALARM.
func (p Policy) hysteresis() bool { return p.Recovery > 0 && p.Recovery < 1 }

// Judge is the outcome of a real point with that anomaly score, apart from Decisive: it breaches above 1.
func (p Policy) Judge(score float64) Breach {
	switch {
	case score > 1:
		return Breaching
	case p.hysteresis() && score > p.Recovery:
		return Near
	}
	return Fine
}

// Held is the decision that keeps the alarm in ALARM if only points that have not recovered do, else zero.
func (a *Alarm) Held(p Policy) Decision {
	if a.state != Alarming || !p.hysteresis() {
		return Decision{}
	}
	m, _ := p.bounds()
	if d := a.Decide(p); d.State == Alarming && !d.Retain && d.Breaches-d.Near < m && d.Rule != RuleDecisive {
		return d
	}
	return Decision{}
}

// Validate names the field that is out of bounds, what it is and what it may be.
func (p Policy) Validate() error {
	switch {
	case p.Of < 1 || p.Of > MaxOf:
		return fmt.Errorf("alarm: of is %d, want 1 to %d", p.Of, MaxOf)
	case p.Datapoints < 1 || p.Datapoints > p.Of:
		return fmt.Errorf("alarm: datapoints is %d, want 1 to of (%d)", p.Datapoints, p.Of)
	case p.Missing > MissingNotBreaching:
		return fmt.Errorf("alarm: missing is %d, want one of %s", p.Missing, treatmentList)
	case p.For < 0:
		return errors.New("alarm: for is negative")
	case p.KeepFiringFor < 0:
		return errors.New("alarm: keep_firing_for is negative")
	case !(p.Recovery >= 0 && p.Recovery <= 1): // so written that NaN is refused
		return fmt.Errorf("alarm: recovery_score is %v, want above 0 and at most 1", p.Recovery)
	case p.Resolve < 0 || p.Resolve > MaxOf:
		return fmt.Errorf("alarm: resolve_datapoints is %d, want 0 to %d", p.Resolve, MaxOf)
	}
	return nil
}

// Decision is what the points in the evaluation range mean, before For and KeepFiringFor.
type Decision struct {
	Rule     Rule
	State    State // meaningless if Retain
	Retain   bool  // the alarm stays in whatever state it is in
	Breaches int   // breaching points among the evaluated ones, those filled as breaching and, in ALARM, Near ones included
	Near     int   // of them, Near ones
	Of       int   // evaluated points, fills included
	Missing  int   // evaluated points that were missing and filled by the treatment
	Oldest   int   // age in steps of the oldest real breaching point that counted; -1 if there is none
}

// Decide applies CloudWatch's table to the range as it stands and changes nothing. Under AtOnce one decisive point among the
// newest N real ones of the range alarms before the table is asked. In ALARM a Near point counts as breaching. With x breaching points among the real
// ones, N = Of and M = Datapoints:
//
//  1. The newest N points are all real: ALARM iff x >= M among them.
//  2. Else there are N real points in the range: the same over the newest N real ones; the treatment is not consulted.
//  3. Else every real point of the range counts and the treatment fills as few as it takes to have N:
//     breaching: ALARM iff x + fills >= M; notBreaching: ALARM iff x >= M;
//     missing and ignore: ALARM iff x >= M; without any real point INSUFFICIENT_DATA (missing) or retain (ignore); OK if
//     any real point is fine; and if all of them breach but fewer than M, ignore retains, and missing alarms once the
//     oldest of them is M points old ("premature" before that, when it retains too).
func (a *Alarm) Decide(p Policy) Decision {
	m, n := p.bounds()
	span := min(int(a.seen), n+RangeExtra)
	points := a.real & mask(span)
	breach := a.breach
	if a.state == Alarming {
		breach |= a.near
	}
	if set := newest(points, n); p.AtOnce && a.decisive > 0 && set>>(a.decisive-1)&1 == 1 {
		return a.count(RuleDecisive, breach, set, 1)
	}
	if a.real&mask(n) == mask(n) {
		return a.count(RuleNewestReal, breach, mask(n), m)
	}
	if bits.OnesCount64(points) >= n {
		return a.count(RuleEnoughReal, breach, newest(points, n), m)
	}
	fills := min(n-bits.OnesCount64(points), span-bits.OnesCount64(points))
	d := a.count("", breach, points, m)
	switch p.Missing {
	case MissingBreaching:
		d.Rule, d.Missing, d.Of, d.Breaches = RuleFilledBreaching, fills, d.Of+fills, d.Breaches+fills
		d.State = stateIf(d.Breaches >= m)
	case MissingNotBreaching:
		d.Rule, d.Missing, d.Of = RuleFilledNotBreaching, fills, d.Of+fills
	default:
		unfilled(&d, p.Missing == MissingMissing, m)
	}
	return d
}

// unfilled decides on fewer than N real points where missing ones stay missing; wait distinguishes the treatment missing
// from ignore.
func unfilled(d *Decision, isMissing bool, m int) {
	switch {
	case d.Breaches >= m:
		d.Rule = RuleFewEnoughBreach
	case d.Of == 0 && isMissing:
		d.Rule, d.State = RuleNoneInsufficient, InsufficientData
	case d.Of == 0:
		d.Rule, d.Retain = RuleNoneRetain, true
	case d.Breaches < d.Of:
		d.Rule = RuleFewOneFine
	case !isMissing:
		d.Rule, d.Retain = RuleFewAllBreachRetain, true
	case d.Oldest+1 >= m:
		d.Rule, d.State = RuleFewAllBreachOld, Alarming
	default:
		d.Rule, d.Retain = RuleFewAllBreachWait, true
	}
}

// count takes the points of a set as they are.
func (a *Alarm) count(r Rule, breach, set uint64, m int) Decision {
	hits := breach & set
	x := bits.OnesCount64(hits)
	return Decision{Rule: r, State: stateIf(x >= m), Breaches: x, Near: bits.OnesCount64(hits & a.near), Of: bits.OnesCount64(set), Oldest: bits.Len64(hits) - 1}
}

func stateIf(alarm bool) State {
	if alarm {
		return Alarming
	}
	return OK
}
