package store

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// openJournal finds the segments and the end of the last good record, and sets a torn tail aside. Should a snapshot lie
// beyond that end (the tail that was lost was older than it), the journal continues behind the snapshot, so that new records
// are not taken for ones that it includes.
func (s *Store) openJournal() (*Journal, error) {
	j := &Journal{s: s}
	j.flushed = sync.NewCond(&j.mu)
	var err error
	if j.segments, err = listSegments(filepath.Join(s.dir, journalDir)); err != nil {
		return nil, err
	}
	if err := j.openLast(); err != nil {
		return nil, err
	}
	if pos := s.newestSnapshotPos(); pos > j.next {
		s.log.Warn("The journal ends before the newest snapshot; continuing behind it",
			"journal_end", uint64(j.next), "snapshot_position", uint64(pos))
		if err := j.closeSegment(); err != nil {
			return nil, err
		}
		j.next, j.synced = pos, pos
	}
	return j, nil
}

// listSegments is the ascending start positions of the segments in dir.
func listSegments(dir string) ([]Position, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var starts []Position
	for _, e := range entries {
		if start, ok := parseSegmentName(e.Name()); ok {
			starts = append(starts, start)
		}
	}
	slices.Sort(starts)
	return starts, nil
}

// openLast opens the newest segment for appending after its last good record.
func (j *Journal) openLast() error {
	if len(j.segments) == 0 {
		return nil
	}
	start := j.segments[len(j.segments)-1]
	path := j.path(start)
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	res, err := j.scanFile(start, start, start+Position(max(0, info.Size()-segmentHeader)), func(Position, []byte) error { return nil })
	if err != nil {
		return err
	}
	j.next, j.synced = res.end, res.end
	if res.badHeader && res.end == start {
		return j.setAsideSegment(path)
	}
	if res.tail > 0 {
		if err := j.setAsideTail(path, res); err != nil {
			return err
		}
	}
	seg, err := j.s.opts.FS.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o640)
	if err != nil {
		return err
	}
	j.seg, j.segStart, j.torn = seg, start, res.tail > 0
	return j.cutBack()
}

// setAsideSegment puts away a segment that holds no good record and not even a good header.
func (j *Journal) setAsideSegment(path string) error {
	dst, err := j.s.setAside(path, partJournal)
	if err != nil {
		return err
	}
	j.segments = j.segments[:len(j.segments)-1]
	j.s.log.Warn("Journal segment damaged: set aside", "segment", filepath.Base(path), "moved_to", dst)
	return nil
}

// setAsideTail copies what follows the last good record to damaged/; the caller cuts it off.
func (j *Journal) setAsideTail(path string, res scanned) error {
	start, _ := parseSegmentName(path)
	offset := segmentHeader + int64(res.end-start)
	dst := j.s.damagedPath(filepath.Base(path) + ".tail")
	if err := copyRange(path, dst, offset, res.tail); err != nil {
		if !isFull(err) {
			return err
		}
		// Starting matters more than keeping bytes that no Commit has acknowledged.
		if dst, err = "nowhere: disk full", os.Remove(dst); err != nil {
			return err
		}
	}
	j.s.m.damaged.WithLabelValues(partJournal).Inc()
	j.s.log.Warn("Journal tail damaged (a write that was cut short): set aside, continuing after the last good record",
		"segment", filepath.Base(path), "offset", offset, "bytes", res.tail, "copied_to", dst)
	return nil
}

func (j *Journal) closeSegment() error {
	if j.seg == nil {
		return nil
	}
	err := j.seg.Close()
	j.seg = nil
	return err
}

// copyRange copies n bytes of src from offset into the new file dst and makes them durable.
func copyRange(src, dst string, offset, n int64) (err error) {
	in, err := os.Open(src)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.OpenFile(dst, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, io.NewSectionReader(in, offset, n))
	return errors.Join(err, out.Sync(), out.Close())
}
