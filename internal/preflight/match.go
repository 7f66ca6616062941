package preflight

import (
	"context"
	"errors"
	"time"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
)

// Match is what a detector's expression gives at present.
type Match struct {
	Series  []tidewatch.Series // in order of id; nil where TooMany
	TooMany *ingest.TooManySeriesError
}

// Count is the number of series; where there are too many, those that were counted.
func (m Match) Count() int {
	if m.TooMany != nil {
		return m.TooMany.Got
	}
	return len(m.Series)
}

// match reads one point of a detector, as the service does: what the source adds and drops has happened, and it works without
// an HTTP API. The newest series are those of the newest due grid time.
func match(ctx context.Context, src ingest.Source, d configs.Detector, now time.Time) (Match, error) {
	return matchAt(ctx, src, d, gridTime(now, d.Delay, d.Step))
}

func matchAt(ctx context.Context, src ingest.Source, d configs.Detector, t int64) (Match, error) {
	b, err := src.Read(ctx, ingest.Query{Detector: d.Name, Expr: d.Expr, From: t, To: t, Step: d.Step.Milliseconds(), MaxSeries: d.MaxSeries})
	var many *ingest.TooManySeriesError
	switch {
	case errors.As(err, &many):
		return Match{TooMany: many}, nil
	case err != nil:
		return Match{}, err
	}
	var m Match
	for _, r := range b.Rows {
		m.Series = append(m.Series, r.Series)
	}
	return m, nil
}
