package configs

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
)

// wallClock is minutes since midnight.
type wallClock int

func (c *wallClock) parse(s string) error {
	v, ok := parseWall(s)
	if !ok {
		return errors.New(`want a time of day like "22:00"`)
	}
	*c = wallClock(v / time.Minute)
	return nil
}

// The ranges of a time interval.
type (
	weekdayRange alerting.IntRange
	dayRange     alerting.IntRange
	monthRange   alerting.IntRange
	yearRange    alerting.IntRange
)

// parseRange reads `a` or `a:b`.
func parseRange(s string, value func(string) (int, bool)) (r alerting.IntRange, ok bool) {
	from, to, isRange := strings.Cut(s, ":")
	if !isRange {
		to = from
	}
	a, okA := value(strings.TrimSpace(from))
	b, okB := value(strings.TrimSpace(to))
	return alerting.IntRange{From: a, To: b}, okA && okB
}

func (r *weekdayRange) parse(s string) error {
	v, ok := parseRange(s, func(s string) (int, bool) {
		var d weekday
		err := d.parse(s)
		return int(d), err == nil
	})
	if !ok || v.From > v.To {
		return errors.New("want a day or a range within a week that begins on Sunday, like saturday or monday:friday")
	}
	*r = weekdayRange(v)
	return nil
}

func (r *dayRange) parse(s string) error {
	v, ok := parseRange(s, func(s string) (int, bool) {
		n, err := strconv.Atoi(s)
		return n, err == nil && n != 0 && n >= -31 && n <= 31
	})
	if !ok || v.From > v.To && (v.From < 0) == (v.To < 0) || v.From < 0 && v.To > 0 {
		return errors.New(`want a day of the month or a range, like "1:7", or "-3:-1" for the last three`)
	}
	*r = dayRange(v)
	return nil
}

func (r *monthRange) parse(s string) error {
	v, ok := parseRange(s, func(s string) (int, bool) {
		for m := time.January; m <= time.December; m++ {
			if name := strings.ToLower(m.String()); strings.EqualFold(s, name) || strings.EqualFold(s, name[:3]) {
				return int(m), true
			}
		}
		n, err := strconv.Atoi(s)
		return n, err == nil && n >= 1 && n <= 12
	})
	if !ok || v.From > v.To {
		return errors.New(`want a month or a range within a year, like december or "1:3"`)
	}
	*r = monthRange(v)
	return nil
}

func (r *yearRange) parse(s string) error {
	v, ok := parseRange(s, func(s string) (int, bool) {
		n, err := strconv.Atoi(s)
		return n, err == nil && n >= 1970 && n <= 9999
	})
	if !ok || v.From > v.To {
		return errors.New(`want a year or a range, like "2026:2027"`)
	}
	*r = yearRange(v)
	return nil
}

// muteSchedule is CloudWatch's schedule expression.
type muteSchedule alerting.Schedule

func (m *muteSchedule) parse(s string) error {
	v, err := alerting.ParseSchedule(s)
	*m = muteSchedule(v)
	return err
}

// isoDuration is a duration such as PT4H.
type isoDuration time.Duration

func (d *isoDuration) parse(s string) error {
	v, err := alerting.ParseISODuration(s)
	*d = isoDuration(v)
	return err
}

// instant is Unix milliseconds.
type instant int64

func (t *instant) parse(s string) error {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return errors.New("want a time like 2026-12-24T00:00:00+01:00")
	}
	*t = instant(at.UnixMilli())
	return nil
}
