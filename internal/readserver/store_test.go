package readserver

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// point is one sample as bits, so that staleness markers compare.
type point struct {
	t int64
	v uint64
}

// newStore fills an embedded TSDB with n series of m points 15 s apart from t = 0 and returns it with what it holds. One in
// fifty points is a staleness marker.
func newStore(t testing.TB, n, m int) (*tsdb.DB, map[string][]point) {
	t.Helper()
	opts := tsdb.DefaultOptions()
	opts.WALSegmentSize = -1
	opts.StripeSize = 64
	opts.RetentionDuration = 0
	db, err := tsdb.Open(t.TempDir(), nil, nil, opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	want := map[string][]point{}
	app := db.AppenderV2(context.Background())
	for i := range n {
		ls := labels.FromStrings("__name__", "load", "instance", fmt.Sprintf("host-%02d", i), "job", "node")
		var ps []point
		for k := range m {
			v := math.Sin(float64(i*m+k)) * 1e3
			if k%50 == 49 {
				v = math.Float64frombits(value.StaleNaN)
			}
			at := int64(k) * 15_000
			if _, err := app.Append(0, ls, 0, at, v, nil, nil, storage.AppendV2Options{}); err != nil {
				t.Fatal(err)
			}
			ps = append(ps, point{at, math.Float64bits(v)})
		}
		want[ls.String()] = ps
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	return db, want
}
