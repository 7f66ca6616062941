package ingest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// timeLayouts are tried in this order; times without a zone are UTC, as in the Numenta Anomaly Benchmark.
var timeLayouts = []string{"2006-01-02 15:04:05", time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02"}

// maxUnix is the year 5138: larger numbers are milliseconds by mistake.
const maxUnix = 1e11

// parseTime reads Unix seconds (with or without decimals), RFC 3339, or "2014-02-14 14:30:00", into Unix milliseconds.
func parseTime(text string) (int64, error) {
	text = strings.TrimSpace(text)
	if sec, err := strconv.ParseFloat(text, 64); err == nil {
		if !(math.Abs(sec) < maxUnix) {
			return 0, fmt.Errorf("timestamp %q is beyond the year 5138; write Unix seconds, not milliseconds", text)
		}
		return int64(math.Round(sec * 1000)), nil
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UnixMilli(), nil
		}
	}
	return 0, fmt.Errorf("timestamp %q; write 2014-02-14 14:30:00 (UTC), RFC 3339 or Unix seconds", text)
}
