package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
)

// aliveWithin is how recently a series must have reported to be back-filled, in milliseconds.
const aliveWithin = 3_600_000

func query(d configs.Detector, from, to int64) ingest.Query {
	return ingest.Query{Detector: d.Name, Expr: d.Expr, From: from, To: to, Step: d.Step.Milliseconds(), MaxSeries: d.MaxSeries}
}

// readHistory reads a detector's history up to the grid point to and hands it to train, oldest first, in stretches of at most a
// chunk. Only series that are alive at its end are learnt, and only they count against max_series: a fortnight of pods that
// are gone would teach nothing. from is where to go on after a failure, 0 to begin; grid times in Unix milliseconds.
func readHistory(ctx context.Context, src ingest.Source, d configs.Detector, from, to int64, train func(tidewatch.Block) error) error {
	step := d.Step.Milliseconds()
	probe, err := src.Read(ctx, query(d, to-aliveWithin+mod(aliveWithin, step), to))
	if err != nil {
		return fmt.Errorf("back-fill: %w", err)
	}
	if from == 0 {
		from = to - d.History.Milliseconds()
		from -= mod(from, step)
	}
	for _, p := range spans(from, to, d.Step) {
		q := query(d, p[0], p[1])
		q.MaxSeries = 0
		b, err := src.Read(ctx, q)
		if err != nil {
			return fmt.Errorf("back-fill: %w", err)
		}
		b.Rows = slices.DeleteFunc(b.Rows, func(r tidewatch.Row) bool { return !has(probe, r.Series.ID) })
		if err := train(b); err != nil {
			return fmt.Errorf("back-fill: %w", err)
		}
	}
	return nil
}

func has(b tidewatch.Block, id uint64) bool {
	_, ok := slices.BinarySearchFunc(b.Rows, id, func(r tidewatch.Row, id uint64) int {
		switch {
		case r.Series.ID < id:
			return -1
		case r.Series.ID > id:
			return 1
		}
		return 0
	})
	return ok
}
