package preflight

import (
	"context"
	"fmt"
	"time"

	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
)

// Reads estimates what the first start reads of one detector: its whole history. It is made of instant queries to the server's
// HTTP API at a few times of that history, before anything is read.
type Reads struct {
	Known     bool // the server's HTTP API told
	RawSeries int  // matched by the detector's selectors now; a series matched by two of them counts twice
	Samples   float64
	Bytes     float64 // on the wire
	Time      time.Duration
	Memory    float64 // bytes: models, and raw data while it is read
}

// census counts what selectors match and how many samples that is, each selector once.
type census struct {
	api   *ingest.API
	cache map[string]stock
}

// stock is what one selector matches: series alive now, and samples a second over the history, on average.
type stock struct {
	series int
	rate   float64
}

const (
	rateWindow  = 10 * time.Minute
	stockProbes = 4 // times of the history, beside now
)

// of estimates the reads of a detector whose expression gives so many series.
func (c *census) of(ctx context.Context, d configs.Detector, series int, now time.Time) (Reads, error) {
	a, err := ingest.Analyze(d.Expr)
	if err != nil {
		return Reads{}, err
	}
	r := Reads{Known: true}
	var rate float64
	for _, sel := range a.Selectors {
		s, err := c.stock(ctx, sel, d.History, now)
		if err != nil {
			return Reads{}, err
		}
		r.RawSeries += s.series
		rate += s.rate
	}
	steps := float64(d.History / d.Step)
	r.Samples = rate * (d.History + a.LookBack).Seconds()
	r.Bytes = r.Samples * wireBytes
	r.Time = readTime(r.Samples, float64(r.RawSeries), steps) + learnTime(float64(series)*steps)
	window := min(d.History, readAtOnce)
	r.Memory = baseMemory + float64(series)*(seriesSize+pointBytes*float64(window/d.Step)) +
		min(maxWindow, rate*(window+a.LookBack).Seconds()*rawInMem)
	return r, nil
}

func (c *census) stock(ctx context.Context, selector string, history time.Duration, now time.Time) (stock, error) {
	key := selector + history.String()
	if s, ok := c.cache[key]; ok {
		return s, nil
	}
	n, err := c.api.SeriesCount(ctx, selector, now)
	if err != nil {
		return stock{}, err
	}
	s := stock{series: n}
	for k := range stockProbes + 1 {
		at := now.Add(-history * time.Duration(k) / stockProbes).Add(rateWindow)
		if k == 0 {
			at = now
		}
		rate, err := c.api.SampleRate(ctx, selector, n, at)
		if err != nil {
			return stock{}, err
		}
		s.rate += rate / (stockProbes + 1)
	}
	c.cache[key] = s
	return s, nil
}

// Text is what is read, and what that takes: "96 raw series, 2.1 M samples, 15 MiB" and "3 s, 20 MiB memory".
func (r Reads) Text() (reads, takes string) {
	switch {
	case !r.Known:
		return "unknown", ""
	case r.RawSeries == 0 && r.Samples == 0:
		return "nothing", ""
	}
	return fmt.Sprintf("%s raw series, %s samples, %s", thousands(r.RawSeries), rounded(r.Samples), bytesText(r.Bytes)),
		took(r.Time) + ", " + bytesText(r.Memory) + " memory"
}
