package null

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/internal/engine"
)

const (
	seriesPerDetector = 5
	historyDays       = 15
)

// begin is the grid time of the first point, Unix milliseconds: Monday, 2 March 2026.
const begin = 1_772_409_600_000

// drive runs a detector over the values of its series, a day at a time, and returns its changes and its limit at the end. watch is told
// of every decided point, with the place of its series among values. points is told how many were run.
func drive(
	ctx context.Context, d engine.Detector, values [][]float64, watch func(series int, j engine.Judged), points func(n int),
) ([]engine.Change, engine.Limit, error) {
	b := block(d, values)
	place := map[uint64]int{}
	for _, r := range b.Rows {
		k, err := strconv.Atoi(r.Series.Labels.Get(seriesLabel))
		if err != nil {
			return nil, engine.Limit{}, fmt.Errorf("numbering the series of detector %s: %w", d.Name, err)
		}
		place[r.Series.ID] = k
	}
	e := engine.New(engine.Options{Workers: 1, Watch: func(j engine.Judged) { watch(place[j.Series], j) }})
	if err := e.Configure([]engine.Detector{d}); err != nil {
		return nil, engine.Limit{}, fmt.Errorf("configuring the engine: %w", err)
	}
	var changes []engine.Change
	daily := int(24 * time.Hour / d.Model.Step)
	for from := 0; from < b.N; from += daily {
		if err := ctx.Err(); err != nil {
			return nil, engine.Limit{}, err
		}
		part := b.Cut(from, min(from+daily, b.N))
		c, _, n, err := e.Run(part)
		if err != nil {
			return nil, engine.Limit{}, fmt.Errorf("running detector %s: %w", d.Name, err)
		}
		changes = append(changes, c...)
		points(n)
	}
	return changes, e.Status()[0].Limit, nil
}

// seriesLabel numbers the series of a detector.
const seriesLabel = "series"

// block are the values as the engine takes them, in order of identity.
func block(d engine.Detector, values [][]float64) tidewatch.Block {
	b := tidewatch.Block{Detector: d.Name, From: begin, Step: d.Model.Step.Milliseconds(), N: len(values[0])}
	for k, v := range values {
		ls := labels.FromStrings(seriesLabel, strconv.Itoa(k))
		b.Rows = append(b.Rows, tidewatch.Row{Series: tidewatch.Series{ID: tidewatch.SeriesID(d.Name, ls), Labels: ls}, V: v})
	}
	slices.SortFunc(b.Rows, func(x, y tidewatch.Row) int { return cmp.Compare(x.Series.ID, y.Series.ID) })
	return b
}
