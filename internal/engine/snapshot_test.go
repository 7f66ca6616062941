package engine

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
)

// manySeries is a core with n series that have seen two points, in two detectors.
func manySeries(t *testing.T, n, workers int) *Core {
	t.Helper()
	c := testCore(t, workers, testDetector("D"), testDetector("E"))
	for name, k := range map[string]int{"D": n / 3, "E": n - n/3} {
		b := tidewatch.Block{Detector: name, From: start, Step: benchStep, N: 2, Rows: make([]tidewatch.Row, k)}
		for i := range b.Rows {
			ls := labels.FromStrings("__name__", "load", "instance", fmt.Sprintf("10.0.%d.%d:9100", i/250, i%250))
			b.Rows[i] = tidewatch.Row{Series: tidewatch.Series{ID: tidewatch.SeriesID(name, ls), Labels: ls}, V: []float64{float64(i), float64(i % 7)}}
		}
		slices.SortFunc(b.Rows, func(x, y tidewatch.Row) int { return cmp.Compare(x.Series.ID, y.Series.ID) })
		_, err := c.Train(b)
		must(t, err)
	}
	return c
}

// sink is a disk that keeps nothing.
type sink struct{ bytes, largest int }

func (s *sink) Write(b []byte) (int, error) {
	s.bytes += len(b)
	s.largest = max(s.largest, len(b))
	return len(b), nil
}

func TestSnapshotMemoryDoesNotGrowWithTheSeries(t *testing.T) {
	var size, allocated [2]int
	for i, n := range [...]int{500, 2000} {
		c := manySeries(t, n, 1)
		var out sink
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := c.SnapshotTo(2, func(_ int, write func(io.Writer) error) error { return write(&out) })
		runtime.ReadMemStats(&after)
		must(t, err)
		size[i], allocated[i] = out.bytes, int(after.TotalAlloc-before.TotalAlloc)
		if out.largest > frameBytes+frameBytes/8 {
			t.Errorf("%d series: %d bytes are written at once, want about %d", n, out.largest, frameBytes)
		}
	}
	if size[1] < 3*size[0] || size[1] < 8*frameBytes {
		t.Fatalf("states of %v bytes tell nothing", size)
	}
	if more := allocated[1] - allocated[0]; more > frameBytes/2 {
		t.Errorf("%d bytes more of state take %d more of memory", size[1]-size[0], more)
	}
}

func TestSnapshotBytesDoNotDependOnWorkers(t *testing.T) {
	want := manySeries(t, 60, 1).Snapshot(7)
	got := manySeries(t, 60, 3).Snapshot(7)
	if !bytes.Equal(got.Meta, want.Meta) || !slices.EqualFunc(got.Shards, want.Shards, bytes.Equal) {
		t.Error("three workers write other bytes than one")
	}
	if n := len(slices.DeleteFunc(slices.Clone(want.Shards), func(b []byte) bool { return len(b) == 0 })); n != 7 {
		t.Errorf("%d of 7 shards hold something", n)
	}
}

// Whatever shards and frames a state comes in, it is the same. Before frames, a shard had one piece for each detector, of no groups as well.
func TestSnapshotFramesDoNotMatter(t *testing.T) {
	c := manySeries(t, 700, 1)
	want := c.Snapshot(1)
	if n := len(framesOf(t, want.Shards[0])); n < 4 {
		t.Fatalf("%d frames, want several for a detector", n)
	}
	old := Snapshot{Meta: want.Meta}
	for i, b := range c.Snapshot(3).Shards {
		var e encoder
		for _, d := range []string{"D", "E"} {
			n, groups := 0, []byte(nil)
			for _, f := range framesOf(t, b) {
				if f.detector == d {
					n, groups = n+f.n, append(groups, f.groups...)
				}
			}
			e.str(d)
			e.uint(n)
			e.bytes(groups)
		}
		if i == 0 && len(e.b) < 100_000 {
			t.Fatal("the first shard is empty")
		}
		old.Shards = append(old.Shards, e.b)
	}
	slices.Reverse(old.Shards) // shards of before went by the remainder of the id
	for name, snap := range map[string]Snapshot{"of 5 shards": c.Snapshot(5), "in the form of before": old} {
		again := testCore(t, 1, testDetector("D"), testDetector("E"))
		if dropped, err := again.Restore(snap); err != nil || len(dropped) > 0 {
			t.Fatal(dropped, err)
		}
		if got := again.Snapshot(1); !bytes.Equal(got.Meta, want.Meta) || !bytes.Equal(got.Shards[0], want.Shards[0]) {
			t.Errorf("restored from a snapshot %s, the state is another", name)
		}
	}
	only := testCore(t, 1, testDetector("E"))
	if dropped, err := only.Restore(want); err != nil || !slices.Equal(dropped, []string{"D"}) {
		t.Error("without D:", dropped, err)
	}
	if got, all := len(only.engine.find("E").groups), len(c.engine.find("E").groups); got != all {
		t.Errorf("without D, %d of %d groups of E", got, all)
	}
}

type testFrame struct {
	detector string
	n        int
	groups   []byte
}

func framesOf(t *testing.T, b []byte) (fs []testFrame) {
	t.Helper()
	d := decoder{b: b}
	for len(d.b) > 0 {
		fs = append(fs, testFrame{d.str(), d.uint(), d.bytes()})
	}
	must(t, d.err)
	return fs
}

func TestSnapshotEndsWithTheFirstError(t *testing.T) {
	full := errors.New("disk full")
	for _, workers := range []int{1, 4} {
		c := manySeries(t, 600, workers)
		var begun [64]bool // of one shard by one worker
		_, err := c.SnapshotTo(len(begun), func(i int, write func(io.Writer) error) error {
			begun[i] = true
			if i == 3 {
				return write(failingAfter{full})
			}
			return write(io.Discard)
		})
		if !errors.Is(err, full) || !strings.Contains(err.Error(), "shard 3") {
			t.Errorf("%d workers: %v, want that of shard 3", workers, err)
		}
		if workers == 1 && slices.Contains(begun[4:], true) {
			t.Error("shards were written after the error")
		}
	}
}

type failingAfter struct{ err error }

func (f failingAfter) Write([]byte) (int, error) { return 0, f.err }

// Of an unreadable disk the error is told, of a shard that ends too soon that it does.
func TestRestoreOfWhatCannotBeRead(t *testing.T) {
	snap := manySeries(t, 9, 1).Snapshot(1)
	eio := errors.New("input/output error")
	for _, n := range []int{1, 2, 3, 5, 100, len(snap.Shards[0]) - 1} {
		part := snap.Shards[0][:n]
		for want, in := range map[error]io.Reader{
			eio:      io.MultiReader(bytes.NewReader(part), failingReader{eio}),
			errShort: bytes.NewReader(part),
		} {
			c := testCore(t, 1, testDetector("D"), testDetector("E"))
			_, err := c.RestoreFrom(snap.Meta, func(load func(io.Reader) error) error { return load(in) })
			if !errors.Is(err, want) {
				t.Errorf("after %d bytes: %v, want %v", n, err, want)
			}
		}
	}
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }
