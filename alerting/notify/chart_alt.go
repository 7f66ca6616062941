package notify

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
)

// maxMarkWords is how many events the text names.
const maxMarkWords = 5

// AltText says in words what a chart shows, for people who do not see it.
func AltText(c *alerting.Chart) string {
	title := strings.Join(strings.Fields(clean(c.Title)), " ")
	parts := []string{"Chart of " + fit(title, 300)}
	if sub := strings.Join(strings.Fields(clean(c.Subtitle)), " "); sub != "" {
		parts = append(parts, strings.TrimSuffix(fit(sub, 600), "."))
	}
	if len(c.T) == 0 || len(c.Y) != len(c.T) || len(c.Mid) != len(c.T) || len(c.Lower) != len(c.T) || len(c.Upper) != len(c.T) {
		return strings.Join(append(parts, "No data"), ". ") + "."
	}
	loc := zone(c.Timezone)
	at := func(ms int64) string { return time.UnixMilli(ms).In(loc).Format("2 Jan 15:04") }
	last := len(c.T) - 1
	name, _ := time.UnixMilli(c.T[last]).In(loc).Zone()
	parts = append(parts, fmt.Sprintf("%s to %s %s", at(c.T[0]), at(c.T[last]), name))
	now := "Last value " + alerting.FormatValue(c.Y[last], c.Unit)
	if !math.IsNaN(c.Mid[last]) {
		now += ", expected " + alerting.FormatValue(c.Mid[last], c.Unit)
		if !math.IsNaN(c.Lower[last]) && !math.IsNaN(c.Upper[last]) {
			now += fmt.Sprintf(" (%s to %s)", alerting.FormatValue(c.Lower[last], c.Unit), alerting.FormatValue(c.Upper[last], c.Unit))
		}
	}
	parts = append(parts, now)
	if from, to, n := anomalousSpan(c); n == 1 {
		parts = append(parts, "1 anomalous point at "+at(from))
	} else if n > 1 {
		parts = append(parts, fmt.Sprintf("%s anomalous points between %s and %s", alerting.Thousands(n), at(from), at(to)))
	}
	if text := stretchText(c, at); text != "" {
		parts = append(parts, text)
	}
	for _, m := range c.Marks[:min(len(c.Marks), maxMarkWords)] {
		parts = append(parts, fmt.Sprintf("%s at %s", fit(strings.Join(strings.Fields(clean(m.Text)), " "), 120), at(m.T)))
	}
	if left := len(c.Marks) - maxMarkWords; left > 0 {
		parts = append(parts, count(left, "more event", "more events"))
	}
	if len(c.Statistic) == len(c.T) && finite(c.Limit) {
		parts = append(parts, fmt.Sprintf("%s %s against a limit of %s", orWord(c.StatisticName, "statistic"), number(c.Statistic[last]), number(c.Limit)))
	}
	return strings.Join(parts, ". ") + "."
}

func anomalousSpan(c *alerting.Chart) (from, to int64, n int) {
	for i, bad := range c.Anomalous {
		if !bad || i >= len(c.T) {
			continue
		}
		if n == 0 {
			from = c.T[i]
		}
		to = c.T[i]
		n++
	}
	return from, to, n
}

func orWord(s, word string) string {
	if s = strings.TrimSpace(clean(s)); s == "" {
		return word
	}
	return fit(s, 100)
}
