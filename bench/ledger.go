package bench

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/quality"
	"github.com/tidewatch/tidewatch/models"
)

// Line is one field of a series' state.
type Line struct {
	Field string  `json:"field"`
	Bytes float64 `json:"bytes"` // for each series, what all share divided among them
}

// Ledger is what the state of a series consists of.
type Ledger struct {
	Series   int     `json:"series"`
	Lines    []Line  `json:"lines"`    // largest first
	Sum      float64 `json:"sum"`      // of the lines, computed from the types
	Own      float64 `json:"own"`      // of them, a series' own without the points for charts, which a service keeps in files
	Measured float64 `json:"measured"` // what the heap grew by for each series, measured
	Encoded  float64 `json:"encoded"`  // bytes of a snapshot for each series
}

// ledgerHistory is what the measured series have learnt: enough for the daily profile, the slow channels and a forest.
const (
	ledgerHistory = 54 * time.Hour
	ledgerStep    = 5 * time.Minute
)

// MeasureLedger trains one detector of the given kind of model on n synthetic series and takes its state apart. With own the series have forests of
// their own, as many as there may be.
func MeasureLedger(kind string, n int, own bool) (Ledger, error) {
	before := heapInUse()
	core, err := trained(kind, n, own)
	if err != nil {
		return Ledger{}, err
	}
	l := Ledger{Series: n, Measured: float64(heapInUse()-before) / float64(n)}
	by := map[string]int64{}
	for path, bytes := range Sizes(core) {
		field := fieldOf(path)
		if own && field == sharedForest { // of so many one is shared
			field = "own: forest"
		}
		by[field] += bytes
	}
	for field, bytes := range by {
		l.Lines = append(l.Lines, Line{field, float64(bytes) / float64(n)})
	}
	slices.SortFunc(l.Lines, func(a, b Line) int { return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Field, b.Field)) })
	for _, line := range l.Lines {
		l.Sum += line.Bytes
		if line.Field != chartPoints && !strings.HasPrefix(line.Field, "shared: ") {
			l.Own += line.Bytes
		}
	}
	snap := core.Snapshot(1)
	l.Encoded = float64(len(snap.Meta)+len(snap.Shards[0])) / float64(n)
	return l, nil
}

// The paths under which a series' own state lies.
const (
	groupPath = "engine.detectors.groups."
	modelPath = groupPath + "model."
	rowPath   = groupPath + "rows."
	chartPath = rowPath + "recent.b"
)

// chartPoints is the line of what a service keeps in files, which need not stay in memory.
const chartPoints = "points for charts; of a service, in files"

const sharedForest = "shared: forest"

// fieldOf names the ledger's line that a path belongs to.
func fieldOf(path string) string {
	path = strings.Replace(path, groupPath+"one.", rowPath, 1) // a group of one row has it in itself
	if rest, ok := strings.CutPrefix(path, modelPath); ok {
		if strings.Contains(rest, "forest.") {
			return sharedForest
		}
		rest = strings.TrimPrefix(rest, "one.") // of the kinds with room for a row in themselves
		return "model: " + firstName(rest)
	}
	if path == chartPath || strings.HasPrefix(path, "engine.detectors.shelves") {
		return chartPoints
	}
	if rest, ok := strings.CutPrefix(path, rowPath); ok {
		return "alarm: " + firstName(rest)
	}
	switch {
	case path == slackPath:
		return path
	case strings.HasPrefix(path, groupPath+"own"):
		return "own: samples for the next forest"
	case strings.HasPrefix(path, groupPath), path+"." == groupPath:
		return "group"
	case strings.HasPrefix(path, "engine.detectors.family"):
		return "shared: samples for the next forest"
	default:
		return "shared: the rest"
	}
}

func firstName(path string) string {
	name, _, _ := strings.Cut(path, ".")
	return name
}

// heapInUse is the heap after a collection.
func heapInUse() int64 {
	runtime.GC()
	runtime.GC() // what a finaliser or a pool held on to during the first
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	return int64(ms.HeapAlloc)
}

// trained is a core with one detector that has learnt n series.
func trained(kind string, n int, own bool) (*engine.Core, error) {
	spec, err := models.Lookup(kind)
	if err != nil {
		return nil, err
	}
	d := engine.Detector{
		Name: "ledger", Expr: "x", Location: time.UTC, ConfigHash: "c", ModelHash: "m",
		Model:   models.Config{Kind: spec.Kind, Rows: 1, Step: ledgerStep, Location: time.UTC, Min: math.Inf(-1), Max: math.Inf(1), Seed: 1},
		Alarm:   alerting.Policy{Datapoints: 3, Of: 5},
		Promise: engine.Promise{Count: 1, Per: 30 * 24 * time.Hour}, Own: own, Quality: &quality.Expect{Step: ledgerStep, Min: math.Inf(-1), Max: math.Inf(1)},
	}
	root := &alerting.Route{Receiver: "none"}
	core := engine.NewCore(engine.New(engine.Options{}), alerting.NewDispatcher(root, alerting.DispatcherOptions{}))
	if err := core.Configure([]engine.Detector{d}, root, alerting.DispatcherOptions{}); err != nil {
		return nil, err
	}
	const began = int64(20_500 * 86_400_000)
	for t := began; t < began+ledgerHistory.Milliseconds(); t += 6 * time.Hour.Milliseconds() {
		if _, err := core.Train(synthetic(d.Name, n, t, int(6*time.Hour/ledgerStep))); err != nil {
			return nil, err
		}
	}
	return core, nil
}

// synthetic is a block of n series with a daily rhythm and noise, every value a function of series and time.
func synthetic(detector string, n int, from int64, columns int) tidewatch.Block {
	b := tidewatch.Block{Detector: detector, From: from, Step: ledgerStep.Milliseconds(), N: columns, Rows: make([]tidewatch.Row, n)}
	for k := range b.Rows {
		ls := labels.FromStrings("__name__", "load_memory_bytes", "instance", fmt.Sprintf("10.0.%d.%d:9100", k>>8, k&255),
			"job", fmt.Sprintf("service-%d", k%40), "region", fmt.Sprintf("eu-%d", k%3))
		v := make([]float64, columns)
		for i := range v {
			v[i] = syntheticValue(uint64(k), b.Time(i))
		}
		b.Rows[k] = tidewatch.Row{Series: tidewatch.Series{ID: tidewatch.SeriesID(detector, ls), Labels: ls}, V: v}
	}
	slices.SortFunc(b.Rows, func(x, y tidewatch.Row) int { return cmp.Compare(x.Series.ID, y.Series.ID) })
	return b
}

func syntheticValue(k uint64, t int64) float64 {
	h := (k+1)*0x9e3779b97f4a7c15 ^ uint64(t)
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9 // splitmix64's finaliser
	h = (h ^ h>>27) * 0x94d049bb133111eb
	noise := float64((h^h>>31)>>11)/(1<<53) - 0.5
	return 100 + 20*math.Sin(2*math.Pi*float64(t)/86_400_000) + 6*noise
}

// Print writes the ledger as a table.
func (l Ledger) Print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "field\tbytes a series\t\n")
	for _, line := range l.Lines {
		fmt.Fprintf(w, "%s\t%.0f\t\n", line.Field, line.Bytes)
	}
	fmt.Fprintf(w, "sum\t%.0f\t\nheap, measured\t%.0f\t\nown, without points for charts\t%.0f\t\nin a snapshot\t%.0f\t\n", l.Sum, l.Measured, l.Own, l.Encoded)
	return w.Flush()
}
