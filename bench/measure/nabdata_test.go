package measure

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// nabDir is where NAB lies, or skips the test.
func nabDir(tb testing.TB) string {
	tb.Helper()
	dir := os.Getenv("TIDEWATCH_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	dir = filepath.Join(dir, "nab")
	if _, err := os.Stat(filepath.Join(dir, "results")); err != nil {
		tb.Skipf("no published results in %s: set TIDEWATCH_DATA to the directory that holds nab", dir)
	}
	return dir
}

func readJSON(tb testing.TB, into any, path ...string) {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		tb.Fatalf("%s: %v", filepath.Join(path...), err)
	}
}

func nabTime(tb testing.TB, s string) int64 {
	tb.Helper()
	at, err := time.Parse("2006-01-02 15:04:05", s)
	if err != nil {
		tb.Fatal(err)
	}
	return at.UnixMilli()
}

// published reads the files of a detector's archive, in order of their names, with NAB's windows.
func published(tb testing.TB, dir, detector string) []NABFile {
	tb.Helper()
	var labels map[string][][2]string
	readJSON(tb, &labels, dir, "labels", "combined_windows.json")
	f, err := os.Open(filepath.Join(dir, "results", detector+".tar.gz"))
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	plain, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	archive := tar.NewReader(plain)
	var files []NABFile
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			tb.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		file := readRows(tb, archive)
		file.Name = strings.TrimPrefix(h.Name, detector+"/")
		for _, w := range labels[file.Name] {
			file.Windows = append(file.Windows, [2]int64{nabTime(tb, w[0]), nabTime(tb, w[1])})
		}
		files = append(files, file)
	}
	slices.SortFunc(files, func(a, b NABFile) int { return strings.Compare(a.Name, b.Name) })
	return files
}

// readRows reads timestamp,anomaly_score rows.
func readRows(tb testing.TB, r io.Reader) NABFile {
	tb.Helper()
	var f NABFile
	for lines := bufio.NewScanner(r); lines.Scan(); {
		at, score, ok := strings.Cut(lines.Text(), ",")
		if at == "timestamp" {
			continue
		}
		v, err := strconv.ParseFloat(score, 64)
		if err != nil || !ok {
			tb.Fatalf("row %q: %v", lines.Text(), err)
		}
		f.Time, f.Score = append(f.Time, nabTime(tb, at)), append(f.Score, v)
	}
	return f
}

// nabConfig is what NAB has published: its profiles' weights, and each detector's normalised scores, and raw scores with their thresholds.
type nabConfig struct {
	profiles map[string]struct {
		CostMatrix struct{ TPWeight, FNWeight, FPWeight float64 }
	}
	scores     map[string]map[string]float64
	thresholds map[string]map[string]struct{ Score, Threshold float64 }
}

func readConfig(tb testing.TB, dir string) (c nabConfig) {
	tb.Helper()
	readJSON(tb, &c.profiles, dir, "config", "profiles.json")
	readJSON(tb, &c.scores, dir, "config", "published_scores.json")
	readJSON(tb, &c.thresholds, dir, "config", "published_thresholds.json")
	return c
}

func TestNABProfiles(t *testing.T) {
	c := readConfig(t, nabDir(t))
	for _, p := range NABProfiles() {
		cost := c.profiles[p.Name].CostMatrix
		if cost.TPWeight != p.TP || cost.FNWeight != p.FN || cost.FPWeight != p.FP {
			t.Errorf("profile %s is %+v, NAB's is %+v", p.Name, p, cost)
		}
	}
}

// The four published detectors score what NAB has published for them: the raw score at the published threshold, the normalised one there, and
// the best over all thresholds, which NAB's hill climbing has missed by 0.09 in one case of twelve. With -short it is one detector.
func TestNABPublished(t *testing.T) {
	dir := nabDir(t)
	c := readConfig(t, dir)
	detectors := []string{"numenta", "ARTime", "contextOSE", "randomCutForest"}
	if testing.Short() {
		detectors = detectors[:1]
	}
	for _, detector := range detectors {
		files := published(t, dir, detector)
		if len(files) != 58 {
			t.Fatalf("%s has %d files, want 58", detector, len(files))
		}
		b, err := newBoard(files)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range NABProfiles() {
			t.Run(detector+"/"+p.Name, func(t *testing.T) {
				at := c.thresholds[detector][p.Name]
				comparePublished(t, b, p, at.Threshold, at.Score, c.scores[detector][p.Name])
			})
		}
	}
}

func comparePublished(t *testing.T, b *board, p NABProfile, threshold, wantRaw, want float64) {
	t.Helper()
	windows := b.windows(b.all())
	raw := total(b.raw(p, threshold))
	if math.Abs(raw-wantRaw) > 0.01 {
		t.Errorf("raw score at threshold %g is %g, published %g", threshold, raw, wantRaw)
	}
	if got := float64(p.normalised(raw, windows)); math.Abs(got-want) > 0.01 {
		t.Errorf("%g at the published threshold, published %g", got, want)
	}
	at, best := b.best(p, b.all())
	if again := total(b.raw(p, at)); math.Abs(again-best) > 1e-6 {
		t.Errorf("the sweep has %g at %g, scored there it is %g", best, at, again)
	}
	if got := float64(p.normalised(best, windows)); got < want-0.01 || got > want+0.1 {
		t.Errorf("the best is %g at %g, published %g", got, at, want)
	}
}

// Choosing the threshold on other files costs something, and not much: the published detectors lose one to four points.
func TestNABCrossValidated(t *testing.T) {
	dir := nabDir(t)
	if testing.Short() {
		t.Skip("sweeps the corpus 120 times")
	}
	for _, detector := range []string{"ARTime", "randomCutForest"} {
		r, err := NAB(published(t, dir, detector), NABProfiles())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range NABProfiles() {
			loss := float64(r.Score[p.Name] - r.CV[p.Name])
			if loss < 0.5 || loss > 5 {
				t.Errorf("%s, %s: %g, cross-validated %g", detector, p.Name, float64(r.Score[p.Name]), float64(r.CV[p.Name]))
			}
			if v := r.CVRange[p.Name]; !(v[0] < float64(r.CV[p.Name]) && float64(r.CV[p.Name]) < v[1] && v[1] <= float64(r.Score[p.Name])) {
				t.Errorf("%s, %s: splits of %v about %g", detector, p.Name, v, float64(r.CV[p.Name]))
			}
		}
	}
}
