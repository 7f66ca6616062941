package ingest

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// csvQueryable is the PromQL engine's view of CSV files.
type csvQueryable struct{ c *CSV }

// Querier implements storage.Queryable.
func (q *csvQueryable) Querier(mint, maxt int64) (storage.Querier, error) {
	return &csvQuerier{c: q.c, mint: mint, maxt: maxt}, nil
}

type csvQuerier struct {
	querier    // for the label methods
	c          *CSV
	mint, maxt int64
}

// Select implements storage.Querier.
func (q *csvQuerier) Select(_ context.Context, _ bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.SeriesSet {
	mint, maxt := q.mint, q.maxt
	if hints != nil {
		mint, maxt = hints.Start, hints.End
	}
	var list []*series
	for _, s := range q.c.match(ms) {
		if ts, vs := s.between(mint-q.c.shift, maxt-q.c.shift, q.c.shift); len(ts) > 0 {
			list = append(list, &series{lset: s.lset, chunks: []chunk{decodedChunk(ts, vs)}, mint: mint, maxt: maxt})
		}
	}
	return &listSet[*series]{list: list}
}

// between gives the samples in [mint, maxt], moved by shift.
func (s *csvSeries) between(mint, maxt, shift int64) ([]int64, []float64) {
	i, _ := slices.BinarySearch(s.ts, mint)
	j, _ := slices.BinarySearch(s.ts, maxt+1)
	ts := slices.Clone(s.ts[i:j])
	for k := range ts {
		ts[k] += shift
	}
	return ts, s.vs[i:j]
}

// listSet is a storage.SeriesSet over series that are there already.
type listSet[S storage.Series] struct {
	list []S
	i    int
}

// Next moves to the next series.
func (s *listSet[S]) Next() bool {
	s.i++
	return s.i <= len(s.list)
}

// At is the current series.
func (s *listSet[S]) At() storage.Series { return s.list[s.i-1] }

// Err is always nil.
func (*listSet[S]) Err() error { return nil }

// Warnings is always empty.
func (*listSet[S]) Warnings() annotations.Annotations { return nil }

// niceSteps are the distances that people sample at.
var niceSteps = []time.Duration{
	time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute,
	5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// inferStep is the median over all series of their median distances, rounded to a usual step when within a tenth of one,
// and to whole seconds (at least one) otherwise; 1 m when no series has two samples.
func inferStep(files []csvFile) time.Duration {
	var medians []int64
	for _, f := range files {
		for _, s := range f.series {
			if len(s.ts) > 1 {
				medians = append(medians, usualInterval(s.ts))
			}
		}
	}
	if len(medians) == 0 {
		return time.Minute
	}
	slices.Sort(medians)
	d := time.Duration(medians[len(medians)/2]) * time.Millisecond
	for _, nice := range niceSteps {
		if (d - nice).Abs() <= nice/10 {
			return nice
		}
	}
	return max(time.Second, d.Round(time.Second))
}
