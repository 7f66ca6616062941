package preflight

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/app"
	"github.com/tidewatch/tidewatch/internal/engine"
)

// BandCost is what a detector with `band` would have cost, beside the band that the default promise amounts to.
type BandCost struct {
	Detector string
	Band     float64
	Alarms   int           // transitions into ALARM in Span
	Span     time.Duration // ends now
	Expect   configs.Rate
	Equal    float64 // the band whose limit is that of Expect over the same history; 0 where it could not be found
	// Provisional says that the history does not support Expect, so that Equal rests on a weaker promise.
	Provisional bool
	// Takes is about how long counting takes; where it is set nothing was counted, because that is more than was allowed.
	Takes time.Duration
}

// String is "band 2: 312 alarms in your last 14 d; expect 1/30d ≈ band 4.1".
func (b BandCost) String() string {
	if b.Takes > 0 {
		return fmt.Sprintf("band %g: not tried, counting its alarms takes about %s", b.Band, took(b.Takes))
	}
	s := fmt.Sprintf("band %g: %s in your last %s", b.Band, count(b.Alarms, "alarm"), span(b.Span))
	if b.Equal > 0 {
		s += fmt.Sprintf("; expect %s ≈ band %.1f", b.Expect, b.Equal)
		if b.Provisional {
			s += " (provisional: the history is short)"
		}
	}
	return s
}

// bandSpan is the stretch over which alarms are counted, and the least history that must precede it.
const (
	bandSpan   = 14 * 24 * time.Hour
	bandBefore = 24 * time.Hour
)

// defaultExpect is the promise of a detector that sets none.
var defaultExpect = configs.Rate{Count: 1, Per: 30 * 24 * time.Hour}

// BandCosts replays the detectors of a report that set `band` and have series: once as they are, over up to 14 days of the data
// that are there, and once with the default promise, to learn the limit that it has today. Those that would take longer than
// limit are not tried.
func BandCosts(ctx context.Context, cfg *configs.Config, r *Report, source func(string) (ingest.Source, error), now time.Time, limit time.Duration) ([]BandCost, error) {
	var out []BandCost
	for _, rd := range r.Detectors {
		d := rd.Detector
		if d.Band <= 0 || len(rd.Match.Series) == 0 {
			continue
		}
		c := BandCost{Detector: d.Name, Band: d.Band, Span: bandSpan, Expect: defaultExpect}
		if age := r.Age(d); age > 0 && age < bandSpan+bandBefore {
			c.Span = max(age-bandBefore, bandBefore).Truncate(24 * time.Hour)
		}
		if takes := 2 * replayTime(len(rd.Match.Series), d, c.Span); takes > limit {
			c.Takes = takes
			out = append(out, c)
			continue
		}
		if err := c.replay(ctx, *cfg, d, source, now); err != nil {
			return out, fmt.Errorf("detector %s: what band %g costs: %w", d.Name, d.Band, err)
		}
		out = append(out, c)
	}
	return out, nil
}

func (b *BandCost) replay(ctx context.Context, cfg configs.Config, d configs.Detector, source func(string) (ingest.Source, error), now time.Time) error {
	cfg.Detectors = []configs.Detector{d}
	to := app.ReplayEnd(&cfg, now)
	var failed error
	o := app.ReplayOptions{
		Config: &cfg, Source: source, From: to - b.Span.Milliseconds(), To: to,
		Failed: func(_ string, err error) { failed = err },
	}
	report, err := app.Replay(ctx, o)
	if err != nil || failed != nil {
		return firstError(err, failed)
	}
	b.Alarms = report.Alarms
	d.Band, d.Expect = 0, b.Expect
	cfg.Detectors, o.From = []configs.Detector{d}, to
	if report, err = app.Replay(ctx, o); err != nil || failed != nil {
		return firstError(err, failed)
	}
	if k := slices.IndexFunc(report.Status, func(s engine.Status) bool { return s.Name == d.Name }); k >= 0 && report.Status[k].Limit.Epoch > 0 {
		b.Equal, b.Provisional = bandOf(report.Status[k].Limit.Surprise), report.Status[k].Limit.Provisional
	}
	return nil
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// bandOf is the number of standard deviations whose two-sided tail has a surprise of so many decades: the inverse of
// surprise = −log10 erfc(k/√2).
func bandOf(surprise float64) float64 { return math.Sqrt2 * math.Erfcinv(math.Pow(10, -surprise)) }
