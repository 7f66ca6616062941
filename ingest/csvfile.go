package ingest

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// csvFile is one file: its series, and its column of labels.
type csvFile struct {
	name   string
	series []*csvSeries
	labels FileLabels
}

type csvSeries struct {
	lset labels.Labels
	ts   []int64 // strictly ascending
	vs   []float64
}

// open reads one file. The error is one of the file system; rows that cannot be used go to b.
func (b *badRows) open(name, label string) (_ csvFile, err error) {
	f, err := os.Open(name)
	if err != nil {
		return csvFile{}, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var r io.Reader = bufio.NewReaderSize(f, 1<<16)
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(r)
		if err != nil {
			b.add(label, 1, fmt.Errorf("not a gzip file: %w", err))
			return csvFile{name: label}, nil
		}
		r = z
	}
	return b.parse(r, label), nil
}

// csvColumns says where in a row things stand.
type csvColumns struct {
	time, label int // label is -1 without such a column
	values      []int
	names       []string
}

// parse reads a whole file: a header with the columns timestamp, optionally label, and one or more values, in any order.
func (b *badRows) parse(r io.Reader, label string) csvFile {
	f := csvFile{name: label, labels: FileLabels{File: label}}
	rd := csv.NewReader(r)
	rd.FieldsPerRecord, rd.ReuseRecord, rd.TrimLeadingSpace = -1, true, true
	header, err := rd.Read()
	if err != nil {
		if !errors.Is(err, io.EOF) {
			b.add(label, 1, fmt.Errorf("header: %w", err))
		}
		return f
	}
	cols, err := parseHeader(header)
	if err != nil {
		b.add(label, 1, err)
		return f
	}
	data := newColumns(cols, label)
	width := len(header)
	for {
		row, err := rd.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			line, goOn := csvErrorLine(err)
			b.add(label, line, err)
			if !goOn {
				break // the file is cut or damaged: what was read before stays
			}
			continue
		}
		line, _ := rd.FieldPos(0)
		if len(row) != width {
			b.add(label, line, fmt.Errorf("%d fields, the header has %d", len(row), width))
			continue
		}
		if err := data.addRow(cols, row); err != nil {
			b.add(label, line, err)
		}
	}
	f.series, f.labels = data.finish(label)
	return f
}

// csvErrorLine tells errors of one row, after which the reader goes on, from those of the file.
func csvErrorLine(err error) (line int, goOn bool) {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return p.StartLine, true
	}
	return 0, false
}

func parseHeader(header []string) (csvColumns, error) {
	c := csvColumns{time: -1, label: -1}
	for i, name := range header {
		name = strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))
		switch strings.ToLower(name) {
		case "timestamp":
			if c.time >= 0 {
				return c, errors.New("the header has two columns called timestamp")
			}
			c.time = i
		case "label":
			c.label = i
		default:
			if name == "" || slices.Contains(c.names, name) {
				return c, fmt.Errorf("column %d of the header is called %q; every value column needs a name of its own", i+1, name)
			}
			c.values, c.names = append(c.values, i), append(c.names, name)
		}
	}
	if c.time < 0 || len(c.values) == 0 {
		return c, fmt.Errorf("the header is %q; it must have the column timestamp and at least one value column, for example timestamp,value", strings.Join(header, ","))
	}
	return c, nil
}

// columns are the samples of a file while it is read.
type columns struct {
	series []*csvSeries
	marks  FileLabels
}

func newColumns(c csvColumns, file string) *columns {
	out := &columns{}
	for _, name := range c.names {
		if strings.EqualFold(name, "value") {
			name = path.Base(file)
		}
		out.series = append(out.series, &csvSeries{lset: labels.FromStrings(model.MetricNameLabel, name, "file", file)})
	}
	return out
}

// addRow takes one row wholly or not at all. An empty value, or NaN, is a missing sample, not an error.
func (d *columns) addRow(c csvColumns, row []string) error {
	t, err := parseTime(row[c.time])
	if err != nil {
		return err
	}
	vs := make([]float64, len(c.values))
	for k, i := range c.values {
		text := strings.TrimSpace(row[i])
		if text == "" {
			vs[k] = math.NaN()
			continue
		}
		if vs[k], err = strconv.ParseFloat(text, 64); err != nil {
			return fmt.Errorf("column %s is %q, not a number (leave it empty for a missing sample)", c.names[k], text)
		}
	}
	for k, v := range vs {
		if s := d.series[k]; !math.IsNaN(v) {
			s.ts, s.vs = append(s.ts, t), append(s.vs, v)
		}
	}
	if c.label >= 0 {
		d.marks.T, d.marks.Label = append(d.marks.T, t), append(d.marks.Label, strings.TrimSpace(row[c.label]))
	}
	return nil
}

// finish puts rows in order of time; of rows with equal times the last one in the file stays.
func (d *columns) finish(file string) ([]*csvSeries, FileLabels) {
	var out []*csvSeries
	for _, s := range d.series {
		if len(s.ts) == 0 {
			continue
		}
		if !strictlyAscending(s.ts) {
			// Reversed, the stable order of ascending keeps the last row instead of the first.
			slices.Reverse(s.ts)
			slices.Reverse(s.vs)
			s.ts, s.vs = ascending(s.ts, s.vs)
		}
		out = append(out, s)
	}
	d.marks.File = file
	if !sort.SliceIsSorted(d.marks.T, func(i, j int) bool { return d.marks.T[i] < d.marks.T[j] }) {
		sort.Stable(marksByTime(d.marks))
	}
	return out, d.marks
}

type marksByTime FileLabels

func (m marksByTime) Len() int           { return len(m.T) }
func (m marksByTime) Less(i, j int) bool { return m.T[i] < m.T[j] }
func (m marksByTime) Swap(i, j int) {
	m.T[i], m.T[j] = m.T[j], m.T[i]
	m.Label[i], m.Label[j] = m.Label[j], m.Label[i]
}

func strictlyAscending(ts []int64) bool {
	for i := 1; i < len(ts); i++ {
		if ts[i] <= ts[i-1] {
			return false
		}
	}
	return true
}
