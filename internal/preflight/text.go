package preflight

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// count is a number with its noun: "1 message", "2,100 messages".
func count(n int, noun string) string {
	if n != 1 && !strings.HasSuffix(noun, "s") {
		noun += "s"
	}
	return thousands(n) + " " + noun
}

// thousands writes a number with commas.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// rounded writes a figure that is an estimate: two digits with a unit, "2.1 M".
func rounded(v float64) string {
	for _, u := range []struct {
		from float64
		name string
	}{{1e9, " G"}, {1e6, " M"}, {1e3, " k"}} {
		if v >= u.from {
			return digits(v/u.from) + u.name
		}
	}
	return digits(v)
}

// digits are two significant ones, none after the point from 10 up.
func digits(v float64) string {
	if v >= 9.95 || v == math.Trunc(v) {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.1f", v)
}

// bytesText is a size, estimated.
func bytesText(b float64) string {
	switch {
	case b >= 1<<30:
		return digits(b/(1<<30)) + " GiB"
	case b >= 1<<20:
		return digits(b/(1<<20)) + " MiB"
	default:
		return digits(math.Ceil(b/(1<<10))) + " KiB"
	}
}

// took is a duration, estimated.
func took(d time.Duration) string {
	switch {
	case d < time.Second:
		return "under 1 s"
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	default:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
}

// span is a stretch of time in the largest unit that it fills: "15 d", "6 h", "40 min".
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day || d == day:
		return fmt.Sprintf("%s d", digits(math.Floor(d.Hours()/24*10)/10))
	case d >= time.Hour:
		return fmt.Sprintf("%.0f h", math.Floor(d.Hours()))
	default:
		return fmt.Sprintf("%.0f min", math.Floor(d.Minutes()))
	}
}

// Days writes a span for people: "7 d".
func Days(d time.Duration) string { return span(d) }

// promDuration writes a duration as PromQL does.
func promDuration(d time.Duration) string { return model.Duration(d).String() }

// quote writes a PromQL string.
func quote(s string) string { return strconv.Quote(s) }
