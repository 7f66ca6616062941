package models

import (
	"sync/atomic"
	"time"
)

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
	second     int32   // of the local week
}

// clock turns Unix milliseconds into phases of a location. Several goroutines may ask it.
type clock struct {
	loc         *time.Location
	half        int64 // milliseconds from a point's time to the middle of its step
	interpolate bool
	offset      atomic.Pointer[offset] // at the time that was asked for last: only a cache
}

// offset is how far a location is ahead of UTC between two changes of its clocks, all in milliseconds.
type offset struct{ from, to, ahead int64 }

func (c *clock) init(loc *time.Location, step int64, interpolate bool) {
	if loc == nil {
		loc = time.UTC
	}
	c.loc, c.half, c.interpolate = loc, step/2, interpolate
}

// at is the phase of t.
func (c *clock) at(t int64) phase {
	o := c.offset.Load()
	if o == nil || t < o.from || t >= o.to {
		o = c.look(t)
	}
	const week, hour = int64(weekly / time.Millisecond), int64(time.Hour / time.Millisecond)
	const thursday = 4 * int64(daily/time.Millisecond) // 1970-01-01 was one
	local := (t + o.ahead + thursday) % week
	if local < 0 {
		local += week
	}
	p := phase{main: int(local / hour), part: int(local % hour / fiveMinutes), second: int32(local / 1000)}
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
func (c *clock) look(t int64) *offset {
	at := time.UnixMilli(t).In(c.loc)
	_, seconds := at.Zone()
	o := &offset{from: -1 << 62, to: 1 << 62, ahead: int64(seconds) * 1000}
	start, end := at.ZoneBounds()
	if !start.IsZero() {
		o.from = start.UnixMilli()
	}
	if !end.IsZero() {
		o.to = end.UnixMilli()
	}
	c.offset.Store(o)
	return o
}
