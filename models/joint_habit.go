package models

import "github.com/tidewatch/tidewatch"

// habitMemory is how many points of an alarm the statistic that has become familiar is a mean of. 60 and 120 found as many events on smd and
// services; with 120 an event that lasts is told from noise for longer.
const habitMemory = 120.0

// habit is what has become familiar of the statistic while an alarm lasted. Only what exceeds it is judged: a group that stays as it has
// become is told once, one that goes on changing is told again. It is forgotten as it was formed.
type habit float64

// judge is what of a statistic is not familiar.
func (h habit) judge(statistic float64) float64 { return max(0, statistic-float64(h)) }

// follow moves the habit past a statistic that was quarantined, or not.
func (h *habit) follow(statistic float64, quarantined bool) {
	if !quarantined {
		statistic = 0
	}
	if *h += habit((statistic - float64(*h)) / habitMemory); *h < leastHabit {
		*h = 0
	}
}

const leastHabit = 0.01 // of a statistic whose mean is near 1

// unhabituated is the verdict of a point if nothing were familiar: what is familiar by now raises no alarm, and is no more normal than when
// it did.
func (m *joint) unhabituated(v tidewatch.Verdict, j *jointJudgement) tidewatch.Verdict {
	if v == tidewatch.Calm && m.habit > 0 && j.present > 0 && m.tail.with(jointPrior).surprise(j.statistic, 1) >= QuarantineSurprise {
		return tidewatch.Quarantined
	}
	return v
}
