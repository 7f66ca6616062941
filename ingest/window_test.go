package ingest

import (
	"math"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
)

// What agg makes of a step: the samples in (t−step, t], without staleness markers; NaN as PromQL has it. The server of
// query_range says the same.
func TestStepWindows(t *testing.T) {
	stale := math.Float64frombits(value.StaleNaN)
	at := func(second int64, v float64) sample { return sample{t: t0 + second*1000, v: v} }
	series := memSeries{labels.FromStrings("__name__", "q"), []sample{
		at(0, 100),                                 // the end of the step before: not part of the first
		at(15, 1), at(30, 5), at(45, 3), at(60, 4), // the end is part of it
		at(75, 7), at(90, stale), // a staleness marker is no sample
		at(135, 2), at(150, math.NaN()), at(165, 6), // NaN is one
		at(255, 8), // 195 to 240: nothing
	}}
	nan := math.NaN()
	f, ranged := newFakeServer(t, series), newRangeServer(t, series)
	for expr, want := range map[string][]float64{
		"avg_over_time(q[1m])":            {3.25, 7, nan, nan, 8},
		"max_over_time(q[1m])":            {5, 7, 6, nan, 8},
		"min_over_time(q[1m])":            {1, 7, 2, nan, 8},
		"last_over_time(q[1m])":           {4, 7, 6, nan, 8},
		"quantile_over_time(0.95, q[1m])": {4.85, 7, 5.6, nan, 8}, // NaN ranks below every number
	} {
		for name, s := range map[string]Source{"remote-read": newTestRemote(t, RemoteConfig{URL: f.URL}), "query_range": newTestRange(t, RemoteConfig{URL: ranged.URL + rangePath})} {
			b := read(t, s, Query{Expr: expr, From: t0 + 60000, To: t0 + 300000, Step: 60000})
			if len(b.Rows) != 1 {
				t.Fatalf("%s by %s: %s", expr, name, show(b))
			}
			for i, v := range b.Rows[0].V {
				if math.Abs(v-want[i]) > 1e-12 || math.IsNaN(v) != math.IsNaN(want[i]) {
					t.Errorf("%s by %s: %v, want %v", expr, name, b.Rows[0].V, want)
					break
				}
			}
		}
	}
}
