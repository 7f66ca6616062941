package ingest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/tidewatch/tidewatch"
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

// Read implements Source.
func (c *CSV) Read(ctx context.Context, q Query) (tidewatch.Block, error) {
	if err := q.check(); err != nil {
		return tidewatch.Block{}, err
	}
	rs := newRows(q, labels.EmptyLabels())
	ms, plain, err := plainSelector(q.Expr)
	switch {
	case err != nil:
	case plain:
		err = c.readPlain(ctx, ms, rs)
	default:
		err = c.readPromQL(ctx, q, rs)
	}
	if err == nil {
		err = rs.tooMany()
	}
	if err != nil {
		return tidewatch.Block{}, fmt.Errorf("detector %q: %w", q.Detector, err)
	}
	return rs.block(), nil
}

// plainSelector says whether the expression only selects series, and by what.
func plainSelector(expr string) (ms []*labels.Matcher, plain bool, err error) {
	if expr == "" {
		return nil, true, nil
	}
	if _, err := Analyze(expr); err != nil {
		return nil, false, err
	}
	e, err := exprParser.ParseExpr(expr)
	if err != nil {
		return nil, false, err
	}
	sel, ok := e.(*parser.VectorSelector)
	if !ok || sel.OriginalOffset != 0 || sel.Timestamp != nil {
		return nil, false, nil
	}
	return sel.LabelMatchers, true, nil
}

func (c *CSV) readPlain(ctx context.Context, ms []*labels.Matcher, rs *rows) error {
	var m promql.Matrix
	for _, s := range c.match(ms) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if floats := s.onGrid(rs.q, c.shift); len(floats) > 0 {
			m = append(m, promql.Series{Metric: s.lset, Floats: floats})
		}
	}
	return rs.add(m)
}

// onGrid takes for each grid time t the last sample in (t-step, t].
func (s *csvSeries) onGrid(q Query, shift int64) []promql.FPoint {
	var out []promql.FPoint
	i, _ := slices.BinarySearch(s.ts, q.From-q.Step-shift+1)
	for ; i < len(s.ts); i++ {
		at := s.ts[i] + shift
		t := ceilTo(at, q.Step)
		if t > q.To {
			break
		}
		if n := len(out); n > 0 && out[n-1].T == t {
			out[n-1].F = s.vs[i]
		} else {
			out = append(out, promql.FPoint{T: t, F: s.vs[i]})
		}
	}
	return out
}

// ceilTo is the smallest multiple of step at or after t.
func ceilTo(t, step int64) int64 {
	r := t % step
	if r < 0 {
		r += step
	}
	if r == 0 {
		return t
	}
	return t + step - r
}

func (c *CSV) match(ms []*labels.Matcher) []*csvSeries {
	var out []*csvSeries
	for i := range c.files {
		for _, s := range c.files[i].series {
			if !slices.ContainsFunc(ms, func(m *labels.Matcher) bool { return !m.Matches(s.lset.Get(m.Name)) }) {
				out = append(out, s)
			}
		}
	}
	slices.SortFunc(out, func(a, b *csvSeries) int { return labels.Compare(a.lset, b.lset) })
	return out
}

func (c *CSV) readPromQL(ctx context.Context, q Query, rs *rows) error {
	engine := newEngine(math.MaxInt32)
	lookback := max(LookbackDelta, time.Duration(q.Step)*time.Millisecond)
	query, err := engine.NewRangeQuery(ctx, &csvQueryable{c}, promql.NewPrometheusQueryOpts(false, lookback, nil), q.Expr,
		time.UnixMilli(q.From), time.UnixMilli(q.To), time.Duration(q.Step)*time.Millisecond)
	if err != nil {
		return queryError(q.Expr, err)
	}
	defer query.Close()
	m, err := query.Exec(ctx).Matrix()
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return queryError(q.Expr, err)
	}
	return rs.add(m)
}

// RowError is a row of a CSV file that cannot be used.
type RowError struct {
	File string
	Line int
	Err  error // what is wrong, and what would be right
}

// Error names the place and what is wrong.
func (e RowError) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }

// Unwrap gives the cause.
func (e RowError) Unwrap() error { return e.Err }

// badRows counts rows that were left out and keeps the first hundred.
type badRows struct {
	count int
	first []RowError
}

const keptBadRows = 100

func (b *badRows) add(file string, line int, err error) {
	b.count++
	if len(b.first) < keptBadRows {
		b.first = append(b.first, RowError{File: file, Line: line, Err: err})
	}
}

// err names the first bad row and says how many more there are.
func (b *badRows) err() error {
	switch b.count {
	case 0:
		return errors.New("the files are empty")
	case 1:
		return b.first[0]
	default:
		return fmt.Errorf("%w (and %d more bad rows)", b.first[0], b.count-1)
	}
}
