package alerting

import (
	"regexp"
	"strings"
)

var (
	ratioName   = regexp.MustCompile(`(\bratio|_ratio|Ratio|[Ff]raction|[Ss]hare)`)
	usageName   = regexp.MustCompile(`(?i)(utili[sz]ation|saturation|availability)`) // of 1 or of 100: only a division tells
	percentName = regexp.MustCompile(`(?i)percent`)
	timesCent   = regexp.MustCompile(`\b100\s*\*|\*\s*100\b`)
	ratePattern = regexp.MustCompile(`\b(rate|irate|deriv)\s*\(`)
)

// CanonicalUnit is the constant that a configured unit means, by the other names that people write ("ratio", "%", "s", "B" …);
// any other unit is itself.
func CanonicalUnit(unit string) string {
	switch unit {
	case "ratio", "percentunit":
		return UnitPercent
	case "%":
		return UnitPercent100
	case "s":
		return UnitSeconds
	case "B":
		return UnitBytes
	case "B/s", "Bps":
		return UnitBytesPerSecond
	default:
		return unit
	}
}

// InferUnit guesses a series' unit from its detector's name and its PromQL, by Prometheus's naming conventions; "" where
// they do not say. A unit that is configured is better.
func InferUnit(detector, expr string) string {
	isBytes, isSeconds := strings.Contains(expr, "_bytes"), strings.Contains(expr, "_seconds")
	divided := strings.Contains(expr, "/")
	rate := ratePattern.MatchString(expr)
	switch {
	case ratioName.MatchString(detector) || divided && usageName.MatchString(detector) || percentName.MatchString(detector) || strings.Contains(expr, "_ratio"):
		if timesCent.MatchString(expr) {
			return UnitPercent100
		}
		if percentName.MatchString(detector) && !divided {
			return UnitPercent100
		}
		return UnitPercent
	case strings.Contains(expr, "histogram_quantile"):
		return baseUnit(isBytes, isSeconds)
	case divided && strings.Contains(expr, "_sum") && strings.Contains(expr, "_count"):
		return baseUnit(isBytes, isSeconds)
	case divided:
		return dividedUnit(expr, timesCent.MatchString(expr))
	case rate && isBytes:
		return UnitBytesPerSecond
	case rate && isSeconds: // seconds per second
		return ""
	case rate:
		return UnitPerSecond
	default:
		return baseUnit(isBytes, isSeconds && !strings.Contains(expr, "_timestamp_seconds"))
	}
}

// dividedUnit is a ratio's where bytes are divided by bytes, and otherwise not known.
func dividedUnit(expr string, cent bool) string {
	left, right, _ := strings.Cut(expr, "/")
	switch {
	case !strings.Contains(left, "_bytes") || !strings.Contains(right, "_bytes"):
		return ""
	case cent:
		return UnitPercent100
	default:
		return UnitPercent
	}
}

func baseUnit(isBytes, isSeconds bool) string {
	switch {
	case isBytes:
		return UnitBytes
	case isSeconds:
		return UnitSeconds
	default:
		return ""
	}
}
