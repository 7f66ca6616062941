package configs

import (
	"fmt"
	"strings"
	"time"
)

// Exclude holds the times that are never learnt from and never alarm. The zero value excludes nothing.
type Exclude struct {
	Ranges    []TimeRange
	Recurring []Window
}

// TimeRange is [From, To) in Unix milliseconds.
type TimeRange struct{ From, To int64 }

// Window recurs on some days between two wall-clock times of Location. Where To <= From it reaches into the next day; Days
// says on which days it begins.
type Window struct {
	Days     [7]bool       // indexed by time.Weekday
	From, To time.Duration // since midnight on the wall clock, 0 to 24h
	Location *time.Location
}

// Contains reports whether t (Unix milliseconds) is excluded.
func (e Exclude) Contains(t int64) bool {
	for _, r := range e.Ranges {
		if t >= r.From && t < r.To {
			return true
		}
	}
	for _, w := range e.Recurring {
		if w.contains(t) {
			return true
		}
	}
	return false
}

func (w Window) contains(t int64) bool {
	local := time.UnixMilli(t).In(w.Location)
	wall := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second
	today := local.Weekday()
	if w.From < w.To {
		return w.Days[today] && wall >= w.From && wall < w.To
	}
	yesterday := (today + 6) % 7
	return w.Days[today] && wall >= w.From || w.Days[yesterday] && wall < w.To
}

// String is a canonical form.
func (e Exclude) String() string {
	var b strings.Builder
	for _, r := range e.Ranges {
		fmt.Fprintf(&b, "[%d %d)", r.From, r.To)
	}
	for _, w := range e.Recurring {
		fmt.Fprintf(&b, "[%v %s %s %s)", w.Days, w.From, w.To, w.Location)
	}
	return b.String()
}
