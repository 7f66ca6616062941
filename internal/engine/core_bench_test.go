package engine

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"golang.org/x/sys/unix"
)

const (
	benchStep   = 5 * minute
	benchPerDay = int(day / benchStep)
	// benchHistory is how many points are learnt before anything is measured: two days and an epoch, so that the daily profile,
	// the slow channels and the forest all take part.
	benchHistory = 2*benchPerDay + 6*60/5 + 1
)

// benchWorld is a detector's block of one day over n series, which is fed again day after day.
func benchWorld(n int) tidewatch.Block {
	b := tidewatch.Block{Detector: "D", From: start, Step: benchStep, N: benchPerDay, Rows: make([]tidewatch.Row, n)}
	for k := range b.Rows {
		ls := labels.FromStrings("__name__", "load", "instance", fmt.Sprintf("10.0.%d.%d:9100", k/250, k%250), "job", fmt.Sprintf("job%d", k%20))
		v := make([]float64, b.N)
		for i := range v {
			v[i] = worldValue(4, i+k*benchPerDay, math.MaxInt32) // the calm kind
		}
		b.Rows[k] = tidewatch.Row{Series: tidewatch.Series{ID: tidewatch.SeriesID("D", ls), Labels: ls}, V: v}
	}
	slices.SortFunc(b.Rows, func(x, y tidewatch.Row) int { return cmp.Compare(x.Series.ID, y.Series.ID) })
	return b
}

// benchCore is a trained core with the time of the next column.
type benchCore struct {
	*Core
	day  tidewatch.Block
	next int64
	rows []tidewatch.Row // of one column, reused
}

func newBenchCore(b *testing.B, n int) *benchCore {
	c := &benchCore{Core: testCore(b, 0, testDetector("D")), day: benchWorld(n), next: start, rows: make([]tidewatch.Row, n)}
	for left := benchHistory; left > 0; {
		blk := c.day
		blk.From, blk.N = c.next, min(left, benchPerDay)
		if _, err := c.Train(blk); err != nil {
			b.Fatal(err)
		}
		c.next, left = blk.End(), left-blk.N
	}
	return c
}

// column is the block of the next grid time.
func (c *benchCore) column() tidewatch.Block {
	i := int((c.next - start) / benchStep % int64(benchPerDay))
	for k, r := range c.day.Rows {
		c.rows[k] = tidewatch.Row{Series: r.Series, V: r.V[i : i+1]}
	}
	blk := tidewatch.Block{Detector: "D", From: c.next, Step: benchStep, N: 1, Rows: c.rows}
	c.next = blk.End()
	return blk
}

func (c *benchCore) tick(b *testing.B) {
	blk := c.column()
	if _, err := c.Tick(blk.From+30_000, []tidewatch.Block{blk}); err != nil {
		b.Fatal(err)
	}
}

// cpuTime is the processor time of the process. It means more than the clock's where machines are shared.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measure runs fn over and over and reports its processor time for each of n things.
func measure(b *testing.B, n int, thing string, fn func()) {
	b.Helper()
	b.ReportAllocs()
	began := cpuTime(b)
	for b.Loop() {
		fn()
	}
	b.ReportMetric(float64((cpuTime(b)-began).Nanoseconds())/float64(b.N)/float64(n), "cpu-ns/"+thing)
}

// BenchmarkTick decides one column of n series: score, band, alarm, learn.
func BenchmarkTick(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		b.Run(fmt.Sprintf("series=%d", n), func(b *testing.B) {
			c := newBenchCore(b, n)
			measure(b, n, "point", func() { c.tick(b) })
		})
	}
}

// BenchmarkTrain learns a day of history of 500 new series.
func BenchmarkTrain(b *testing.B) {
	const n = 500
	blk := benchWorld(n)
	measure(b, n*blk.N, "point", func() { train(b, blk) })
}

func train(b *testing.B, blk tidewatch.Block) {
	if _, err := testCore(b, 0, testDetector("D")).Train(blk); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkSnapshot encodes the state of 10,000 series, which nothing keeps; ticks wait meanwhile.
func BenchmarkSnapshot(b *testing.B) {
	const n = 10_000
	c := newBenchCore(b, n)
	outs := make([]sink, 16)
	measure(b, n, "series", func() { snapshotTo(b, c.Core, outs) })
	size := 0
	for _, o := range outs {
		size += o.bytes
	}
	b.ReportMetric(float64(size)/n, "B/series")
}

func snapshotTo(b *testing.B, c *Core, outs []sink) {
	clear(outs)
	if _, err := c.SnapshotTo(len(outs), func(i int, write func(io.Writer) error) error { return write(&outs[i]) }); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkRestore loads the state of 10,000 series.
func BenchmarkRestore(b *testing.B) {
	const n = 10_000
	snap := newBenchCore(b, n).Snapshot(16)
	measure(b, n, "series", func() { restore(b, snap) })
}

func restore(b *testing.B, snap Snapshot) {
	if _, err := testCore(b, 0, testDetector("D")).Restore(snap); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkRecord encodes and decodes a tick of 10,000 known series as the journal keeps it.
func BenchmarkRecord(b *testing.B) {
	const n = 10_000
	c := newBenchCore(b, n)
	rec := Record{Now: c.next, Blocks: []tidewatch.Block{c.column()}}
	payload := rec.Append(nil, c.Known)
	b.Run("append", func(b *testing.B) {
		measure(b, n, "point", func() { payload = rec.Append(nil, c.Known) })
		b.ReportMetric(float64(len(payload))/n, "B/point")
	})
	b.Run("decode", func(b *testing.B) {
		measure(b, n, "point", func() { decodeRecord(b, payload) })
	})
}

func decodeRecord(b *testing.B, payload []byte) {
	if _, err := DecodeRecord(payload); err != nil {
		b.Fatal(err)
	}
}
