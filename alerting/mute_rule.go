package alerting

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// MuteRule hides alarms for a while whenever its schedule comes round, as a CloudWatch alarm mute rule does: the state goes on, and
// what still fires at the end is told then.
type MuteRule struct {
	Name     string
	Matchers Matchers
	Schedule Schedule
	Duration time.Duration // elapsed time from each beginning, 1 minute to 15 days; the clocks' change does not alter it
	Location *time.Location
	From, To int64 // beginnings before From or from To on do not count, Unix milliseconds; 0: no bound
}

// Schedule is when a mute rule begins: a cron expression of five fields, or one moment.
type Schedule struct {
	Once     time.Time // on the wall clock, in UTC; zero: the fields below
	Minutes  [60]bool
	Hours    [24]bool
	Days     [32]bool // of the month, from 1
	Months   [13]bool // from 1
	Weekdays [7]bool  // 0 is Sunday
	AnyDay   bool     // the field of the days of the month is *
	AnyWeek  bool     // the field of the weekdays is *
	AnyHour  bool     // the field of the hours is *
}

// Active reports whether the rule mutes at t, Unix milliseconds, and when that may change.
func (r *MuteRule) Active(t int64) (active bool, until int64) {
	if began, ok := r.began(t); ok && t < began+r.Duration.Milliseconds() {
		return true, began + r.Duration.Milliseconds()
	}
	return false, r.begins(t)
}

// began is the newest beginning at or before t that can still matter.
func (r *MuteRule) began(t int64) (int64, bool) {
	days := int(r.Duration/(24*time.Hour)) + 2
	for d := range days {
		starts := r.on(time.UnixMilli(t).In(r.Location).AddDate(0, 0, -d))
		for _, s := range slices.Backward(starts) {
			if s <= t && r.counts(s) {
				return s, true
			}
		}
	}
	return 0, false
}

// begins is the first beginning after t, or a time well before it if it is far away.
func (r *MuteRule) begins(t int64) int64 {
	if r.To != 0 && t >= r.To {
		return math.MaxInt64
	}
	for d := range 3 {
		for _, s := range r.on(time.UnixMilli(t).In(r.Location).AddDate(0, 0, d)) {
			if s > t && r.counts(s) {
				return s
			}
		}
	}
	return t + 24*time.Hour.Milliseconds()
}

func (r *MuteRule) counts(s int64) bool { return s >= r.From && (r.To == 0 || s < r.To) }

// on are the beginnings on the day of t, ascending. A time that the clock leaves out begins when it has been put forward; one that
// comes twice begins at the first, unless the schedule is for every hour.
func (r *MuteRule) on(t time.Time) []int64 {
	y, m, d := t.Date()
	if o := r.Schedule.Once; !o.IsZero() {
		if oy, om, od := o.Date(); oy != y || om != m || od != d {
			return nil
		}
		return []int64{wallTime(y, m, d, o.Hour(), o.Minute(), r.Location)}
	}
	s := &r.Schedule
	weekday := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Weekday()
	if !s.Months[m] || !s.day(d, weekday) {
		return nil
	}
	var out []int64
	for hour, on := range s.Hours {
		for minute := range s.Minutes {
			if !on || !s.Minutes[minute] {
				continue
			}
			at := wallTime(y, m, d, hour, minute, r.Location)
			out = append(out, at)
			if again := time.UnixMilli(at).Add(time.Hour).In(r.Location); s.AnyHour && again.Hour() == hour && again.Minute() == minute {
				out = append(out, again.UnixMilli())
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// day reports whether the schedule begins on a day: as cron has it, where both fields are given, one of them is enough.
func (s *Schedule) day(d int, w time.Weekday) bool {
	switch {
	case s.AnyDay && s.AnyWeek:
		return true
	case s.AnyDay:
		return s.Weekdays[w]
	case s.AnyWeek:
		return s.Days[d]
	default:
		return s.Days[d] || s.Weekdays[w]
	}
}

// wallTime is the first instant at which the clock shows the time, or, if it never does, the instant at which it has skipped it.
func wallTime(y int, m time.Month, d, hour, minute int, loc *time.Location) int64 {
	want := time.Date(y, m, d, hour, minute, 0, 0, time.UTC)
	first := int64(0)
	for _, near := range []time.Duration{-26 * time.Hour, 26 * time.Hour} { // the offsets before and after any change
		_, offset := want.Add(near).In(loc).Zone()
		at := want.Add(-time.Duration(offset) * time.Second).In(loc)
		if at.Hour() == hour && at.Minute() == minute && at.Day() == d && (first == 0 || at.UnixMilli() < first) {
			first = at.UnixMilli()
		}
	}
	if first != 0 {
		return first
	}
	_, before := want.Add(-26 * time.Hour).In(loc).Zone()
	at := want.Add(-time.Duration(before) * time.Second) // beyond the gap by as much as the time lies in it
	start, _ := at.In(loc).ZoneBounds()
	return start.UnixMilli()
}

// Validate names what is out of bounds.
func (r *MuteRule) Validate() error {
	switch {
	case r.Duration < time.Minute || r.Duration > 15*24*time.Hour:
		return fmt.Errorf("duration is %s, want 1 minute (PT1M) to 15 days (P15D)", r.Duration)
	case r.To != 0 && r.To <= r.From:
		return fmt.Errorf("expires at %s, which is not after its start at %s", utc(r.To), utc(r.From))
	}
	return r.Matchers.validate()
}

// activeMute is a mute rule that mutes until a time.
type activeMute struct {
	rule  *MuteRule
	until int64
}
