package models

import "time"

const (
	hoursADay   = 24
	hoursAWeek  = 7 * hoursADay
	partsAnHour = 12
	fiveMinutes = int64(5 * time.Minute / time.Millisecond)
)

// phase is where a time lies in the local week: in hour-of-week bin main, with the share of its neighbour by which the
// profile is interpolated between the centres of the two.
type phase struct {
	main, next int     // hour of the local week, 0 is Sunday 00:00
	share      float64 // of next, in [0, 0.5]
	part       int     // five-minute part of the hour
}

// clock turns Unix milliseconds into phases of a location. It remembers the present UTC offset, which is only a cache.
type clock struct {
	loc         *time.Location
	half        int64 // milliseconds from a point's time to the middle of its step
	interpolate bool
	from, to    int64 // milliseconds between which offset holds
	offset      int64
}

func newClock(loc *time.Location, step int64, interpolate bool) clock {
	if loc == nil {
		loc = time.UTC
	}
	return clock{loc: loc, half: step / 2, interpolate: interpolate}
}

// at is the phase of t.
func (c *clock) at(t int64) phase {
	if t < c.from || t >= c.to {
		c.look(t)
	}
	const week, hour = int64(weekly / time.Millisecond), int64(time.Hour / time.Millisecond)
	const thursday = 4 * int64(daily/time.Millisecond) // 1970-01-01 was one
	local := (t + c.offset + thursday) % week
	if local < 0 {
		local += week
	}
	p := phase{main: int(local / hour), part: int(local % hour / fiveMinutes)}
	p.next = p.main
	if !c.interpolate {
		return p
	}
	in := float64(local%hour+c.half)/float64(hour) - 0.5
	if in < 0 {
		p.next, p.share = (p.main+hoursAWeek-1)%hoursAWeek, -in
	} else {
		p.next, p.share = (p.main+1)%hoursAWeek, min(in, 0.5)
	}
	return p
}

// look asks the location for the offset at t and for how long it holds.
func (c *clock) look(t int64) {
	at := time.UnixMilli(t).In(c.loc)
	_, seconds := at.Zone()
	c.offset = int64(seconds) * 1000
	start, end := at.ZoneBounds()
	c.from, c.to = -1<<62, 1<<62
	if !start.IsZero() {
		c.from = start.UnixMilli()
	}
	if !end.IsZero() {
		c.to = end.UnixMilli()
	}
}
