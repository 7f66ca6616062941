package bench

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/bench/corpus"
	"github.com/tidewatch/tidewatch/internal/engine"
	"golang.org/x/sys/unix"
)

// Cost is what a detector costs on the first file of a corpus, run alone: its first half warms up, the second half is measured. A file of
// few channels is taken several times, each time begun elsewhere, because what series share is made for many of them.
type Cost struct {
	Measured       int     `json:"cost_points"`      // values that it was measured on, of all channels
	NsPerPoint     float64 `json:"ns_per_point"`     // processor time for each, of the whole engine, garbage collection included
	AllocsPerPoint float64 `json:"allocs_per_point"` // heap allocations for each
	BytesPerSeries float64 `json:"bytes_per_series"` // of each channel's own state at the end, without points for charts, which a service keeps in files
	BytesShared    float64 `json:"bytes_shared"`     // of what all of them share
}

// copyLabel tells copies of a series apart; a group that judges several series together has those of one copy.
const copyLabel = "copy"

const (
	costPoints = 400_000 // the most values, both halves together
	costSeries = 16      // the fewest series
)

// costs measures every detector on the first file of a corpus that can be read, one after the other.
func (r *run) costs(ctx context.Context, c corpus.Corpus, rep *CorpusReport) error {
	var s *corpus.Series
	for _, f := range c.Files {
		var err error
		if s, err = f.Read(); err == nil {
			break
		}
	}
	for i, d := range r.detectors {
		r.progress()
		if rep.Detectors[i].Digest == "" {
			continue // it cannot judge these files
		}
		cost, err := r.cost(ctx, d, s)
		if err != nil {
			return err
		}
		rep.Detectors[i].Cost = cost
	}
	return nil
}

// cost measures one detector; nothing else should run meanwhile.
func (r *run) cost(ctx context.Context, d Detector, s *corpus.Series) (*Cost, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	cfg, err := productionDetector(time.Duration(s.Step) * time.Millisecond)
	if err != nil {
		return nil, err
	}
	b := repeated(block(cfg.Name, s))
	n := min(b.N, max(2, costPoints/len(b.Rows)))
	eng, err := d.engine(cfg, s, nil)
	if err == nil {
		_, err = spend(eng, b.Cut(0, n/2))
	}
	var c *Cost
	if err == nil {
		c, err = spend(eng, b.Cut(n/2, n))
	}
	if err != nil {
		return nil, fmt.Errorf("measuring the cost of %s: %w", d.Name, err)
	}
	for path, bytes := range Sizes(eng) {
		if strings.HasSuffix(path, ".recent.b") {
			continue
		}
		if path+"." == ownPath || strings.HasPrefix(path, ownPath) && !strings.Contains(path, ".forest.") {
			c.BytesPerSeries += float64(bytes) / float64(len(b.Rows))
		} else {
			c.BytesShared += float64(bytes)
		}
	}
	return c, nil
}

// ownPath is where an engine keeps what is a series' own; its models point to the shared forest, which is not.
const ownPath = "detectors.groups."

// repeated is a block of at least costSeries rows: the same ones again, each copy begun later and its beginning put at the end.
func repeated(b tidewatch.Block) tidewatch.Block {
	rows := b.Rows
	times := (costSeries + len(rows) - 1) / len(rows)
	for k := 1; k < times; k++ {
		for _, r := range rows {
			at := b.N * k / times
			ls := labels.NewBuilder(r.Series.Labels).Set(copyLabel, strconv.Itoa(k)).Labels()
			id := tidewatch.SeriesID(b.Detector, ls)
			b.Rows = append(b.Rows, tidewatch.Row{Series: tidewatch.Series{ID: id, Labels: ls}, V: slices.Concat(r.V[at:], r.V[:at])})
		}
	}
	slices.SortFunc(b.Rows, func(x, y tidewatch.Row) int { return cmp.Compare(x.Series.ID, y.Series.ID) })
	return b
}

// spend runs a block and says what it took for each of its values.
func spend(eng *engine.Engine, b tidewatch.Block) (*Cost, error) {
	runtime.GC() // what others left behind
	cpu, objects := cpuTime(), allocated()
	if _, _, _, err := eng.Run(b); err != nil {
		return nil, err
	}
	cpu, objects = cpuTime()-cpu, allocated()-objects
	values := 0
	for _, r := range b.Rows {
		for _, v := range r.V {
			if !math.IsNaN(v) {
				values++
			}
		}
	}
	k := float64(max(values, 1))
	return &Cost{Measured: values, NsPerPoint: float64(cpu) / k, AllocsPerPoint: float64(objects) / k}, nil
}

// cpuTime is the user and system time that the process has used; 0 where the system does not say.
func cpuTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// allocated is how many objects the process has allocated.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:objects"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
