package corpus

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// stampLayouts are tried in this order; times without a zone are UTC, as in NAB. A fraction of a second may follow in all.
var stampLayouts = []string{
	"2006-01-02 15:04:05", time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04", "2006/01/02 15:04:05", "2006-01-02",
}

// Unix times are told apart by their size: seconds reach 10¹¹ in the year 5138, milliseconds 10¹⁴, microseconds 10¹⁷.
const (
	mostSeconds = 1e11
	mostMillis  = 1e14
	mostMicros  = 1e17
)

// parseStamp reads a time stamp into Unix milliseconds.
func parseStamp(text string) (int64, error) {
	text = strings.TrimSpace(text)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		switch a := math.Abs(float64(n)); {
		case a < mostSeconds:
			return n * 1000, nil
		case a < mostMillis:
			return n, nil
		case a < mostMicros:
			return n / 1000, nil
		default:
			return n / 1_000_000, nil
		}
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		switch a := math.Abs(f); {
		case a < mostSeconds:
			return int64(math.Round(f * 1000)), nil
		case a < mostMillis:
			return int64(math.Round(f)), nil
		}
	}
	for _, layout := range stampLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UnixMilli(), nil
		}
	}
	return 0, fmt.Errorf("%q is no time; write Unix seconds or milliseconds, RFC 3339, or 2014-02-14 14:30:00 (UTC)", text)
}
