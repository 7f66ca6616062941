package alerting

import (
	"testing"
	"time"
)

// In Berlin the clocks go from 02:00 to 03:00 on 29 March 2026 and from 03:00 back to 02:00 on 25 October.
func TestMuteRules(t *testing.T) {
	loc := berlin(t)
	for _, c := range []struct {
		schedule, duration, on string
		want                   string // of the first window that ends after the day's beginning: from and to
	}{
		{"cron(0 2 * * *)", "PT4H", "2026-03-03", "2026-03-03T02:00+01:00 2026-03-03T06:00+01:00"},
		{"cron(0 18 * * FRI)", "P2DT12H", "2026-03-03", "2026-03-06T18:00+01:00 2026-03-09T06:00+01:00"},
		{"cron(0 1 1 * *)", "PT6H", "2026-03-03", "2026-04-01T01:00+02:00 2026-04-01T07:00+02:00"},
		{"cron(30 3,15 * 3-5 MON-FRI)", "PT90M", "2026-03-07", "2026-03-09T03:30+01:00 2026-03-09T05:00+01:00"},
		{"cron(0 0 13 * FRI)", "PT1H", "2026-03-07", "2026-03-13T00:00+01:00 2026-03-13T01:00+01:00"}, // either field is enough
		{"at(2026-12-24T22:00)", "P3D", "2026-12-01", "2026-12-24T22:00+01:00 2026-12-27T22:00+01:00"},
		// The duration is time that passes: across a change of the clocks the end's wall time moves.
		{"cron(0 1 * * *)", "PT4H", "2026-03-29", "2026-03-29T01:00+01:00 2026-03-29T06:00+02:00"},
		{"cron(0 1 * * *)", "PT4H", "2026-10-25", "2026-10-25T01:00+02:00 2026-10-25T04:00+01:00"},
		// A time that is left out begins when the clock has been put forward; one that comes twice begins once.
		{"cron(30 2 * * *)", "PT1H", "2026-03-29", "2026-03-29T03:00+02:00 2026-03-29T04:00+02:00"},
		{"at(2026-03-29T02:15)", "PT1H", "2026-03-01", "2026-03-29T03:00+02:00 2026-03-29T04:00+02:00"},
		{"cron(30 2 * * *)", "PT1H", "2026-10-25", "2026-10-25T02:30+02:00 2026-10-25T02:30+01:00"},
	} {
		s, err := ParseSchedule(c.schedule)
		if err != nil {
			t.Fatal(err)
		}
		d, err := ParseISODuration(c.duration)
		if err != nil {
			t.Fatal(err)
		}
		day, err := time.ParseInLocation(time.DateOnly, c.on, loc)
		if err != nil {
			t.Fatal(err)
		}
		r := MuteRule{Schedule: s, Duration: d, Location: loc}
		from := day.UnixMilli()
		for on, next := r.Active(from); !on; on, next = r.Active(from) {
			from = next
		}
		_, to := r.Active(from)
		const layout = "2006-01-02T15:04Z07:00"
		if got := time.UnixMilli(from).In(loc).Format(layout) + " " + time.UnixMilli(to).In(loc).Format(layout); got != c.want {
			t.Errorf("%s %s from %s: %s, want %s", c.schedule, c.duration, c.on, got, c.want)
		}
		if on, _ := r.Active(from - 1); on {
			t.Errorf("%s from %s: it mutes before it begins", c.schedule, c.on)
		}
		if on, _ := r.Active(to); on {
			t.Errorf("%s from %s: it mutes at its end", c.schedule, c.on)
		}
	}
}

