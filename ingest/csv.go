package ingest

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// CSVOptions say how to take CSV files. The zero value is right for most.
type CSVOptions struct {
	Step time.Duration // of Step(); 0 infers it from the distances of the rows
}

// CSV is a Source over files in memory: 16 bytes for each sample. Each value column is a series with the labels
// __name__ (the column's name, or the file's base name for a column called value) and file (the path within the
// directory, without .csv or .csv.gz).
//
// Query.Expr may be empty (every series), a plain selector, or any PromQL. The first two are laid on the grid by taking the
// last sample in (t-step, t]; PromQL is evaluated by Prometheus's engine, with a look-back of 5 m or one step if that is more.
//
// Safe for concurrent use.
type CSV struct {
	files []csvFile
	step  time.Duration
	shift int64 // milliseconds
	bad   badRows
}

var _ Source = (*CSV)(nil)

// OpenCSV reads a file, or all *.csv and *.csv.gz files under a directory. Rows that cannot be used are left out and told by
// BadRows; it is an error when not a single row can be used.
func OpenCSV(path string, opts CSVOptions) (*CSV, error) {
	names, root, err := listCSV(path)
	if err != nil {
		return nil, fmt.Errorf("reading CSV: %w", err)
	}
	c := &CSV{step: opts.Step}
	for _, name := range names {
		f, err := c.bad.open(name, fileLabel(root, name))
		if err != nil {
			return nil, fmt.Errorf("reading CSV: %w", err)
		}
		if len(f.series) > 0 {
			c.files = append(c.files, f)
		}
	}
	if len(c.files) == 0 {
		return nil, fmt.Errorf("reading CSV: no usable row in %s: %w", path, c.bad.err())
	}
	if c.step <= 0 {
		c.step = inferStep(c.files)
	}
	return c, nil
}

// listCSV gives the files in order of their names, and the directory that labels are relative to.
func listCSV(path string) (names []string, root string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, "", err
	}
	if !info.IsDir() {
		return []string{path}, filepath.Dir(path), nil
	}
	err = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (strings.HasSuffix(name, ".csv") || strings.HasSuffix(name, ".csv.gz")) {
			names = append(names, name)
		}
		return err
	})
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("no *.csv and no *.csv.gz file under %s", path)
	}
	return names, path, err
}

func fileLabel(root, name string) string {
	if rel, err := filepath.Rel(root, name); err == nil {
		name = rel
	}
	return strings.TrimSuffix(strings.TrimSuffix(filepath.ToSlash(name), ".gz"), ".csv")
}

// Step is the given or inferred distance of grid times.
func (c *CSV) Step() time.Duration { return c.step }

// Shift gives a source over the same data with all times moved by d. A multiple of the step keeps the grid's values.
func (c *CSV) Shift(d time.Duration) *CSV {
	out := *c
	out.shift += d.Milliseconds()
	return &out
}

// Bounds are the times of the first and the last sample.
func (c *CSV) Bounds() (first, last time.Time) {
	lo, hi := int64(math.MaxInt64), int64(math.MinInt64)
	for _, f := range c.files {
		for _, s := range f.series {
			lo, hi = min(lo, s.ts[0]), max(hi, s.ts[len(s.ts)-1])
		}
	}
	return time.UnixMilli(lo + c.shift).UTC(), time.UnixMilli(hi + c.shift).UTC()
}

// BadRows is how many rows were left out, with the first hundred of them.
func (c *CSV) BadRows() (count int, first []RowError) { return c.bad.count, c.bad.first }

// FileLabels is the column `label` of one file: T in Unix milliseconds, ascending, Label as it is written.
type FileLabels struct {
	File  string
	T     []int64
	Label []string
}

// Labels are the label columns, for benchmarks; files without one are left out. They take no part in Read.
func (c *CSV) Labels() []FileLabels {
	var out []FileLabels
	for _, f := range c.files {
		if len(f.labels.T) == 0 {
			continue
		}
		l := FileLabels{File: f.name, T: slices.Clone(f.labels.T), Label: slices.Clone(f.labels.Label)}
		for i := range l.T {
			l.T[i] += c.shift
		}
		out = append(out, l)
	}
	return out
}
