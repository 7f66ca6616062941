package app

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/readserver"
)

const (
	survivesBegin = int64(1_700_000_040_000) // a minute
	survivesStep  = 15_000
)

// intHistogram has exponential buckets, a zero bucket and negative ones; it grows with i, and is reset at 40.
func intHistogram(i int) *histogram.Histogram {
	n := uint64(i % 40)
	return &histogram.Histogram{
		Schema: 2, ZeroThreshold: 0.001, ZeroCount: n, Count: 6 * n, Sum: 1.25 * float64(n),
		PositiveSpans: []histogram.Span{{Offset: -2, Length: 2}, {Offset: 3, Length: 1}}, PositiveBuckets: []int64{int64(n), 0, int64(n)},
		NegativeSpans: []histogram.Span{{Offset: 1, Length: 1}}, NegativeBuckets: []int64{int64(n)},
	}
}

func customHistogram(i int) *histogram.Histogram {
	return &histogram.Histogram{
		Schema: histogram.CustomBucketsSchema, Count: uint64(3 * i), Sum: float64(i) / 3, CustomValues: []float64{0.005, 0.1, 2.5},
		PositiveSpans: []histogram.Span{{Length: 2}}, PositiveBuckets: []int64{int64(i), int64(i)},
	}
}

// everyKind are samples of every kind, by metric: floats by their bits, integer and float histograms.
var everyKind = map[string]func(i int) (v float64, h *histogram.Histogram, f *histogram.FloatHistogram){
	"gauge": func(i int) (float64, *histogram.Histogram, *histogram.FloatHistogram) {
		return 0.1 * float64(i), nil, nil
	},
	"odd": func(i int) (float64, *histogram.Histogram, *histogram.FloatHistogram) {
		return []float64{
			math.NaN(), math.Float64frombits(value.NormalNaN), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 0, 5e-324, math.MaxFloat64, 1e21, 1e-7, 0.1 + 0.2,
		}[i%11], nil, nil
	},
	"ends": func(i int) (float64, *histogram.Histogram, *histogram.FloatHistogram) {
		if i%25 == 24 {
			return math.Float64frombits(value.StaleNaN), nil, nil
		}
		return float64(i), nil, nil
	},
	"created_total": func(i int) (float64, *histogram.Histogram, *histogram.FloatHistogram) { // a zero where it was created, twice
		return float64(7 * (i % 60)), nil, nil
	},
	"native": func(i int) (float64, *histogram.Histogram, *histogram.FloatHistogram) { return 0, intHistogram(i), nil },
	"floated": func(i int) (float64, *histogram.Histogram, *histogram.FloatHistogram) {
		return 0, nil, intHistogram(i).ToFloat(nil)
	},
	"custom": func(i int) (float64, *histogram.Histogram, *histogram.FloatHistogram) {
		return 0, customHistogram(i), nil
	},
	"customf": func(i int) (float64, *histogram.Histogram, *histogram.FloatHistogram) {
		return 0, nil, customHistogram(i).ToFloat(nil)
	},
	"gauged": func(i int) (float64, *histogram.Histogram, *histogram.FloatHistogram) {
		h := intHistogram(150 - i)
		h.CounterResetHint = histogram.GaugeType
		return 0, h, nil
	},
	"native_ends": func(i int) (float64, *histogram.Histogram, *histogram.FloatHistogram) {
		if i%25 == 24 {
			return 0, &histogram.Histogram{Sum: math.Float64frombits(value.StaleNaN)}, nil
		}
		return 0, intHistogram(i), nil
	},
	"mixed": func(i int) (float64, *histogram.Histogram, *histogram.FloatHistogram) { // classic first, native later
		if i < 70 {
			return float64(i), nil, nil
		}
		return 0, intHistogram(i), nil
	},
}

