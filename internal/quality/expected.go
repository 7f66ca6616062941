package quality

import (
	"slices"
	"time"
)

// Expected is what a Monitor holds for usual: declared where that was, else inferred.
type Expected struct {
	MaxGap   time.Duration
	Inferred bool          // MaxGap was not declared
	Interval time.Duration // between two samples; 0: not declared
	Series   float64       // usual number with a value
	Labels   []string      // that every series has, ascending
	Min, Max float64       // valid values; -Inf and +Inf where open
}

// Expected is what the data is compared with.
func (m *Monitor) Expected() Expected {
	names := slices.Concat(m.expect.Labels, m.schema.common)
	slices.Sort(names)
	return Expected{
		MaxGap: time.Duration(m.maxGap()) * time.Millisecond, Inferred: m.expect.MaxGap == 0, Series: m.count.usual, Interval: m.expect.Interval,
		Labels: slices.Compact(names), Min: m.expect.Min, Max: m.expect.Max,
	}
}
