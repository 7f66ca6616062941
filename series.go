package tidewatch

import (
	"github.com/prometheus/prometheus/model/labels"
)

// Point is one observation. T is in Unix milliseconds; V is NaN where the sample is missing.
type Point struct {
	T int64
	V float64
}

// Series is the identity of one evaluated time series. Labels are those after the source's labels and drop_labels were
// applied, so that a failover between replicas keeps the identity.
type Series struct {
	ID     uint64 // SeriesID(detector, Labels)
	Labels labels.Labels
}

// SeriesID hashes a detector's name and a label set into the identity used in snapshots, the journal and the API. It is
// stable across restarts, releases and architectures.
func SeriesID(detector string, ls labels.Labels) uint64 {
	b := labels.NewScratchBuilder(ls.Len() + 1)
	ls.Range(func(l labels.Label) { b.Add(l.Name, l.Value) })
	b.Add("\xfftidewatch_detector", detector) // a name that no valid label has, so that it cannot collide
	b.Sort()
	return labels.StableHash(b.Labels())
}

// Row is one series of a Block: len(V) is the block's N; NaN is a missing sample.
type Row struct {
	Series Series
	V      []float64
}

// Block is a rectangle of evaluated points of one detector: N grid times from From, Step apart (both in milliseconds,
// From a multiple of Step), and one row per series in ascending order of Series.ID. A live tick is a block with N = 1.
type Block struct {
	Detector string
	From     int64
	Step     int64
	N        int
	Rows     []Row
}

// Time is the grid time of column i, in Unix milliseconds.
func (b Block) Time(i int) int64 { return b.From + int64(i)*b.Step }

// End is the grid time just after the last column.
func (b Block) End() int64 { return b.From + int64(b.N)*b.Step }
