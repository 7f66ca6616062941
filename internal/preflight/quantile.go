package preflight

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
)

// A quantile of a histogram is looked at this often, this far apart: over the last day.
const (
	quantileProbes = 12
	quantileEvery  = 2 * time.Hour
	mostlyNaN      = 0.5
	pinnedShare    = 0.95 // of a series' points in one bucket
)

// quantiles finds histogram_quantile in an expression and warns where most of its values are NaN (no traffic) or lie within one
// bucket, whose width is then all that can be seen of them.
func quantiles(ctx context.Context, api *ingest.API, d configs.Detector, now time.Time) ([]configs.Finding, error) {
	e, err := parser.NewParser(parser.Options{}).ParseExpr(d.Expr)
	if err != nil {
		return nil, nil //nolint:nilerr // Lint says it better
	}
	var found []configs.Finding
	var failed error
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		call, ok := n.(*parser.Call)
		if !ok || call.Func.Name != "histogram_quantile" || failed != nil {
			return nil //nolint:nilerr // the error is kept
		}
		var q quantileSeen
		if q, failed = observeQuantile(ctx, api, call, now); failed != nil {
			return nil //nolint:nilerr // Inspect ends, the error is kept
		}
		if problem, hint := q.problem(); problem != "" {
			found = append(found, configs.Finding{
				Detector: d.Name, Level: configs.LevelWarning, Rule: "quantile-resolution", Offset: int(call.PosRange.Start), Problem: problem, Hint: hint,
			})
		}
		return nil
	})
	return found, failed
}

// quantileSeen is what a quantile's values of the last day were.
type quantileSeen struct {
	points, nan int
	bounds      []float64              // upper bounds of the buckets, ascending; none for native histograms
	buckets     map[string]map[int]int // points by series and bucket
}

func observeQuantile(ctx context.Context, api *ingest.API, call *parser.Call, now time.Time) (quantileSeen, error) {
	q := quantileSeen{buckets: map[string]map[int]int{}}
	selector := firstSelector(call)
	if selector == "" {
		return q, nil
	}
	les, err := api.Query(ctx, "group by (le) ("+selector+")", now)
	if err != nil {
		return q, err
	}
	for _, s := range les {
		if le, err := strconv.ParseFloat(s.Labels.Get(model.BucketLabel), 64); err == nil && !math.IsInf(le, 0) {
			q.bounds = append(q.bounds, le)
		}
	}
	slices.Sort(q.bounds)
	for k := range quantileProbes {
		values, err := api.Query(ctx, call.String(), now.Add(-time.Duration(k)*quantileEvery))
		if err != nil {
			return q, err
		}
		for _, v := range values {
			q.add(v.Labels.String(), v.Value)
		}
	}
	return q, nil
}

func firstSelector(n parser.Node) string {
	var text string
	parser.Inspect(n, func(n parser.Node, _ []parser.Node) error {
		if v, ok := n.(*parser.VectorSelector); ok && text == "" {
			plain := *v
			plain.OriginalOffset, plain.Timestamp = 0, nil
			text = plain.String()
		}
		return nil
	})
	return text
}

func (q *quantileSeen) add(series string, v float64) {
	q.points++
	if math.IsNaN(v) {
		q.nan++
		return
	}
	if q.buckets[series] == nil {
		q.buckets[series] = map[int]int{}
	}
	at, _ := slices.BinarySearch(q.bounds, v)
	if at == len(q.bounds)-1 && v == q.bounds[at] {
		at++ // in the bucket of +Inf, the last finite bound is given
	}
	q.buckets[series][at]++
}

// pinned counts the series with enough points, those of them that stay within one bucket, and the bucket of most of those.
func (q *quantileSeen) pinned() (series, pinned, bucket int) {
	in := make([]int, len(q.bounds)+1)
	for _, byBucket := range q.buckets {
		total, most, at := 0, 0, 0
		for b, n := range byBucket {
			total += n
			if n > most {
				most, at = n, b
			}
		}
		if total < quantileProbes/2 {
			continue
		}
		series++
		if float64(most) >= pinnedShare*float64(total) && at < len(in) {
			pinned++
			in[at]++
		}
	}
	for b, n := range in {
		if n > in[bucket] {
			bucket = b
		}
	}
	return series, pinned, bucket
}

func (q *quantileSeen) problem() (problem, hint string) {
	if q.points > 0 && float64(q.nan) > mostlyNaN*float64(q.points) {
		return fmt.Sprintf("the quantile is NaN at %d of %d points of the last day: there is no traffic then", q.nan, q.points),
			"aggregate over more series, or a longer window"
	}
	if len(q.bounds) == 0 {
		return "", ""
	}
	series, pinned, bucket := q.pinned()
	if pinned == 0 || 2*pinned <= series {
		return "", ""
	}
	low, high := "0", "+Inf"
	if bucket > 0 {
		low = strconv.FormatFloat(q.bounds[bucket-1], 'g', -1, 64)
	}
	if bucket < len(q.bounds) {
		high = strconv.FormatFloat(q.bounds[bucket], 'g', -1, 64)
	}
	return fmt.Sprintf("the quantile stays within one bucket in %d of %s, mostly %s to %s: changes inside it cannot be seen", pinned, count(series, "series"), low, high),
		"finer buckets there, a native histogram, or the mean (…_sum / …_count)"
}
