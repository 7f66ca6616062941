package ingest

import (
	"bufio"
	"errors"
	"fmt"
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