// everyKindStore is a server's storage with 150 samples of every kind.
func everyKindStore(t *testing.T) *tsdb.DB {
	t.Helper()
	opts := tsdb.DefaultOptions()
	opts.RetentionDuration = 0
	opts.StripeSize = 64
	opts.WALSegmentSize = -1
	db, err := tsdb.Open(t.TempDir(), nil, nil, opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for name, sample := range everyKind {
		app := db.Appender(context.Background())
		for i := range 150 {
			v, h, f := sample(i)
			at, ls := survivesBegin+int64(i)*survivesStep, labels.FromStrings("__name__", name, "job", "api")
			if h == nil && f == nil {
				_, err = app.Append(0, ls, at, v)
			} else {
				_, err = app.AppendHistogram(0, ls, at, h, f)
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if err := app.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// written is a sample as text, to the bit. Of counter-reset hints only that of gauges is data: the others depend on where chunks were cut.
func written(it chunkenc.Iterator, kind chunkenc.ValueType) string {
	var f *histogram.FloatHistogram
	t := it.AtT()
	switch kind {
	case chunkenc.ValFloat:
		_, v := it.At()
		return fmt.Sprintf("%d float %x", t, math.Float64bits(v))
	case chunkenc.ValHistogram:
		_, h := it.AtHistogram(nil)
		f = h.ToFloat(nil)
	default:
		_, f = it.AtFloatHistogram(nil)
	}
	f = f.Compact(0)
	return fmt.Sprintf("%d %v gauge %t %x %d %v %v %v %v %v %v", t, kind, f.CounterResetHint == histogram.GaugeType, math.Float64bits(f.Sum), f.Schema,
		f.ZeroThreshold, f.ZeroCount, f.PositiveSpans, f.PositiveBuckets, f.NegativeBuckets, f.CustomValues)
}

// samplesOf are all samples of a recording by metric.
func samplesOf(t *testing.T, dir string) map[string][]string {
	t.Helper()
	rec, err := ingest.OpenRecording(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rec.Close() }()
	out := map[string][]string{}
	err = rec.EachSeries("main", func(s storage.Series) error {
		it, name := s.Iterator(nil), s.Labels().Get("__name__")
		for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
			out[name] = append(out[name], written(it, kind))
		}
		return it.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestWhatSurvives takes samples of every kind over the wire into a recording, from there through TSDB blocks and through
// OpenMetrics text: nothing changes in the first, the second leaves out what it has no words for, and says how much.
func TestWhatSurvives(t *testing.T) {
	t.Parallel()
	want := map[string][]string{}
	db := everyKindStore(t)
	q, err := db.Querier(math.MinInt64, math.MaxInt64)
	if err != nil {
		t.Fatal(err)
	}
	set := q.Select(t.Context(), true, nil, labels.MustNewMatcher(labels.MatchRegexp, "__name__", ".+"))
	for set.Next() {
		it, name := set.At().Iterator(nil), set.At().Labels().Get("__name__")
		for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
			want[name] = append(want[name], written(it, kind))
		}
	}
	_ = q.Close()
	if len(want) != len(everyKind) || len(want["native"]) != 150 {
		t.Fatalf("%d metrics, %d of native", len(want), len(want["native"]))
	}
	server := httptest.NewServer(readserver.ReadHandler(db, readserver.Options{}))
	defer server.Close()
	var text bytes.Buffer
	dir := filepath.Join(t.TempDir(), "rec")
	recordKinds(t, server.URL, dir)
	if diff := cmp.Diff(want, samplesOf(t, dir)); diff != "" {
		t.Errorf("over the wire (-server +recording):\n%s", diff)
	}
	rec, err := ingest.OpenRecording(dir)
	if err != nil {
		t.Fatal(err)
	}
	blocks, again := filepath.Join(t.TempDir(), "blocks"), filepath.Join(t.TempDir(), "again")
	if _, _, err := ExportBlocks(t.Context(), rec, "main", blocks); err != nil {
		t.Fatal(err)
	}
	report, err := rec.WriteOpenMetrics(&text, "main")
	if err != nil || report.Stale != 6 || report.Histograms != 6*150+80 {
		t.Errorf("OpenMetrics: %+v, %v", report, err)
	}
	_ = rec.Close()
	importing(t, again, func(r *ingest.Recorder) error { _, err := ImportBlocks(t.Context(), r, "main", blocks); return err })
	if diff := cmp.Diff(want, samplesOf(t, again)); diff != "" {
		t.Errorf("through blocks (-server +recording):\n%s", diff)
	}
	dir = filepath.Join(t.TempDir(), "text")
	importing(t, dir, func(r *ingest.Recorder) error { return r.ImportOpenMetrics("main", &text) })
	if diff := cmp.Diff(floatsOf(want), samplesOf(t, dir)); diff != "" {
		t.Errorf("through OpenMetrics (-server +recording):\n%s", diff)
	}
}

// floatsOf are the samples that OpenMetrics has words for: numbers, and one NaN.
func floatsOf(all map[string][]string) map[string][]string {
	out := map[string][]string{}
	for name, list := range all {
		for _, s := range list {
			if !strings.Contains(s, " float ") || strings.HasSuffix(s, fmt.Sprintf(" %x", value.StaleNaN)) {
				continue
			}
			at, bits, _ := strings.Cut(s, " float ")
			if bits == fmt.Sprintf("%x", math.Float64bits(math.NaN())) {
				bits = fmt.Sprintf("%x", value.NormalNaN)
			}
			out[name] = append(out[name], at+" float "+bits)
		}
	}
	return out
}

func importing(t *testing.T, dir string, do func(*ingest.Recorder) error) {
	t.Helper()
	r, err := ingest.NewRecorder(dir, ingest.RecorderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := do(r); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

// recordKinds reads everything by one expression, and records what comes.
func recordKinds(t *testing.T, url, dir string) {
	t.Helper()
	importing(t, dir, func(r *ingest.Recorder) error {
		remote, err := ingest.NewRemote(ingest.RemoteConfig{
			Name: "main", URL: url + "/api/v1/read",
			Transport: func(next http.RoundTripper) http.RoundTripper {
				return r.Transport(ingest.RecordedSource{Name: "main", URL: url}, next)
			},
		})
		if err != nil {
			return err
		}
		defer remote.Close()
		_, err = remote.Read(t.Context(), ingest.Query{
			Detector: "d", Expr: `last_over_time({job="api"}[1h]) > 0`,
			From: survivesBegin + 3_600_000 - 60_000, To: survivesBegin + 3_600_000 - 60_000, Step: 60_000,
		})
		return err
	})
}
