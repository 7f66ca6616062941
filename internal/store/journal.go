package store

import (
	"errors"
	"fmt"
	"sync"
)

// Position is a boundary between two records of the journal: the number of bytes of records before it, since the state
// directory was created. Positions ascend for ever; rotation and truncation do not change them.
type Position uint64

// maxSpare is the largest buffer that is kept for the next flush.
const maxSpare = 4 << 20

// MaxRecord is the longest payload that Append takes.
const MaxRecord = 64 << 20

// Journal is an append-only log of opaque records. Append buffers, Commit makes durable; concurrent Commits share one fsync.
// When writing fails (a full disk), the records stay in memory, Commit returns the error, and the next Commit that succeeds
// writes them; at most Options.MaxBuffered bytes wait like this. Safe for concurrent use.
type Journal struct {
	s *Store

	mu       sync.Mutex
	flushed  *sync.Cond // a flush has ended
	buf      []byte     // records from synced to next, or those after the ones being flushed
	spare    []byte
	next     Position // end of the last record appended
	synced   Position // end of the last durable record
	flushing bool
	closed   bool
	segments []Position // where each segment file begins, ascending

	// Owned by whoever flushes.
	seg      File // nil before the first write
	segStart Position
	torn     bool // the file may hold bytes after synced
}

var errJournalClosed = errors.New("journal is closed")

// Append buffers one record and returns the position after it: what a snapshot that includes the record's effect passes to
// WriteSnapshot. The payload is copied. Once Options.MaxBuffered bytes wait for a Commit, Append itself writes them first, and
// fails if it cannot.
func (j *Journal) Append(payload []byte) (Position, error) {
	if len(payload) > MaxRecord {
		return 0, fmt.Errorf("journal: record of %d bytes, at most %d are allowed", len(payload), MaxRecord)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return 0, errJournalClosed
	}
	if waiting := int(j.next - j.synced); waiting > 0 && waiting+len(payload) > j.s.opts.MaxBuffered {
		if err := j.commitLocked(); err != nil {
			return 0, fmt.Errorf("%d bytes wait to be written: %w", waiting, err)
		}
	}
	j.buf = appendRecord(j.buf, payload)
	j.next += recordSize(payload)
	return j.next, nil
}

// Commit returns once every record appended before the call is durable, or could not be made so.
func (j *Journal) Commit() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.commitLocked()
}

func (j *Journal) commitLocked() error {
	target := j.next
	for j.synced < target {
		if j.flushing {
			j.flushed.Wait()
			continue
		}
		if j.closed {
			return errJournalClosed
		}
		if err := j.flushLocked(); err != nil {
			j.s.m.writeErrors.WithLabelValues(partJournal).Inc()
			return fmt.Errorf("journal: %w", explain(err))
		}
	}
	return nil
}

// flushLocked writes all that is buffered, with the lock released meanwhile.
func (j *Journal) flushLocked() error {
	buf, end := j.buf, j.next
	j.buf, j.spare, j.flushing = j.spare[:0], nil, true
	j.mu.Unlock()
	err := j.write(buf)
	j.mu.Lock()
	j.flushing = false
	j.flushed.Broadcast()
	if err != nil {
		j.buf = append(buf, j.buf...)
		return err
	}
	j.synced = end
	if cap(buf) <= maxSpare {
		j.spare = buf
	}
	j.s.m.journalBytes.Add(float64(len(buf)))
	return nil
}

// End is the position after the last record appended; Synced the one after the last durable record.
func (j *Journal) End() Position {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.next
}

// Synced is the position after the last durable record.
func (j *Journal) Synced() Position {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.synced
}

// Begin is the position of the oldest record that is still kept.
func (j *Journal) Begin() Position {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.segments) == 0 {
		return j.synced
	}
	return j.segments[0]
}

func (j *Journal) close() error {
	err := j.Commit()
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil
	}
	for j.flushing {
		j.flushed.Wait()
	}
	j.closed = true
	if j.seg != nil {
		err = errors.Join(err, j.seg.Close())
	}
	return err
}
