package ingest

import (
	"context"

	"github.com/tidewatch/tidewatch"
)

// Query asks for the evaluated series of one detector at the grid times From, From+Step, …, To (both included, Unix
// milliseconds, multiples of Step).
type Query struct {
	Detector  string
	Expr      string
	From, To  int64
	Step      int64
	MaxSeries int // more output series than this is a *TooManySeriesError; 0 is no limit
	Beyond    int // so many times MaxSeries is no error yet: the caller leaves some out; 0 is 1
}

// Source reads detectors' points. A Source is safe for concurrent use. Every implementation lays results on the grid of the
// query, NaN where an instant evaluation at the grid time has no sample, leaves out series that have none in the whole
// range, and returns rows in ascending order of Series.ID.
type Source interface {
	Read(ctx context.Context, q Query) (tidewatch.Block, error)
}