// A schedule for every hour begins in both of the hours with the same name.
func TestHourlyMuteRule(t *testing.T) {
	s, err := ParseSchedule("cron(10 * * * *)")
	if err != nil {
		t.Fatal(err)
	}
	loc := berlin(t)
	r := MuteRule{Schedule: s, Duration: 5 * time.Minute, Location: loc}
	muted := 0
	for at := time.Date(2026, 10, 25, 0, 0, 0, 0, loc); at.Before(time.Date(2026, 10, 26, 0, 0, 0, 0, loc)); at = at.Add(time.Minute) {
		if on, _ := r.Active(at.UnixMilli()); on {
			muted++
		}
	}
	if muted != 25*5 {
		t.Errorf("%d minutes are muted on the day of 25 hours, want 125", muted)
	}
	r.From, r.To = time.Date(2026, 10, 25, 6, 0, 0, 0, loc).UnixMilli(), time.Date(2026, 10, 25, 8, 0, 0, 0, loc).UnixMilli()
	for hour, want := range map[int]bool{5: false, 6: true, 7: true, 8: false} {
		if on, _ := r.Active(time.Date(2026, 10, 25, hour, 12, 0, 0, loc).UnixMilli()); on != want {
			t.Errorf("between its bounds: %d:12 is muted: %t", hour, on)
		}
	}
}

func TestSchedulesThatAreWrong(t *testing.T) {
	for in, want := range map[string]string{
		"0 2 * * *":             "want cron(Minutes Hours Day-of-month Month Day-of-week), for example cron(0 2 * * SUN), or at(2026-12-24T22:00)",
		"cron(0 2 * *)":         "cron has 4 fields, want five: minutes, hours, days of the month, months, weekdays",
		"cron(60 2 * * *)":      `minutes: "60" is not within 0 to 59`,
		"cron(0 2 0 * *)":       `days of the month: "0" is not within 1 to 31`,
		"cron(0 22-2 * * *)":    `hours: "22-2" ends before it begins`,
		"cron(0 2 * * FUNDAY)":  `weekdays: "FUNDAY" is not within 0 to 6`,
		"at(24.12.2026)":        "at(24.12.2026) is no time, want for example at(2026-12-24T22:00)",
		"cron(0 2 * JAN-MAR *)": "",
	} {
		text := ""
		if _, err := ParseSchedule(in); err != nil {
			text = err.Error()
		}
		if text != want {
			t.Errorf("%s: %q, want %q", in, text, want)
		}
	}
	for in, want := range map[string]time.Duration{"PT4H": 4 * time.Hour, "P2DT12H": 60 * time.Hour, "P1W": 168 * time.Hour, "PT1M30S": 90 * time.Second, "P": 0, "PT": 0, "4h": 0, "P1M": 0} {
		if got, err := ParseISODuration(in); got != want || (err == nil) != (want > 0) {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
}

func TestTimeIntervals(t *testing.T) {
	loc := berlin(t)
	iv := TimeInterval{
		Times: []IntRange{{9 * 60, 17 * 60}}, Weekdays: []IntRange{{1, 5}}, DaysOfMonth: []IntRange{{1, 7}, {-3, -1}}, Months: []IntRange{{2, 10}},
		Years: []IntRange{{2026, 2027}}, Location: loc,
	}
	for at, want := range map[string]bool{
		"2026-03-03T09:00": true, "2026-03-03T08:59": false, "2026-03-03T16:59": true, "2026-03-03T17:00": false, // a Tuesday
		"2026-03-07T12:00": false, // a Saturday
		"2026-03-10T12:00": false, // the 10th
		"2026-02-25T12:00": false, "2026-02-26T12:00": true, "2028-02-29T12:00": false, "2027-02-26T12:00": true,
		"2026-03-30T12:00": true, "2026-10-30T12:00": true, "2026-11-30T12:00": false, // on both sides of the clocks' change
	} {
		tm, err := time.ParseInLocation("2006-01-02T15:04", at, loc)
		if err != nil {
			t.Fatal(err)
		}
		if got := iv.Contains(tm.UnixMilli()); got != want {
			t.Errorf("%s: %t", at, got)
		}
	}
	night := map[string][]TimeInterval{"night": {{Times: []IntRange{{120, 240}}, Location: loc}}}
	for day, hours := range map[int]int64{28: 2, 29: 1} { // 02:00 to 04:00, of which an hour is left out
		from, until := intervalsAt(night, []string{"night"}, time.Date(2026, 3, day, 0, 0, 0, 0, loc).UnixMilli())
		if len(from) != 0 {
			t.Errorf("%d March: it is night at midnight", day)
		}
		if _, end := intervalsAt(night, []string{"night"}, until); end-until != hours*3_600_000 {
			t.Errorf("%d March: the night lasts %s, want %d h", day, time.Duration(end-until)*time.Millisecond, hours)
		}
	}
}
