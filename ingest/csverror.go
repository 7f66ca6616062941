package ingest

import (
	"errors"
	"fmt"
)

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
