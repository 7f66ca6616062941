package alerting

import (
	"math"
	"slices"
	"time"
)

// TimeInterval is a recurring time, with Alertmanager's semantics: every part that is given must hold, and holds if one of its
// ranges does. An empty part holds always.
type TimeInterval struct {
	Times       []IntRange // minutes of the day on the wall clock, To excluded, up to 1440
	Weekdays    []IntRange // 0 is Sunday; both ends included, as in the parts that follow
	DaysOfMonth []IntRange // 1 is the first; -1 the last, -2 the one before
	Months      []IntRange // 1 to 12
	Years       []IntRange
	Location    *time.Location // nil is UTC
}

// IntRange is a range of whole numbers.
type IntRange struct{ From, To int }

func (r IntRange) holds(n int) bool { return n >= r.From && n <= r.To }

// Contains reports whether the interval holds at t, Unix milliseconds.
func (iv *TimeInterval) Contains(t int64) bool {
	loc := iv.Location
	if loc == nil {
		loc = time.UTC
	}
	at := time.UnixMilli(t).In(loc)
	minute := 60*at.Hour() + at.Minute()
	part := func(rs []IntRange, holds func(IntRange) bool) bool {
		return len(rs) == 0 || slices.ContainsFunc(rs, holds)
	}
	value := func(n int) func(IntRange) bool { return func(r IntRange) bool { return r.holds(n) } }
	last := time.Date(at.Year(), at.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return part(iv.Times, func(r IntRange) bool { return minute >= r.From && minute < r.To }) &&
		part(iv.Weekdays, value(int(at.Weekday()))) && part(iv.Months, value(int(at.Month()))) && part(iv.Years, value(at.Year())) &&
		part(iv.DaysOfMonth, func(r IntRange) bool { return r.fromEnd(last).holds(at.Day()) })
}

// fromEnd is the range with negative days counted from the end of a month of that length.
func (r IntRange) fromEnd(last int) IntRange {
	if r.From < 0 {
		r.From = max(last+r.From+1, 1)
	}
	if r.To < 0 {
		r.To = last + r.To + 1
	}
	return r
}

// intervalHorizon is how far ahead a change of an interval is looked for; what comes later is looked for again then.
const intervalHorizon = 24 * time.Hour

// intervalsAt reports which of the named intervals hold at t, by name, and when that may change: at a minute's beginning.
func intervalsAt(defs map[string][]TimeInterval, names []string, t int64) (holding []string, until int64) {
	if len(names) == 0 {
		return nil, math.MaxInt64
	}
	at := func(name string, t int64) bool {
		return slices.ContainsFunc(defs[name], func(iv TimeInterval) bool { return iv.Contains(t) })
	}
	now := make([]bool, len(names))
	for i, name := range names {
		if now[i] = at(name, t); now[i] {
			holding = append(holding, name)
		}
	}
	const minute = int64(60_000)
	end := t + intervalHorizon.Milliseconds()
	for until = (t/minute + 1) * minute; until < end; until += minute {
		for i, name := range names {
			if at(name, until) != now[i] {
				return holding, until
			}
		}
	}
	return holding, until
}
