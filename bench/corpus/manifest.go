package corpus

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// readManifests takes what every MANIFEST.csv under the corpus says of the files beside and below it.
func (c *Corpus) readManifests(root, at string) error {
	return filepath.WalkDir(at, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() != manifestName {
			return err
		}
		return c.readManifest(root, path)
	})
}

func (c *Corpus) readManifest(root, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	name, err := filepath.Rel(root, path)
	if err != nil {
		return err
	}
	problem := func(line int, column string, err error) {
		c.Problems = append(c.Problems, Problem{File: filepath.ToSlash(name), Line: line, Column: column, Err: err})
	}
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil {
		problem(1, "", headerError(err))
		return nil
	}
	for i := range header {
		header[i] = columnName(header[i])
	}
	cols := manifestColumns{slices.Index(header, "file"), slices.Index(header, "train_points"), slices.Index(header, "interval_s")}
	if cols.file < 0 {
		problem(1, "", fmt.Errorf("the header is %q; it must have the column file", strings.Join(header, ",")))
		return nil
	}
	for {
		row, err := r.Read()
		var parse *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &parse):
			problem(parse.StartLine, "", parse.Err)
			continue
		case err != nil:
			return err
		}
		line, _ := r.FieldPos(0)
		if column, err := c.entry(filepath.Dir(path), cols, row); err != nil {
			problem(line, column, err)
		}
	}
}

// manifestColumns are the places of the columns that are used, -1 where there is none.
type manifestColumns struct{ file, train, interval int }

// entry takes one row of a manifest; on an error it names the column.
func (c *Corpus) entry(dir string, cols manifestColumns, row []string) (column string, err error) {
	if cols.file >= len(row) {
		return "file", errors.New("the row has no such field")
	}
	want := plain(filepath.Join(dir, filepath.FromSlash(row[cols.file])))
	i := slices.IndexFunc(c.Files, func(f File) bool { return plain(f.path) == want })
	if i < 0 {
		return "file", fmt.Errorf("%q is not there", row[cols.file])
	}
	if cols.train >= 0 && cols.train < len(row) && row[cols.train] != "" {
		n, err := strconv.Atoi(strings.TrimSpace(row[cols.train]))
		if err != nil || n < 0 {
			return "train_points", fmt.Errorf("%q is not a number of rows", row[cols.train])
		}
		c.Files[i].train = n
	}
	if cols.interval >= 0 && cols.interval < len(row) && row[cols.interval] != "" {
		s, err := strconv.ParseFloat(strings.TrimSpace(row[cols.interval]), 64)
		if err != nil || !(s > 0 && s < 1e7) {
			return "interval_s", fmt.Errorf("%q is not a number of seconds", row[cols.interval])
		}
		c.Files[i].interval = time.Duration(s * float64(time.Second))
	}
	return "", nil
}

// plain is a path without its endings.
func plain(path string) string { return strings.TrimSuffix(strings.TrimSuffix(path, ".gz"), ".csv") }
