package notify

import (
	"math"
	"strconv"
	"strings"

	"github.com/tidewatch/tidewatch/alerting"
)

// scale is a factor and what is written behind a number divided by it.
type scale struct {
	by     float64
	suffix string
}

var (
	siSteps   = []scale{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}}
	byteSteps = []scale{{1 << 50, " PiB"}, {1 << 40, " TiB"}, {1 << 30, " GiB"}, {1 << 20, " MiB"}, {1 << 10, " KiB"}, {1, " B"}}
	timeSteps = []scale{{3600, " h"}, {60, " min"}, {1, " s"}, {1e-3, " ms"}, {1e-6, " µs"}, {1e-9, " ns"}}
)

// axisScale is the scale in which all ticks of an axis up to this magnitude are written, as alerting.FormatValue would write
// the largest.
func axisScale(unit string, magnitude float64) scale {
	switch unit {
	case alerting.UnitPercent:
		return scale{0.01, " %"}
	case alerting.UnitPercent100:
		return scale{1, " %"}
	case alerting.UnitSeconds:
		return pick(timeSteps, magnitude)
	case alerting.UnitBytes:
		return pick(byteSteps, magnitude)
	case alerting.UnitBytesPerSecond:
		s := pick(byteSteps, magnitude)
		return scale{s.by, s.suffix + "/s"}
	}
	s := scale{1, ""}
	if magnitude >= 1e4 {
		s = pick(siSteps, magnitude)
	}
	if unit = strings.Join(strings.Fields(clean(unit)), " "); s.suffix+unit != "" {
		s.suffix = " " + s.suffix + fit(unit, 24)
	}
	return s
}

// pick takes the largest step that the magnitude reaches, the plain one for zero.
func pick(steps []scale, magnitude float64) scale {
	for _, s := range steps {
		if magnitude >= s.by || (magnitude == 0 && s.by == 1) {
			return s
		}
	}
	return steps[len(steps)-1]
}

// number writes three significant digits, without an exponent between 1e-4 and 1e6.
func number(v float64) string {
	a := math.Abs(v)
	switch {
	case v == 0:
		return "0"
	case a >= 1e6 || a < 1e-4:
		return strconv.FormatFloat(v, 'g', 3, 64)
	case a >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	digits := 2 - int(math.Floor(math.Log10(a)))
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// count is "1 more line" or "12 more lines".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return alerting.Thousands(n) + " " + many
}
