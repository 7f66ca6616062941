package alerting

import (
	"math"
	"strconv"
	"strings"
)

// The units. Any other string is written behind the number as it stands, for example "req/s".
const (
	UnitPercent        = "percent"    // a ratio: 0.062 is written "6.2 %"
	UnitPercent100     = "percent100" // already in percent: 6.2 is written "6.2 %"
	UnitBytes          = "bytes"      // with KiB, MiB …
	UnitBytesPerSecond = "bytes/s"
	UnitSeconds        = "seconds" // with ns, µs, ms, min, h
	UnitPerSecond      = "/s"
)

// scale is a prefix of a unit: value ÷ by, written with suffix.
type scale struct {
	by     float64
	suffix string
}

var (
	decimalScales = []scale{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}}
	byteScales    = []scale{{1 << 50, "PiB"}, {1 << 40, "TiB"}, {1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}, {1, "B"}}
	secondScales  = []scale{{3600, "h"}, {60, "min"}, {1, "s"}, {1e-3, "ms"}, {1e-6, "µs"}, {1e-9, "ns"}}
)

// FormatValue writes a value in its unit, to two or three digits: "6.2 %", "212 req/s", "1.5 GiB". NaN is "no data".
func FormatValue(v float64, unit string) string {
	switch {
	case math.IsNaN(v):
		return "no data"
	case math.IsInf(v, 1):
		return "∞"
	case math.IsInf(v, -1):
		return "−∞"
	}
	s := scaleFor(math.Abs(v), unit)
	v /= s.by
	if abs := math.Abs(v); abs >= 1e7 || abs < 1e-7 && abs > 0 {
		return strings.ReplaceAll(strconv.FormatFloat(v, 'e', 1, 64), "-", "−") + spaced(s.suffix)
	}
	return number(v, digits(math.Abs(v))) + spaced(s.suffix)
}

// FormatRange writes lo–hi with one unit: "0.1–0.9 %".
func FormatRange(lo, hi float64, unit string) string {
	if !isFinite(lo) || !isFinite(hi) {
		return FormatValue(lo, unit) + "–" + FormatValue(hi, unit)
	}
	s := scaleFor(math.Max(math.Abs(lo), math.Abs(hi)), unit)
	if math.Max(math.Abs(lo), math.Abs(hi))/s.by >= 1e7 {
		return FormatValue(lo, unit) + " to " + FormatValue(hi, unit)
	}
	lo, hi = lo/s.by, hi/s.by
	d := digits(math.Max(math.Abs(lo), math.Abs(hi)))
	if width := hi - lo; width > 0 {
		d = max(0, min(6, 1-int(math.Ceil(math.Log10(width)))))
	}
	sep := "–"
	if lo < 0 || hi < 0 {
		sep = " to "
	}
	return number(lo, d) + sep + number(hi, d) + spaced(s.suffix)
}

// scaleFor is the prefix with which a number of that magnitude reads well.
func scaleFor(abs float64, unit string) scale {
	switch unit {
	case UnitPercent:
		return scale{0.01, "%"}
	case UnitPercent100:
		return scale{1, "%"}
	case UnitBytes:
		return pick(abs, byteScales)
	case UnitBytesPerSecond:
		s := pick(abs, byteScales)
		return scale{s.by, s.suffix + "/s"}
	case UnitSeconds:
		return pick(abs, secondScales)
	default:
		s := pick(abs, decimalScales)
		if abs < 1e4 {
			s = scale{1, ""}
		}
		return scale{s.by, s.suffix + unit}
	}
}

// pick is the largest scale of which abs is at least one unit, or the smallest; 0 is written in the plain unit.
func pick(abs float64, scales []scale) scale {
	for _, s := range scales {
		if abs >= s.by || abs == 0 && s.by == 1 {
			return s
		}
	}
	return scales[len(scales)-1]
}

// digits is how many decimals a number of that magnitude is written with.
func digits(abs float64) int {
	switch {
	case abs >= 100 || abs == 0:
		return 0
	case abs >= 1:
		return 1
	default:
		return min(12, 1-int(math.Floor(math.Log10(abs)))) // two significant digits
	}
}

// number writes v with at most that many decimals, without trailing zeros and with a true minus sign.
func number(v float64, decimals int) string {
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		s = "0"
	}
	return strings.Replace(s, "-", "−", 1)
}

func spaced(suffix string) string {
	if suffix == "" {
		return ""
	}
	return " " + suffix
}

// FormatSpan writes a length of time in milliseconds: "27 min", "3 h 20 min", "15 d".
func FormatSpan(ms int64) string {
	const second, minute, hour, day = 1000, 60_000, 3_600_000, 86_400_000
	two := func(big, small int64, bigName, smallName string) string {
		s := strconv.FormatInt(ms/big, 10) + " " + bigName
		if rest := ms % big / small; rest > 0 {
			s += " " + strconv.FormatInt(rest, 10) + " " + smallName
		}
		return s
	}
	switch {
	case ms < minute:
		return strconv.FormatInt(max(0, ms)/second, 10) + " s"
	case ms < hour:
		return strconv.FormatInt(ms/minute, 10) + " min"
	case ms < 2*day:
		return two(hour, minute, "h", "min")
	default:
		return two(day, hour, "d", "h")
	}
}
