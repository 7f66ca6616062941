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

// The four published detectors score what NAB has published for them: the raw score at the published threshold, and the normalised one.
func TestNABPublished(t *testing.T) {
	dir := nabDir(t)
	var profiles map[string]struct {
		CostMatrix struct{ TPWeight, FNWeight, FPWeight float64 }
	}
	readJSON(t, &profiles, dir, "config", "profiles.json")
	var scores map[string]map[string]float64
	readJSON(t, &scores, dir, "config", "published_scores.json")
	var thresholds map[string]map[string]struct{ Score, Threshold float64 }
	readJSON(t, &thresholds, dir, "config", "published_thresholds.json")
	for _, detector := range []string{"ARTime", "contextOSE", "numenta", "randomCutForest"} {
		files := published(t, dir, detector)
		if len(files) != 58 {
			t.Fatalf("%s has %d files, want 58", detector, len(files))
		}
		r, err := NAB(files, NABProfiles())
		if err != nil {
			t.Fatal(err)
		}
		b, err := newBoard(files)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range NABProfiles() {
			cost := profiles[p.Name].CostMatrix
			if cost.TPWeight != p.TP || cost.FNWeight != p.FN || cost.FPWeight != p.FP {
				t.Errorf("profile %s is %+v, NAB's is %+v", p.Name, p, cost)
			}
			at := thresholds[detector][p.Name]
			raw := total(b.raw(p, at.Threshold))
			if math.Abs(raw-at.Score) > 0.01 {
				t.Errorf("%s, %s: raw score at threshold %g is %g, published %g", detector, p.Name, at.Threshold, raw, at.Score)
			}
			want := scores[detector][p.Name]
			if got := float64(p.normalised(raw, r.Windows)); math.Abs(got-want) > 0.01 {
				t.Errorf("%s, %s: %g at the published threshold, published %g", detector, p.Name, got, want)
			}
			if got := float64(r.Score[p.Name]); got < want-0.01 {
				t.Errorf("%s, %s: the sweep finds %g, less than the published %g", detector, p.Name, got, want)
			}
			t.Logf("%s, %s: swept %.4f at %g, published %.4f at %g; cross-validated %.2f, fixed %.2f", detector, p.Name, float64(r.Score[p.Name]), float64(r.Thresholds[p.Name]), want, at.Threshold, float64(r.CV[p.Name]), float64(r.Fixed[p.Name]))
		}
	}
}
