package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tidewatch/tidewatch/ingest"
)

// recordedCorpus makes a corpus of a recording, for the time that the bench takes: a file for each series of its samples and of the
// points that its detectors decided on. Another directory is given back as it is. done removes what was made.
func recordedCorpus(dir string, out io.Writer) (corpus string, done func() error, err error) {
	if !ingest.IsRecording(dir) {
		return dir, func() error { return nil }, nil
	}
	rec, err := ingest.OpenRecording(dir)
	if err != nil {
		return "", nil, err
	}
	defer func() { err = errors.Join(err, rec.Close()) }()
	tmp, err := os.MkdirTemp("", "tidewatch-bench-*")
	if err != nil {
		return "", nil, err
	}
	done = func() error { return os.RemoveAll(tmp) }
	defer func() {
		if err != nil {
			err = errors.Join(err, done())
		}
	}()
	corpus = filepath.Join(tmp, filepath.Base(filepath.Clean(dir)))
	series, values := 0, 0
	for _, source := range rec.Sources() {
		n, samples, err := rec.WriteCSV(filepath.Join(corpus, "samples", source), source)
		if err != nil {
			return "", nil, err
		}
		series, values = series+n, values+samples
	}
	n, points, err := rec.WritePointsCSV(filepath.Join(corpus, "points"))
	if err != nil {
		return "", nil, err
	}
	if series+n == 0 {
		return "", nil, fmt.Errorf("recording %s: it holds no series", dir)
	}
	_, err = fmt.Fprintf(out, "recording %s: %d samples of %d series, %d points of %d series\n", dir, values, series, points, n)
	return corpus, done, err
}
