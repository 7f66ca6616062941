package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/quality"
)

// question is what the data checks of a detector ask about the samples behind its points, in the same request.
type question struct {
	kind string // as tidewatch.BehindLabel has it
	ingest.Query
}

// behindOf are the questions that go with a query of a detector.
func behindOf(src ingest.Source, d configs.Detector, q ingest.Query) []question {
	if !d.DataQuality || !ingest.SeesSamples(src) {
		return nil
	}
	var out []question
	ask := func(kind, expr string) {
		x := q
		x.Expr, x.MaxSeries = expr, 0
		out = append(out, question{kind, x})
	}
	b := ingest.BehindOf(d.Expr)
	if e := b.Resets(quality.ResetsWithin*time.Millisecond, quality.ResetsUntil); e != "" {
		ask(tidewatch.BehindResets, e)
	}
	if d.ExpectInterval > 0 {
		if e := b.Count(quality.IntervalCount * d.ExpectInterval); e != "" {
			ask(tidewatch.BehindMissed, fmt.Sprintf("1 - (%s) / %d >= %g", e, quality.IntervalCount, quality.IntervalMissed))
		}
	}
	return out
}

// readBehind reads points with what there is to say of the samples behind them.
func readBehind(ctx context.Context, src ingest.Source, d configs.Detector, q ingest.Query) (tidewatch.Block, error) {
	blocks, errs := readAllBehind(ctx, src, []configs.Detector{d}, []ingest.Query{q})
	return blocks[0], errs[0]
}

// readAllBehind is readBehind of several detectors in one request; blocks and errors are in the order of the queries. A question that
// is not answered is no error: the points are what counts.
func readAllBehind(ctx context.Context, src ingest.Source, ds []configs.Detector, qs []ingest.Query) ([]tidewatch.Block, []error) {
	all := slices.Clone(qs)
	var kinds []string
	var of []int
	for i, q := range qs {
		for _, x := range behindOf(src, ds[i], q) {
			all, kinds, of = append(all, x.Query), append(kinds, x.kind), append(of, i)
		}
	}
	blocks, errs := ingest.ReadAll(ctx, src, all)
	for k, i := range of {
		if n := len(qs) + k; errs[n] == nil && errs[i] == nil {
			addBehind(&blocks[i], kinds[k], blocks[n].Rows)
		}
	}
	return blocks[:len(qs)], errs[:len(qs)]
}

// addBehind adds an answer to a block, unless it is there already: in a recording of points it is.
func addBehind(b *tidewatch.Block, kind string, rows []tidewatch.Row) {
	for _, r := range rows {
		r.Series.Labels = labels.NewBuilder(r.Series.Labels).Set(tidewatch.BehindLabel, kind).Labels()
		r.Series.ID = tidewatch.SeriesID(b.Detector, r.Series.Labels)
		at, ok := slices.BinarySearchFunc(b.Rows, r.Series.ID, func(x tidewatch.Row, id uint64) int { return cmp.Compare(x.Series.ID, id) })
		if !ok {
			b.Rows = slices.Insert(b.Rows, at, r)
		}
	}
}
