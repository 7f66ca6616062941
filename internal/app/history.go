package app

import (
	"context"
	"fmt"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
)

// aliveWithin is how recently a series must have reported to be alive, in milliseconds.
const aliveWithin = 3_600_000

func query(d configs.Detector, from, to int64) ingest.Query {
	return ingest.Query{Detector: d.Name, Expr: d.Expr, From: from, To: to, Step: d.Step.Milliseconds(), MaxSeries: d.MaxSeries}
}

// readHistory reads a detector's history up to the grid point to and hands it to train, oldest first, in stretches of at most a
// chunk and about historyPoints. Series that are gone by its end are learnt too, for those that replaced them, but only those alive count
// against max_series. from is where to go on after a failure, 0 to begin; grid times in Unix milliseconds.
func readHistory(ctx context.Context, src ingest.Source, d configs.Detector, from, to int64, train func(tidewatch.Block) error) error {
	step := d.Step.Milliseconds()
	alive, err := src.Read(ctx, query(d, to-aliveWithin+mod(aliveWithin, step), to))
	if err != nil {
		return fmt.Errorf("back-fill: %w", err)
	}
	if from == 0 {
		from = to - d.History.Milliseconds()
		from -= mod(from, step)
	}
	for _, p := range piecesOf(historyPoints, from, to, d.Step, len(alive.Rows)) {
		q := query(d, p[0], p[1])
		q.MaxSeries = 0
		b, err := readBehind(ctx, src, d, q)
		if err != nil {
			return fmt.Errorf("back-fill: %w", err)
		}
		if err := train(b); err != nil {
			return fmt.Errorf("back-fill: %w", err)
		}
	}
	return nil
}
