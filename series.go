package tidewatch

import (
	"github.com/cespare/xxhash/v2"
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
	var (
		room   [1024]byte // on the stack
		b      = room[:0]
		sorted = true
	)
	ls.Range(func(l labels.Label) {
		b = appendLabel(b, l.Name, l.Value)
		sorted = sorted && l.Name < detectorLabel
	})
	if sorted {
		return xxhash.Sum64(appendLabel(b, detectorLabel, detector))
	}
	sb := labels.NewScratchBuilder(ls.Len() + 1)
	ls.Range(func(l labels.Label) { sb.Add(l.Name, l.Value) })
	sb.Add(detectorLabel, detector)
	sb.Sort()
	return labels.StableHash(sb.Labels())
}

// detectorLabel is a name that no valid label has, so that it cannot collide.
const detectorLabel = "\xfftidewatch_detector"

// appendLabel writes a label as labels.StableHash does.
func appendLabel(b []byte, name, value string) []byte {
	b = append(append(b, name...), 0xff)
	return append(append(b, value...), 0xff)
}

// Row is one series of a Block: len(V) is the block's N; NaN is a missing sample.
type Row struct {
	Series Series
	V      []float64
}

// BehindLabel is on rows that are no series of a detector, but say what the raw samples behind one are like, for the checks of the
// data: its value is BehindResets or BehindMissed, the other labels are those of the series. What has no such row is as it should be.
const (
	BehindLabel  = "__tidewatch_behind__"
	BehindResets = "resets" // how often each counter fell in the last 5 minutes, on average
	BehindMissed = "missed" // share of the samples that are missing, of those that the declared interval lets expect
)

// Block is a rectangle of evaluated points of one detector: N grid times from From, Step apart (both in milliseconds,
// From a multiple of Step), and one row per series in ascending order of Series.ID, those with BehindLabel among them. A live tick is a block with N = 1.
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

// Cut is the columns [from, to). It shares the values.
func (b Block) Cut(from, to int) Block {
	out := b
	out.From, out.N, out.Rows = b.Time(from), to-from, make([]Row, len(b.Rows))
	for i, r := range b.Rows {
		out.Rows[i] = Row{Series: r.Series, V: r.V[from:to]}
	}
	return out
}
