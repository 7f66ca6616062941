package models

import "github.com/tidewatch/tidewatch"

// habitMemory is how many points of an alarm the statistic that has become familiar is a mean of. With 120 a group's event that lasts has a high
// score for longer; with 60 fewer false alarms follow one (smd .36 and .55 a week, services .39 and .47), and as many events are found. A
// replica that has left its peers is told for as long as somebody may come to look.
func (m *joint) habitMemory() float64 {
	if m.peers != nil {
		return 120
	}
	return 60
}

// habit is what has become familiar of the statistic while an alarm lasted. Only what exceeds it is judged: a group that stays as it has
// become is told once, one that goes on changing is told again. It is forgotten as it was formed.
type habit float64

// judge is what of a statistic is not familiar.
func (h habit) judge(statistic float64) float64 { return max(0, statistic-float64(h)) }

// follow moves the habit, a mean over so many points, past a statistic that was quarantined, or not.
func (h *habit) follow(statistic, memory float64, quarantined bool) {
	if !quarantined {
		statistic = 0
	}
	if *h += habit((statistic - float64(*h)) / memory); *h < leastHabit {
		*h = 0
	}
}

const leastHabit = 0.01 // of a statistic whose mean is near 1

// unhabituated is the verdict of a point if nothing were familiar: what is familiar by now raises no alarm, and is no more normal than when
// it did.
func (m *joint) unhabituated(v tidewatch.Verdict, j *jointJudgement) tidewatch.Verdict {
	if v == tidewatch.Calm && m.habit > 0 && j.present > 0 && m.surpriseOf(j.statistic) >= QuarantineSurprise {
		return tidewatch.Quarantined
	}
	return v
}
