package ingest

import (
	"context"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// surveyor is an empty storage that learns what a plan takes, and in which order.
type surveyor struct {
	noLabels
	f      *feed
	wanted []*selection
}

// Querier implements storage.Queryable.
func (s *surveyor) Querier(_, _ int64) (storage.Querier, error) { return s, nil }

// Select notes what is wanted.
func (s *surveyor) Select(_ context.Context, _ bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.SeriesSet {
	s.wanted = append(s.wanted, &selection{matchers: ms, key: matcherString(ms), start: hints.Start, end: hints.End})
	return &surveyedSet{s: s, index: len(s.wanted) - 1}
}

// surveyedSet is empty.
type surveyedSet struct {
	s     *surveyor
	index int
}

// Next notes that the selector is taken now.
func (e *surveyedSet) Next() bool {
	f, w := e.s.f, e.s.wanted[e.index]
	ms, strip := withExternal(w.matchers, f.r.external(), f.r.cfg.DropLabels)
	f.takes = append(f.takes, take{index: e.index, matchers: ms, before: f.q.From - w.start, after: w.end - f.q.From, names: f.r.names.of(strip)})
	return false
}

// At is never called.
func (*surveyedSet) At() storage.Series { return nil }

// Err is always nil.
func (*surveyedSet) Err() error { return nil }

// Warnings is always empty.
func (*surveyedSet) Warnings() annotations.Annotations { return nil }
