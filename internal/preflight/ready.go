package preflight

import (
	"context"
	"time"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
)

// The rungs of the readiness ladder, the lowest first.
var (
	rungNames = [4]string{"nothing yet", "level", "daily", "weekly"}
	rungAges  = [4]time.Duration{0, 6 * time.Hour, 48 * time.Hour, 15 * 24 * time.Hour}
)

// Ready counts the series of a detector by the rung that it would start on: nothing yet, level (6 h of history), daily (2 d),
// weekly (15 d).
type Ready [4]int

// ready looks each rung's time back for the series of now. A failed scrape at just that time does not count: half an hour later
// is looked at as well.
func ready(ctx context.Context, src ingest.Source, d configs.Detector, series []tidewatch.Series, now time.Time) (Ready, error) {
	rung := make(map[uint64]int, len(series))
	for k := 1; k < len(rungAges); k++ {
		if rungAges[k] > d.History {
			break
		}
		for _, later := range []time.Duration{0, 30 * time.Minute} {
			t := gridTime(now.Add(later-rungAges[k]), d.Delay, d.Step)
			m, err := matchAt(ctx, src, d, t)
			if err != nil {
				return Ready{}, err
			}
			for _, s := range m.Series {
				rung[s.ID] = k
			}
		}
	}
	var out Ready
	for _, s := range series {
		out[rung[s.ID]]++
	}
	return out, nil
}

// String names the highest rung first: "12 weekly, 2 level".
func (r Ready) String() string {
	var text string
	for k := len(r) - 1; k >= 0; k-- {
		if r[k] == 0 {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += thousands(r[k]) + " " + rungNames[k]
	}
	return text
}
