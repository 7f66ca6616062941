package ingest

import (
	"fmt"
)

// TooManySeriesError says that an expression has more output series than its detector allows.
type TooManySeriesError struct {
	Detector    string
	Limit       int    // max_series
	Got         int    // the series counted; reading stopped there, so it is at least this many
	WidestLabel string // the label with the most values, "" if the series have no label
	Values      int    // how many values that label has
	Suggest     string // the expression, aggregated so that the widest label goes away
}

// Error names both numbers, the widest label and what could be written instead.
func (e *TooManySeriesError) Error() string {
	s := fmt.Sprintf("detector %q: the expression gives %d series, max_series is %d", e.Detector, e.Got, e.Limit)
	if e.WidestLabel != "" {
		s += fmt.Sprintf("; the label %q alone has %d values; aggregate it away, for example %s, or raise max_series",
			e.WidestLabel, e.Values, e.Suggest)
	}
	return s
}
