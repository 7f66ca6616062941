package corpus

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
)

// record is one usable row.
type record struct {
	line  int
	stamp string
	t     int64 // Unix milliseconds
	label bool
	x     []float64 // one value for each channel, NaN where there is none
}

// table is a file as it is read.
type table struct {
	columns
	records  []record // in the file's order
	labelled bool     // some row has a label
	bad      int
	problems []Problem
	file     string
}

func (t *table) problem(line int, column string, err error) {
	t.bad++
	if len(t.problems) < keptProblems {
		t.problems = append(t.problems, Problem{File: t.file, Line: line, Column: column, Err: err})
	}
}

// readTable reads a whole file. The error is one of the file system, or of the header.
func (f *File) readTable() (t *table, err error) {
	in, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	var r io.Reader = bufio.NewReaderSize(in, 1<<16)
	if strings.HasSuffix(f.path, ".gz") {
		if r, err = gzip.NewReader(r); err != nil {
			return nil, Problem{File: f.Name, Err: fmt.Errorf("not a gzip file: %w", err)}
		}
	}
	t = &table{file: f.Name}
	return t, t.read(r)
}

func (t *table) read(r io.Reader) error {
	in := csv.NewReader(r)
	in.FieldsPerRecord, in.ReuseRecord, in.TrimLeadingSpace = -1, true, true
	header, err := in.Read()
	if err != nil {
		return Problem{File: t.file, Line: 1, Err: headerError(err)}
	}
	if t.columns, err = parseHeader(header); err != nil {
		return Problem{File: t.file, Line: 1, Err: err}
	}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			var p *csv.ParseError
			if !errors.As(err, &p) {
				t.problem(0, "", fmt.Errorf("the file ends early: %w", err))
				return nil // what was read before stays
			}
			t.problem(p.StartLine, "", p.Err)
			continue
		}
		line, _ := in.FieldPos(0)
		if len(row) != t.width {
			t.problem(line, "", fmt.Errorf("%d fields, the header has %d", len(row), t.width))
			continue
		}
		if column, err := t.add(line, row); err != nil {
			t.problem(line, column, err)
		}
	}
}

// add takes one row wholly or not at all; on an error it names the column.
func (t *table) add(line int, row []string) (column string, err error) {
	rec := record{line: line, stamp: strings.Clone(strings.TrimSpace(row[t.time])), x: make([]float64, len(t.values))}
	if rec.t, err = parseStamp(row[t.time]); err != nil {
		return "timestamp", err
	}
	for k, i := range t.values {
		if rec.x[k], err = parseValue(row[i]); err != nil {
			return t.names[k], err
		}
	}
	if t.label >= 0 {
		var given bool
		if rec.label, given, err = parseLabel(row[t.label]); err != nil {
			return "label", err
		}
		t.labelled = t.labelled || given
	}
	t.records = append(t.records, rec)
	return "", nil
}

// parseValue reads a value; an empty field, NaN, null or NA is a missing one, and so is an infinite one.
func parseValue(text string) (float64, error) {
	text = strings.TrimSpace(text)
	switch text {
	case "", "null", "NULL", "NA", "None":
		return math.NaN(), nil
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("%q is not a number (leave it empty for a missing value)", text)
	}
	if math.IsInf(x, 0) {
		x = math.NaN()
	}
	return x, nil
}

// parseLabel reads a label; an empty one says nothing, which is not anomalous.
func parseLabel(text string) (anomalous, given bool, err error) {
	text = strings.TrimSpace(text)
	switch strings.ToLower(text) {
	case "":
		return false, false, nil
	case "true":
		return true, true, nil
	case "false":
		return false, true, nil
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || x != 0 && x != 1 {
		return false, false, fmt.Errorf("%q is no label; write 0 or 1, false or true", text)
	}
	return x == 1, true, nil
}
