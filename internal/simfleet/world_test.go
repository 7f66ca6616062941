package simfleet

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"go.uber.org/goleak"

	"github.com/tidewatch/tidewatch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// get asks a world's HTTP interface and decodes the data of the envelope.
func get(t *testing.T, base, path string, data any) {
	t.Helper()
	resp, err := http.Get(base + path)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &struct {
		Data any `json:"data"`
	}{data}); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s: %v", path, resp.StatusCode, raw, err)
	}
}

func serve(t *testing.T, w *World) string {
	t.Helper()
	srv := httptest.NewServer(w.Handler())
	t.Cleanup(func() {
		srv.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return srv.URL
}

func TestWorldGoesOnLive(t *testing.T) {
	w, f := newWorld(t, Options{}, 0.5)
	base := serve(t, w)
	count := func() (out struct {
		Result []struct {
			Value [2]any `json:"value"`
		} `json:"result"`
	},
	) {
		get(t, base, "/api/v1/query?query="+url.QueryEscape(`count({__name__=~".+"})`), &out)
		return out
	}
	before := count()
	if len(before.Result) != 1 {
		t.Fatalf("nothing to see at the end of history: %v", before)
	}
	for i := range 90 { // live, a minute at a time
		if err := w.AdvanceTo(context.Background(), f.Start()+12*hour+int64(i+1)*60_000); err != nil {
			t.Fatal(err)
		}
	}
	after := count()
	if got, want := after.Result[0].Value[0].(float64), float64(f.Start()+12*hour+90*60_000)/1000; got != want {
		t.Errorf("the world's clock says %v, want %v", got, want)
	}
	m := evaluate(t, w, `count_over_time(up{job="node"}[13h30m])`, w.Now(), w.Now(), time.Minute)
	if len(m) != nodeCount {
		t.Fatalf("%d nodes, want %d", len(m), nodeCount)
	}
	for _, s := range m {
		if s.Floats[0].F != 13.5*60 {
			t.Errorf("%s: %v scrapes in 13.5 h across the end of history, want 810", s.Metric, s.Floats[0].F)
		}
	}
}

func TestShorterHistoryIsTheSameWorld(t *testing.T) {
	if testing.Short() {
		t.Skip("numbers, which the race detector makes slow: make test-full has them")
	}
	long, f := newWorld(t, Options{}, 1)
	short := newFleet(t, Options{})
	from, to := f.Start()+18*hour, f.Start()+24*hour
	w, err := Open(context.Background(), t.TempDir(), short, from, to)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	const expr = `sum by (job, code) (http_requests_total)`
	want, got := evaluate(t, long, expr, from+60_000, to, time.Minute), evaluate(t, w, expr, from+60_000, to, time.Minute)
	if len(want) != len(serviceSpecs)*len(statusCodes) || want.String() != got.String() {
		t.Errorf("the last 6 h differ from those of a day's history (%d series)", len(want))
	}
	if m := evaluate(t, w, expr, from-hour, from-60_000, time.Minute); len(m) != 0 {
		t.Errorf("samples from before the history were kept: %d series", len(m))
	}
}

func TestTemporaryDirectoryGoes(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	f := newFleet(t, Options{})
	w, err := Open(context.Background(), "", f, f.Start(), f.Start()+hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	f = newFleet(t, Options{})
	if _, err := Open(ctx, "", f, f.Start(), f.Start()+day); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled fill gives %v", err)
	}
	left, err := os.ReadDir(os.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		t.Errorf("%s is left behind", e.Name())
	}
}

// pairs makes the iterator that LoadSeries takes.
func pairs(names []string, points ...[]tidewatch.Point) iter.Seq2[labels.Labels, []tidewatch.Point] {
	return func(yield func(labels.Labels, []tidewatch.Point) bool) {
		for i, name := range names {
			b := labels.NewBuilder(labels.FromStrings("file", "f"))
			if !yield(b.Set(model.MetricNameLabel, name).Labels(), points[i]) {
				return
			}
		}
	}
}

func TestLoadedSeries(t *testing.T) {
	minute := int64(60_000)
	a := []tidewatch.Point{{T: minute, V: 1}, {T: 2 * minute, V: 0}, {T: 3 * minute, V: math.NaN()}, {T: 7 * minute, V: -4}}
	b := []tidewatch.Point{{T: 3 * minute, V: 30}, {T: 4 * minute, V: 40}}
	r, err := LoadSeries(pairs([]string{"a", "b", "none"}, a, b, nil))
	if err != nil {
		t.Fatal(err)
	}
	if from, to := r.Span(); from != minute || to != 7*minute || r.Len() != 3 {
		t.Errorf("span %d to %d of %d series", from, to, r.Len())
	}
	w, err := Open(context.Background(), t.TempDir(), r, 0, 3*minute)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := w.AdvanceTo(context.Background(), 10*minute); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, s := range evaluate(t, w, `{__name__=~"a|b"}`, minute, 8*minute, time.Minute) {
		var ps []string
		for _, p := range s.Floats {
			ps = append(ps, p.String())
		}
		got[s.Metric.Get(model.MetricNameLabel)] = strings.Join(ps, " ")
	}
	want := map[string]string{
		"a": "1 @[60000] 0 @[120000] -4 @[420000] -4 @[480000]", // the gap begins at once
		"b": "30 @[180000] 40 @[240000] 40 @[300000] 40 @[360000] 40 @[420000] 40 @[480000]",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestLoadRefuses(t *testing.T) {
	one := []tidewatch.Point{{T: 1, V: 1}}
	for want, all := range map[string]iter.Seq2[labels.Labels, []tidewatch.Point]{
		"given twice":        pairs([]string{"a", "a"}, one, one),
		"no metric name":     pairs([]string{""}, one),
		"is not after":       pairs([]string{"a"}, []tidewatch.Point{{T: 2}, {T: 2}}),
		"point 2 at 1 is no": pairs([]string{"a"}, []tidewatch.Point{{T: 2}, {T: 3}, {T: 1}}),
	} {
		if _, err := LoadSeries(all); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}
