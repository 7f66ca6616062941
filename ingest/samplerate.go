package ingest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

const (
	// rateWindow is over how long samples are counted to know how many there are in a second.
	rateWindow = 10 * time.Minute
	// mostNamed is how many metrics of one selector are counted one by one; of the others the rate is taken to be theirs.
	mostNamed = 10
)

// SampleRate is how many samples a second the series of a selector had in the ten minutes before a time, of which so many series
// are known to be alive then. Where the server cannot count them together, because series of several metrics become equal without their names, it
// is asked metric by metric; where it cannot say at all, each series is taken to be scraped as the server does by default.
func (a *API) SampleRate(ctx context.Context, selector string, series int, at time.Time) (float64, error) {
	rate, err := a.countedRate(ctx, selector, at)
	if err == nil {
		return rate, nil
	}
	if rate, ok := a.rateByName(ctx, selector, at); ok {
		return rate, nil
	}
	c, bad := a.Config(ctx)
	if bad != nil || c.ScrapeInterval <= 0 {
		return 0, err
	}
	return float64(series) / c.ScrapeInterval.Seconds(), nil
}

// countedRate has the server count.
func (a *API) countedRate(ctx context.Context, selector string, at time.Time) (float64, error) {
	recent, err := a.Query(ctx, fmt.Sprintf("sum(count_over_time(%s[%s]))", selector, model.Duration(rateWindow)), at)
	if err != nil || len(recent) == 0 {
		return 0, err
	}
	return recent[0].Value / rateWindow.Seconds(), nil
}

// rateByName counts the samples of the metrics with the most series, and takes those of the others to come as often.
func (a *API) rateByName(ctx context.Context, selector string, at time.Time) (float64, bool) {
	ms, err := exprParser.ParseMetricSelector(selector)
	if err != nil {
		return 0, false
	}
	names, err := a.Query(ctx, fmt.Sprintf("count by (%s) (%s)", model.MetricNameLabel, selector), at)
	if err != nil {
		return 0, false
	}
	slices.SortStableFunc(names, func(x, y Sample) int {
		return cmp.Or(cmp.Compare(y.Value, x.Value), labels.Compare(x.Labels, y.Labels))
	})
	var all, counted, rate float64
	for i, one := range names {
		name := one.Labels.Get(model.MetricNameLabel)
		if all += one.Value; i >= mostNamed || name == "" {
			continue
		}
		only := append(slices.Clip(ms), &labels.Matcher{Type: labels.MatchEqual, Name: model.MetricNameLabel, Value: name})
		r, err := a.countedRate(ctx, matcherString(only), at)
		if err != nil {
			return 0, false
		}
		counted, rate = counted+one.Value, rate+r
	}
	if counted == 0 {
		return 0, false
	}
	return rate * (all / counted), true
}
