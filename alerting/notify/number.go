package notify

import (
	"math"
	"strconv"
	"strings"
)

// FormatValue writes a value with its unit for people: "6.2 %", "1.4 GiB", "350 ms", "212 req/s". Units: "percent" is already
// in per cent, "ratio" and "percentunit" are fractions of 1, "bytes" and "bytes/s" use powers of 1,024, "seconds" picks ns to d;
// any other unit is written behind the number with an SI prefix. NaN is "no data".
func FormatValue(unit string, v float64) string {
	if math.IsNaN(v) {
		return "no data"
	}
	if math.IsInf(v, 0) {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	s := scaleFor(unit, math.Abs(v))
	return strings.TrimRight(number(v/s.by)+sepUnit(s.suffix), " ")
}

func sepUnit(suffix string) string {
	if suffix == "" {
		return ""
	}
	return " " + suffix
}

// scale is a factor and what is written behind a number divided by it.
type scale struct {
	by     float64
	suffix string
}

var (
	siSteps   = []scale{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}}
	byteSteps = []scale{{1 << 50, "PiB"}, {1 << 40, "TiB"}, {1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}, {1, "B"}}
	timeSteps = []scale{{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}, {1e-3, "ms"}, {1e-6, "µs"}, {1e-9, "ns"}}
)

// scaleFor picks the scale in which a value of this magnitude is written.
func scaleFor(unit string, magnitude float64) scale {
	switch unit {
	case "percent", "%":
		return scale{1, "%"}
	case "ratio", "percentunit":
		return scale{0.01, "%"}
	case "seconds", "s":
		return pick(timeSteps, magnitude, "", scale{1, "s"})
	case "bytes", "B":
		return pick(byteSteps, magnitude, "", scale{1, "B"})
	case "bytes/s", "B/s", "bytes per second":
		return pick(byteSteps, magnitude, "/s", scale{1, "B/s"})
	}
	s := pick(siSteps, magnitude, "", scale{1, ""})
	if unit != "" {
		s.suffix = strings.TrimSpace(s.suffix + " " + unit)
	}
	return s
}

// pick takes the largest step that the magnitude reaches; zero and what lies below all steps takes small.
func pick(steps []scale, magnitude float64, behind string, small scale) scale {
	for _, s := range steps {
		if magnitude >= s.by*0.9999999 {
			return scale{s.by, s.suffix + behind}
		}
	}
	if magnitude > 0 && steps[len(steps)-1].by < 1 {
		last := steps[len(steps)-1]
		return scale{last.by, last.suffix + behind}
	}
	return small
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
	return thousands(n) + " " + many
}

// thousands groups the digits of a whole number: 10,000.
func thousands(n int) string {
	s := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}
