package models

import (
	"testing"
	"time"
	_ "time/tzdata" // the test must not depend on the machine's zones
)

func TestPhaseFollowsTheWallClock(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	var c clock
	c.init(berlin, fiveMinutes, true)
	for _, k := range []struct {
		at   string
		hour int
	}{
		{"2026-03-29T00:30:00Z", 1},   // Sunday 01:30, the hour before the clocks go forward
		{"2026-03-29T01:30:00Z", 3},   // 03:30: the hour from 2 to 3 does not exist
		{"2026-10-25T00:30:00Z", 2},   // 02:30 summer time
		{"2026-10-25T01:30:00Z", 2},   // 02:30 again
		{"2026-10-25T02:30:00Z", 3},   //
		{"2026-07-06T22:15:00Z", 48},  // Tuesday 00:15
		{"1969-12-30T12:00:00Z", 61},  // Tuesday 13:00, before the epoch
		{"2026-01-03T22:59:59Z", 167}, // Saturday 23:59:59
		{"2026-01-03T23:00:00Z", 0},   // Sunday 00:00
	} {
		at, err := time.Parse(time.RFC3339, k.at)
		if err != nil {
			t.Fatal(err)
		}
		if p := c.at(at.UnixMilli()); p.main != k.hour {
			t.Errorf("%s is in hour %d of the week, want %d", k.at, p.main, k.hour)
		}
	}
}

func TestPhaseInterpolatesBetweenCentres(t *testing.T) {
	var c clock
	c.init(nil, 60_000, true)
	sunday := time.Date(2026, 1, 4, 0, 0, 0, 0, time.UTC).UnixMilli()
	for _, k := range []struct {
		minute, main, next int
		share              float64
	}{
		{0, 0, 167, 0.4917}, {29, 0, 167, 0.0083}, {30, 0, 1, 0.0083}, {59, 0, 1, 0.4917}, {60, 1, 0, 0.4917},
	} {
		p := c.at(sunday + int64(k.minute)*60_000)
		if p.main != k.main || p.next != k.next || p.share < k.share-1e-4 || p.share > k.share+1e-4 {
			t.Errorf("minute %d has phase %+v, want bins %d and %d with share %g", k.minute, p, k.main, k.next, k.share)
		}
	}
}
