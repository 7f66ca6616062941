package configs

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// Rate is a number of episodes in a span of time, for example 1 in 30 days. The zero value is "not set".
type Rate struct {
	Count float64
	Per   time.Duration
}

// IsZero reports whether the rate is not set.
func (r Rate) IsZero() bool { return r == Rate{} }

// String is the rate as the configuration writes it: "1/30d".
func (r Rate) String() string {
	return strconv.FormatFloat(r.Count, 'g', -1, 64) + "/" + formatDuration(r.Per)
}

// PerDay is the rate in episodes per day; 0 where it is not set.
func (r Rate) PerDay() float64 {
	if r.Per <= 0 {
		return 0
	}
	return r.Count / (float64(r.Per) / float64(24*time.Hour))
}

// ParseRate reads "1/30d": a number above 0, a slash, a duration in Prometheus's syntax, whose number may be left out
// ("2/w" is "2/1w").
func ParseRate(s string) (Rate, error) {
	count, per, ok := strings.Cut(s, "/")
	if !ok {
		return Rate{}, errors.New("want a number, a slash and a duration, for example 1/30d")
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(count), 64)
	if err != nil || !(n > 0) || n > 1e6 {
		return Rate{}, fmt.Errorf("%q is not a number above 0 and at most 1e6", count)
	}
	per = strings.TrimSpace(per)
	if per != "" && (per[0] < '0' || per[0] > '9') {
		per = "1" + per
	}
	d, err := model.ParseDuration(per)
	if err != nil {
		return Rate{}, fmt.Errorf("%q is not a duration like 30d, 1w or 12h", per)
	}
	if d <= 0 {
		return Rate{}, errors.New("the duration must be above 0")
	}
	return Rate{Count: n, Per: time.Duration(d)}, nil
}

// formatDuration writes d as people write it: like model.Duration, but 30d rather than 4w2d.
func formatDuration(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d != 0 && d%(7*day) == 0 && d/(7*day) < 4:
		return fmt.Sprintf("%dw", d/(7*day))
	case d != 0 && d%day == 0:
		return fmt.Sprintf("%dd", d/day)
	default:
		return model.Duration(d).String()
	}
}
