//go:build integration

package integration

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// metric is the name under which the benchmark's series are written, with a label "file".
const metric = "aws_cloudwatch"

const (
	fiveMinutes = 5 * 60 * 1000
	dayMs       = 24 * 60 * 60 * 1000
	// scrapeOffset is how long before a grid time each sample was taken: as with a real scrape, none lies on the grid.
	scrapeOffset = 7_000
)

// corpus is the realAWSCloudwatch part of the Numenta Anomaly Benchmark, moved in time so that every file ends at End.
type corpus struct {
	End   int64 // grid time, Unix milliseconds
	Files []file
}

type file struct {
	Name    string
	Series  series
	Windows []window // labelled, moved like the series; in order
	Repeats int      // samples left out because they repeat a time, as Prometheus refuses them
}

// window is a stretch in which an alarm is right. It lies about what a person has marked, and is much longer.
type window struct {
	From, To int64
	Label    int64 // the first moment marked inside, 0 if there is none
}

// start is the time of the first sample.
func (f *file) start() int64 { return f.Series.samples[0].Timestamp }

// loadNAB reads the corpus, or skips the test where it is missing.
func loadNAB(t *testing.T, end time.Time) *corpus {
	t.Helper()
	root := os.Getenv("TIDEWATCH_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	root = filepath.Join(root, "nab")
	if _, err := os.Stat(root); errors.Is(err, os.ErrNotExist) {
		t.Skipf("no Numenta Anomaly Benchmark in %s: set TIDEWATCH_DATA to the directory that holds nab", root)
	}
	var windows map[string][][2]string
	var marks map[string][]string
	readJSON(t, filepath.Join(root, "labels", "combined_windows.json"), &windows)
	readJSON(t, filepath.Join(root, "labels", "combined_labels.json"), &marks)
	const part = "realAWSCloudwatch"
	paths, err := filepath.Glob(filepath.Join(root, "data", part, "*.csv"))
	if err != nil || len(paths) != 17 {
		t.Fatalf("%d files of %s in %s (%v), want 17", len(paths), part, root, err)
	}
	slices.Sort(paths)
	c := &corpus{End: end.UnixMilli() - end.UnixMilli()%fiveMinutes}
	for _, p := range paths {
		key := part + "/" + filepath.Base(p)
		f, err := loadFile(p, windows[key], marks[key], c.End-scrapeOffset)
		if err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		c.Files = append(c.Files, f)
	}
	return c
}

func readJSON(t *testing.T, path string, out any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(raw, out)
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// loadFile reads a file and moves it so that its last sample has the time end.
func loadFile(path string, windows [][2]string, marks []string, end int64) (file, error) {
	f := file{Name: strings.TrimSuffix(filepath.Base(path), ".csv")}
	f.Series = newSeries(metric, "file", f.Name)
	raw, err := os.ReadFile(path)
	if err != nil {
		return f, err
	}
	rows, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil {
		return f, err
	}
	last := int64(-1)
	for i, row := range rows[1:] {
		at, err := nabTime(row[0])
		if err != nil {
			return f, fmt.Errorf("line %d: %w", i+2, err)
		}
		v, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			return f, fmt.Errorf("line %d: %w", i+2, err)
		}
		if at <= last { // when summer time began, the benchmark wrote an hour of samples with one time
			f.Repeats++
			continue
		}
		last = at
		f.Series.add(at, v)
	}
	shift := end - last
	for i := range f.Series.samples {
		f.Series.samples[i].Timestamp += shift
	}
	for _, w := range windows {
		var x window
		if x.From, err = nabTime(w[0]); err == nil {
			x.To, err = nabTime(w[1])
		}
		if err != nil {
			return f, err
		}
		for _, m := range slices.Backward(marks) {
			at, err := nabTime(m)
			if err != nil {
				return f, err
			}
			if at >= x.From && at <= x.To {
				x.Label = at + shift
			}
		}
		x.From, x.To = x.From+shift, x.To+shift
		f.Windows = append(f.Windows, x)
	}
	return f, nil
}

// nabTime reads the benchmark's times; those of the windows have a fraction.
func nabTime(s string) (int64, error) {
	t, err := time.Parse("2006-01-02 15:04:05", s)
	return t.UnixMilli(), err
}

// Metric is what the file is a series of, from its name: ec2_cpu_utilization_24ae8d is one of ec2_cpu_utilization.
func (f file) Metric() string {
	if i := strings.LastIndex(f.Name, "_"); i > 0 {
		return f.Name[:i]
	}
	return f.Name
}

func (c *corpus) series() []series {
	out := make([]series, len(c.Files))
	for i, f := range c.Files {
		out[i] = f.Series
	}
	return out
}
