package store

import (
	"errors"
	"os"
	"path/filepath"
)

// write puts buf at the position synced and makes it durable. A failed attempt leaves no trace that a later one or a reader
// would take for records: the file is cut back, at the latest before the next write.
func (j *Journal) write(buf []byte) error {
	if j.seg == nil || int64(j.synced-j.segStart) >= j.s.opts.SegmentBytes {
		if err := j.rotate(); err != nil {
			return err
		}
	}
	if err := j.cutBack(); err != nil {
		return err
	}
	j.torn = true
	_, err := j.seg.Write(buf)
	if err == nil {
		err = j.sync()
	}
	if err != nil {
		_ = j.cutBack() // tried again before the next write
		return err
	}
	j.torn = false
	return nil
}

// sync makes the segment durable, unless the options say that nothing has to be.
func (j *Journal) sync() error {
	if j.s.opts.NoSync {
		return nil
	}
	return j.seg.Sync()
}

// cutBack removes what a failed write left behind the last durable record.
func (j *Journal) cutBack() error {
	if !j.torn {
		return nil
	}
	if err := j.seg.Truncate(segmentHeader + int64(j.synced-j.segStart)); err != nil {
		return err
	}
	j.torn = false
	return nil
}

// rotate begins a new segment at the position synced.
func (j *Journal) rotate() error {
	if j.seg != nil {
		if err := j.cutBack(); err != nil {
			return err
		}
		if err := j.seg.Close(); err != nil {
			return err
		}
		j.seg = nil
	}
	start := j.synced
	seg, err := j.createSegment(start)
	if err != nil {
		return err
	}
	j.seg, j.segStart = seg, start
	j.mu.Lock()
	j.segments = append(j.segments, start)
	j.mu.Unlock()
	return nil
}

func (j *Journal) createSegment(start Position) (File, error) {
	path := j.path(start)
	f, err := j.s.opts.FS.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o640)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(encodeHeader(start))
	if err == nil && !j.s.opts.NoSync {
		err = errors.Join(f.Sync(), syncDir(filepath.Dir(path)))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	return f, nil
}

// truncateBefore removes the segments that hold only records before pos; the newest segment stays.
func (j *Journal) truncateBefore(pos Position) error {
	for {
		j.mu.Lock()
		if len(j.segments) < 2 || j.segments[1] > pos {
			j.mu.Unlock()
			return nil
		}
		oldest := j.segments[0]
		j.segments = j.segments[1:]
		j.mu.Unlock()
		if err := j.s.opts.FS.RemoveAll(j.path(oldest)); err != nil {
			return err
		}
	}
}
