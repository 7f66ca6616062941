package bench_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidewatch/tidewatch/bench"
	"github.com/tidewatch/tidewatch/bench/corpus"
)

// generated is a directory with a file of metrics and, if asked for, a host.
func generated(t *testing.T, hosts bool) string {
	t.Helper()
	dir := t.TempDir()
	if err := corpus.Generate(dir, 1); err != nil {
		t.Fatal(err)
	}
	keep := []string{"cron-1.csv"}
	if hosts {
		keep = append(keep, "host-2.csv")
	}
	for _, pattern := range []string{"metrics/*", "hosts/*"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			if slices.Contains(keep, filepath.Base(n)) {
				continue
			}
			if err := os.Remove(n); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

func run(t *testing.T, o bench.Options) *bench.Report {
	t.Helper()
	r, err := bench.Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestSameReportWhateverTheProcessors holds every figure, digests included.
func TestSameReportWhateverTheProcessors(t *testing.T) {
	o := bench.Options{Data: generated(t, !testing.Short()), Detectors: []string{bench.Ours, "mad", "pca"}}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one := run(t, o)
	runtime.GOMAXPROCS(2)
	two := run(t, o)
	o.Workers = 3
	three := run(t, o)
	for what, other := range map[string]*bench.Report{"two processors": two, "three workers": three} {
		if text(t, one) != text(t, other) {
			t.Errorf("%s: %s", what, cmp.Diff(text(t, one), text(t, other)))
		}
	}
	digests, judged := map[string]bool{}, map[string]string{}
	for _, c := range one.Corpora {
		for _, d := range c.Detectors {
			digests[d.Digest] = true
			judged[c.Name] += d.Name + " "
		}
	}
	want := map[string]string{"metrics": "tidewatch mad "} // a multivariate baseline has no place there
	if !testing.Short() {
		want["hosts"] = "tidewatch mad pca "
	}
	if d := cmp.Diff(want, judged); d != "" || len(digests) != 2+3*(len(want)-1) {
		t.Errorf("%d different digests; -want +got:\n%s", len(digests), d)
	}
}

func text(t *testing.T, r *bench.Report) string {
	t.Helper()
	var b strings.Builder
	if err := r.JSON(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// reportKeys are all keys of a report of a corpus in NAB's layout with costs: what others read must not change its name.
const reportKeys = `commit config_hash corpora corpora.bad_rows corpora.channels corpora.data_hash corpora.detectors
corpora.detectors.allocs_per_point corpora.detectors.ap corpora.detectors.baseline corpora.detectors.bytes_per_series corpora.detectors.bytes_shared
corpora.detectors.calibration corpora.detectors.cost_points corpora.detectors.delay corpora.detectors.delay_f1 corpora.detectors.delay_f1_oracle
corpora.detectors.digest corpora.detectors.events corpora.detectors.f1 corpora.detectors.f1_oracle corpora.detectors.false_per_series_week
corpora.detectors.intervals corpora.detectors.labelled corpora.detectors.nab corpora.detectors.nab_cv corpora.detectors.nab_cv_range
corpora.detectors.nab_files corpora.detectors.nab_fixed corpora.detectors.nab_intervals corpora.detectors.nab_thresholds corpora.detectors.nab_windows
corpora.detectors.name corpora.detectors.ns_per_point corpora.detectors.points corpora.detectors.precision corpora.detectors.precision_oracle
corpora.detectors.recall corpora.detectors.recall_at corpora.detectors.recall_oracle corpora.detectors.series corpora.detectors.threshold_oracle
corpora.detectors.vus_pr corpora.detectors.vus_pr_hold corpora.detectors.vus_series corpora.detectors.weeks corpora.duplicates corpora.events
corpora.merged corpora.name corpora.out_of_order corpora.points corpora.problems corpora.series data_hash machine`

func TestReportKeysAreStable(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{"labels/combined_windows.json": `{"g/a.csv": [["2024-01-05 00:00:00", "2024-01-05 02:00:00"]]}`, "data/g/a.csv": wave(400, 5)}
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rep := run(t, bench.Options{Data: dir, Detectors: []string{bench.Ours}, Cost: true})
	var v any
	if err := json.Unmarshal([]byte(text(t, rep)), &v); err != nil {
		t.Fatal(err)
	}
	var got []string
	collect(v, "", &got)
	got = slices.DeleteFunc(got, func(k string) bool { return strings.Count(k, ".") > 2 }) // keys of package measure's own parts
	slices.Sort(got)
	if d := cmp.Diff(strings.Fields(reportKeys), slices.Compact(got)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	docs, err := os.ReadFile("../docs/bench.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range got {
		if name := k[strings.LastIndex(k, ".")+1:]; !strings.Contains(string(docs), "`"+name) {
			t.Errorf("docs/bench.md does not say what %s is", k)
		}
	}
}

// collect gathers the keys of objects, joined by points.
func collect(v any, path string, out *[]string) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			at := strings.TrimPrefix(path+"."+k, ".")
			*out = append(*out, at)
			collect(e, at, out)
		}
	case []any:
		for _, e := range v {
			collect(e, path, out)
		}
	}
}

// wave is n rows every 15 minutes with a daily rhythm; in the day-th day the value stands 30 above it.
func wave(n, day int) string {
	var b strings.Builder
	b.WriteString("timestamp,value\n")
	for i := range n {
		x := 100 + 10*math.Sin(2*math.Pi*float64(i)/96) + math.Sin(float64(i*i))
		if i/96 == day {
			x += 30
		}
		fmt.Fprintf(&b, "%d,%.4f\n", 1_704_067_200+900*i, x)
	}
	return b.String()
}

func TestUnlabelledFilesHaveScoresButNoQuality(t *testing.T) {
	dir, scores := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.csv"), []byte(wave(900, 7)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "b.csv"), []byte("when,what\n1,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	rep := run(t, bench.Options{Data: dir, Detectors: []string{bench.Ours}, Scores: scores})
	c := rep.Corpora[0]
	if len(rep.Corpora) != 1 || c.Series != 1 || c.Points != 900 || c.Events != 0 || len(c.Problems) != 1 || !strings.HasPrefix(c.Problems[0], "b.csv:1: the header is") {
		t.Errorf("%+v", c)
	}
	d := c.Detectors[0]
	if d.Labelled != 0 || d.AP.Exists() || d.F1.Exists() || len(d.Calibration) == 0 || len(rep.Headline().Figures) != 0 {
		t.Errorf("%+v", d.Result)
	}
	raw, err := os.ReadFile(filepath.Join(scores, "a.csv"))
	if err != nil {
		t.Fatal(err)
	}
	checkScores(t, strings.Split(strings.TrimSpace(string(raw)), "\n"))
}

// checkScores finds the wave's incident in its scores: a high one and the first page at its beginning.
func checkScores(t *testing.T, lines []string) {
	t.Helper()
	if len(lines) != 901 || lines[0] != "timestamp,value,anomaly_score,page_score,p,yhat,yhat_lower,yhat_upper,alarm" {
		t.Fatalf("%d lines, the first %q", len(lines), lines[0])
	}
	pages := 0
	for i, line := range lines[1:] {
		f := strings.Split(line, ",")
		var stamp int
		var value, score, page, p, alarm float64
		if _, err := fmt.Sscan(strings.Join(slices.Concat(f[:5], f[8:]), " "), &stamp, &value, &score, &page, &p, &alarm); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		if stamp != 1_704_067_200+900*i || p <= 0 || p > 1 || (page > 0 && alarm == 0) {
			t.Fatalf("row %d: %s", i, line)
		}
		if page > 0 {
			if pages++; pages == 1 && (i < 7*96 || i > 7*96+4) {
				t.Errorf("the first page in row %d, the incident begins in row %d", i, 7*96)
			}
		}
		if i == 7*96 && (score <= 1 || p > 1e-3) {
			t.Errorf("first row of the incident: %s", line)
		}
	}
	if pages == 0 {
		t.Error("no page")
	}
}

func TestHeadlineCheck(t *testing.T) {
	rep := run(t, bench.Options{Data: generated(t, false), Detectors: []string{bench.Ours}})
	var b strings.Builder
	if err := rep.Headline().JSON(&b); err != nil {
		t.Fatal(err)
	}
	h, err := bench.ReadHeadline(strings.NewReader(b.String()))
	if err != nil || !reflect.DeepEqual(h, rep.Headline()) {
		t.Fatalf("%v: read back as %+v, written was %+v", err, h, rep.Headline())
	}
	if worse, n, err := h.Check(rep); err != nil || len(worse) != 0 || n != 5 {
		t.Errorf("the same report: %v, %d compared, %v", worse, n, err)
	}
	for i, f := range h.Figures {
		for _, c := range []struct {
			by    float64
			worse bool
		}{{0.9, false}, {1.1, true}, {-5, false}} {
			was := bench.Headline{DataHash: h.DataHash, Figures: slices.Clone(h.Figures)}
			sign := 1.0
			if f.Lower {
				sign = -1
			}
			was.Figures[i].Value += sign * c.by * f.Noise
			if worse, _, err := was.Check(rep); err != nil || (len(worse) == 1) != c.worse {
				t.Errorf("%s was %g, is %g, noise %g: %v %v", f.Key, was.Figures[i].Value, f.Value, f.Noise, worse, err)
			}
		}
	}
	h.Figures = append(h.Figures, bench.Figure{Corpus: "metrics", Key: "nab.standard", Value: 70, Noise: 1})
	if worse, _, err := h.Check(rep); err != nil || len(worse) != 1 || worse[0] != "metrics: nab.standard is not there any more, it was 70" {
		t.Errorf("%v %v", worse, err)
	}
	h.DataHash = "other"
	if _, _, err := h.Check(rep); err == nil {
		t.Error("figures of other data were compared")
	}
}

func TestRunErrors(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.csv"), []byte("timestamp,value\nx,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := bench.Run(context.Background(), bench.Options{Data: dir}); err == nil || !strings.Contains(err.Error(), "none of 1 files can be used, the first problem: a.csv: it has no usable row") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := bench.Run(ctx, bench.Options{Data: generated(t, false)}); err == nil || !strings.Contains(err.Error(), "context canceled") {
		t.Errorf("%v", err)
	}
}

// TestScoresNameTheChannelThatDecided has an incident in the second of two channels, of a gzipped file in a folder.
func TestScoresNameTheChannelThatDecided(t *testing.T) {
	dir, scores := t.TempDir(), t.TempDir()
	a, b := strings.Split(wave(900, -1), "\n"), strings.Split(wave(900, 7), "\n")
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	fmt.Fprintln(z, "timestamp,cpu,mem")
	for i := 1; i <= 900; i++ {
		_, mem, _ := strings.Cut(b[i], ",")
		fmt.Fprintf(z, "%s,%s\n", a[i], mem)
	}
	if err := errors.Join(z.Close(), os.Mkdir(filepath.Join(dir, "host"), 0o755), os.WriteFile(filepath.Join(dir, "host", "a.csv.gz"), out.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	run(t, bench.Options{Data: dir, Detectors: []string{"mad"}, Scores: scores})
	f, err := os.Open(filepath.Join(scores, "host", "a.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 901 || rows[0][9] != "channel" || rows[7*96+2][9] != "mem" || rows[7*96+2][4] != "" {
		t.Errorf("%d rows, header %q, in the incident %q", len(rows), rows[0], rows[7*96+2])
	}
}

// TestOddSteps runs files whose step no configuration would allow.
func TestOddSteps(t *testing.T) {
	dir := t.TempDir()
	for name, step := range map[string]float64{"quarter": 0.25, "prime": 37, "fraction": 300.2, "day": 86_400, "month": 30 * 86_400} {
		var b strings.Builder
		b.WriteString("timestamp,value\n")
		for i := range 200 {
			fmt.Fprintf(&b, "%g,%d\n", 17e8+step*float64(i), i*i%7)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".csv"), []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if rep := run(t, bench.Options{Data: dir, Detectors: []string{bench.Ours}}); rep.Corpora[0].Series != 5 || rep.Corpora[0].Points < 990 {
		t.Errorf("%+v", rep.Corpora[0])
	}
}
