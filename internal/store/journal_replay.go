package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Hole is a stretch of the journal that could not be read.
type Hole struct {
	Segment  string // file name; empty where a whole file is missing
	Offset   int64  // in the file
	From, To Position
}

func newHole(segment, from, to Position) Hole {
	return Hole{Segment: segmentName(segment), Offset: segmentHeader + int64(from-segment), From: from, To: to}
}

// String names the place.
func (h Hole) String() string {
	if h.Segment == "" {
		return fmt.Sprintf("no segment holds positions %d to %d", h.From, h.To)
	}
	return fmt.Sprintf("segment %s, offset %d: %d bytes unreadable", h.Segment, h.Offset, uint64(h.To-h.From))
}

// DamageError is returned by Replay after it has delivered every record that could be read.
type DamageError struct{ Holes []Hole }

// Error lists the holes.
func (e *DamageError) Error() string {
	parts := make([]string, len(e.Holes))
	for i, h := range e.Holes {
		parts[i] = h.String()
	}
	return "journal damaged: " + strings.Join(parts, "; ")
}

// Replay calls fn for every durable record after the boundary from (a Position that Append or a snapshot returned, or 0), in
// order, with the position after the record. The payload is valid during the call. An error of fn ends the replay and is
// returned. Unreadable records are left out, and the *DamageError that names them comes at the end.
func (j *Journal) Replay(from Position, fn func(Position, []byte) error) error {
	j.mu.Lock()
	segments, end := append([]Position(nil), j.segments...), j.synced
	j.mu.Unlock()

	var holes []Hole
	at := from
	for i, start := range segments {
		segEnd := end
		if i+1 < len(segments) {
			segEnd = segments[i+1]
		}
		if segEnd <= at {
			continue
		}
		if start > at {
			holes = append(holes, Hole{From: at, To: start})
			at = start
		}
		res, err := j.scanFile(start, at, segEnd, fn)
		if err != nil {
			return err
		}
		holes = append(holes, res.holes...)
		if res.end < segEnd {
			holes = append(holes, newHole(start, res.end, segEnd))
		}
		at = segEnd
	}
	if at < end {
		holes = append(holes, Hole{From: at, To: end})
	}
	if len(holes) > 0 {
		j.s.m.damaged.WithLabelValues(partJournal).Add(float64(len(holes)))
		return &DamageError{Holes: holes}
	}
	return nil
}

// scanFile scans the segment at start between the positions from and to.
func (j *Journal) scanFile(start, from, to Position, fn func(Position, []byte) error) (res scanned, err error) {
	f, err := os.Open(j.path(start))
	if errors.Is(err, fs.ErrNotExist) {
		return scanned{end: from}, nil
	}
	if err != nil {
		return scanned{}, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return scanSegment(f, start, from, segmentHeader+int64(to-start), fn)
}

func (j *Journal) path(start Position) string {
	return filepath.Join(j.s.dir, journalDir, segmentName(start))
}
