package models

import "time"

// Ladder is how much history a series needs for each step of what is learnt of it: its level, from which it is judged on, the day and the
// week. A season that is switched off, or that the step is too coarse for, is 0.
type Ladder struct{ Level, Daily, Weekly time.Duration }

// weekKnown is the history after which a week counts as known: two of them, and the day that the day's own profile is behind.
const weekKnown = 15 * daily

// Ladder is c's, for a series that reports at every step; where values are missing the level takes longer.
func (c Config) Ladder() (Ladder, error) {
	s, err := newSettings(c)
	if err != nil {
		return Ladder{}, err
	}
	l := Ladder{Level: time.Duration(s.levelPoints) * c.Step}
	if spec, ok := registry[c.Kind]; ok && spec.Joint {
		l.Level = time.Duration(s.slowPoints) * c.Step
	}
	if s.day != seasonOff {
		l.Daily = max(time.Duration(s.dayPoints)*c.Step, l.Level)
	}
	if s.week != seasonOff && s.day != seasonOff {
		l.Weekly = max(time.Duration(s.weekPoints)*c.Step, weekKnown)
	}
	return l, nil
}

// Full is the history at which there is nothing more to wait for.
func (l Ladder) Full() time.Duration { return max(l.Level, l.Daily, l.Weekly) }
