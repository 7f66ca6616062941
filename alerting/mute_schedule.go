package alerting

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// ParseSchedule reads CloudWatch's schedule expressions: cron(Minutes Hours Day-of-month Month Day-of-week), whose fields hold
// numbers, English names of months and weekdays, *, ranges and lists; or at(yyyy-MM-ddThh:mm).
func ParseSchedule(s string) (Schedule, error) {
	if inner, ok := between(s, "at(", ")"); ok {
		at, err := time.Parse("2006-01-02T15:04", inner)
		if err != nil {
			return Schedule{}, fmt.Errorf("at(%s) is no time, want for example at(2026-12-24T22:00)", inner)
		}
		return Schedule{Once: at}, nil
	}
	inner, ok := between(s, "cron(", ")")
	if !ok {
		return Schedule{}, errors.New("want cron(Minutes Hours Day-of-month Month Day-of-week), for example cron(0 2 * * SUN), or at(2026-12-24T22:00)")
	}
	f := strings.Fields(inner)
	if len(f) != 5 {
		return Schedule{}, fmt.Errorf("cron has %d fields, want five: minutes, hours, days of the month, months, weekdays", len(f))
	}
	out := Schedule{AnyHour: f[1] == "*", AnyDay: f[2] == "*", AnyWeek: f[4] == "*"}
	var errs []error
	for i, field := range []struct {
		name     string
		set      []bool
		from, to int
		names    []string
	}{
		{"minutes", out.Minutes[:], 0, 59, nil},
		{"hours", out.Hours[:], 0, 23, nil},
		{"days of the month", out.Days[:], 1, 31, nil},
		{"months", out.Months[:], 1, 12, monthNames},
		{"weekdays", out.Weekdays[:], 0, 6, weekdayNames},
	} {
		if err := parseCronField(f[i], field.set, field.from, field.to, field.names); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", field.name, err))
		}
	}
	return out, errors.Join(errs...)
}

var (
	monthNames   = []string{"", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}
	weekdayNames = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
)

func between(s, prefix, suffix string) (string, bool) {
	s, ok := strings.CutPrefix(strings.TrimSpace(s), prefix)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(s, suffix)
}

func parseCronField(s string, set []bool, from, to int, names []string) error {
	number := func(s string) (int, error) {
		for i, n := range names {
			if n != "" && strings.EqualFold(n, s) {
				return i, nil
			}
		}
		n, err := strconv.Atoi(s)
		if err != nil || n < from || n > to {
			return 0, fmt.Errorf("%q is not within %d to %d", s, from, to)
		}
		return n, nil
	}
	for part := range strings.SplitSeq(s, ",") {
		a, b := from, to
		if part != "*" {
			lo, hi, isRange := strings.Cut(part, "-")
			var err error
			if a, err = number(lo); err != nil {
				return err
			}
			b = a
			if isRange {
				if b, err = number(hi); err != nil {
					return err
				}
			}
		}
		if b < a {
			return fmt.Errorf("%q ends before it begins", part)
		}
		for n := a; n <= b; n++ {
			set[n] = true
		}
	}
	return nil
}

var isoDuration = regexp.MustCompile(`^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$`)

// ParseISODuration reads a duration such as PT4H or P2DT12H; a day is 24 hours.
func ParseISODuration(s string) (time.Duration, error) {
	m := isoDuration.FindStringSubmatch(s)
	if m == nil || strings.HasSuffix(s, "T") || s == "P" {
		return 0, errors.New("want an ISO 8601 duration like PT4H, PT90M or P2DT12H")
	}
	var total time.Duration
	for i, unit := range []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second} {
		if m[i+1] == "" {
			continue
		}
		n, err := strconv.Atoi(m[i+1])
		if err != nil || n > 1_000_000 {
			return 0, fmt.Errorf("%s is too long", s)
		}
		total += time.Duration(n) * unit
	}
	return total, nil
}
