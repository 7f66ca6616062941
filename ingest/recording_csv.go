package ingest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/tidewatch/tidewatch"
)

// WriteCSV writes every series of a source into a file of its own in dir: timestamp (Unix seconds) and value, as `tidewatch bench`
// and OpenCSV read. A file is called <metric>_<hash of the labels>.csv, and series.txt says which series is in which. Staleness
// markers and native histograms are left out. It gives how many series and samples there were.
func (r *Recording) WriteCSV(dir, source string) (series, samples int, err error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return 0, 0, err
	}
	index, err := os.Create(filepath.Join(dir, "series.txt"))
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, index.Close()) }()
	err = r.EachSeries(source, func(s storage.Series) error {
		name := fmt.Sprintf("%s_%016x.csv", fileName(s.Labels().Get(model.MetricNameLabel)), tidewatch.SeriesID("", s.Labels()))
		n, err := writeCSV(filepath.Join(dir, name), s)
		if err != nil {
			return err
		}
		series, samples = series+1, samples+n
		_, err = fmt.Fprintf(index, "%s %s\n", name, s.Labels())
		return err
	})
	return series, samples, err
}

// WritePointsCSV writes the points that each detector was given as WriteCSV does samples, into a directory for each detector.
func (r *Recording) WritePointsCSV(dir string) (series, points int, err error) {
	for _, d := range r.Manifest.Points() {
		q := Query{Detector: d.Detector, Expr: d.Expr, From: d.From, To: d.To, Step: d.Step}
		of := r.detectors[d.Detector]
		if !of.has(q, d.Source) {
			continue // what it was before it was given another expression
		}
		b, err := r.readPoints(context.Background(), of, q)
		if err != nil {
			return series, points, err
		}
		for _, row := range b.Rows {
			if row.Series.Labels.Has(tidewatch.BehindLabel) {
				continue
			}
			n, err := writePoints(filepath.Join(dir, fileName(d.Detector)), b, row)
			if err != nil {
				return series, points, err
			}
			series, points = series+1, points+n
		}
	}
	return series, points, nil
}

func writePoints(dir string, b tidewatch.Block, row tidewatch.Row) (n int, err error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return 0, err
	}
	text := []byte("timestamp,value\n")
	for i, v := range row.V {
		if !math.IsNaN(v) {
			text = append(appendValue(append(appendSeconds(text, b.Time(i)), ','), v), '\n')
			n++
		}
	}
	return n, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%016x.csv", row.Series.ID)), text, 0o600)
}

// fileName is a metric's name with nothing in it that a file's name cannot have.
func fileName(metric string) string {
	b := []byte(metric)
	for i, c := range b {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			b[i] = '_'
		}
	}
	return string(b[:min(len(b), 120)])
}

func writeCSV(name string, s storage.Series) (n int, err error) {
	f, err := os.Create(name)
	if err != nil {
		return 0, err
	}
	w := bufio.NewWriter(f)
	_, _ = w.WriteString("timestamp,value\n") // Flush gives the error
	it, line := s.Iterator(nil), []byte(nil)
	for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
		if kind != chunkenc.ValFloat {
			continue
		}
		t, v := it.At()
		if value.IsStaleNaN(v) {
			continue
		}
		line = append(appendValue(append(appendSeconds(line[:0], t), ','), v), '\n')
		_, _ = w.Write(line)
		n++
	}
	return n, errors.Join(it.Err(), w.Flush(), f.Close())
}
