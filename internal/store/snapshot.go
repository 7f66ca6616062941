package store

import (
	"bufio"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"time"
)

// KeptSnapshots is how many snapshots stay: the newest and, should that be damaged, the one before.
const KeptSnapshots = 2

// Snapshot is what is known about a snapshot besides its shards.
type Snapshot struct {
	Meta []byte    // the writer's own
	Pos  Position  // replay the journal from here
	At   time.Time // when it was taken
	// Dir is the snapshot's directory; Bytes the length of its shards together.
	Dir   string
	Bytes int64
}

// WriteSnapshot writes a snapshot of shards shards: write is called once for each, in ascending order, and w is buffered.
// pos is the position of the journal up to which the snapshot includes everything; the journal is committed first. The
// snapshot appears whole or not at all; of the older ones only the newest is kept.
func (s *Store) WriteSnapshot(meta []byte, pos Position, shards int, write func(shard int, w io.Writer) error) error {
	s.snapMu.Lock()
	defer s.snapMu.Unlock()
	if err := s.journal.Commit(); err != nil {
		return err
	}
	if synced := s.journal.Synced(); pos > synced {
		return fmt.Errorf("snapshot at journal position %d, but the journal ends at %d", pos, synced)
	}
	if err := s.writeSnapshot(meta, pos, shards, write); err != nil {
		s.m.writeErrors.WithLabelValues(partSnapshot).Inc()
		return fmt.Errorf("write snapshot: %w", explain(err))
	}
	return nil
}

func (s *Store) writeSnapshot(meta []byte, pos Position, shards int, write func(int, io.Writer) error) error {
	kept, err := s.listSnapshots()
	if err != nil {
		return err
	}
	seq := uint64(1)
	if len(kept) > 0 {
		seq = kept[len(kept)-1].seq + 1
	}
	tmp := filepath.Join(s.dir, snapshotsDir, snapshotName(seq)+unfinished)
	man := manifest{Version: snapshotVersion, AtMs: s.opts.Clock().UnixMilli(), Pos: pos, Meta: meta}
	if err := s.fillSnapshot(tmp, &man, shards, write); err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	final := filepath.Join(s.dir, snapshotsDir, snapshotName(seq))
	if err := s.opts.FS.Rename(tmp, final); err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	if err := s.syncDir(filepath.Dir(final)); err != nil {
		return err
	}
	s.m.snapshotBytes.Set(float64(man.bytes()))
	s.m.snapshotTime.Set(float64(man.AtMs) / 1000)
	return s.dropOldSnapshots(append(kept, snapshotDirEntry{seq, final}))
}

// fillSnapshot writes the shards and, last, the manifest into the new directory tmp.
func (s *Store) fillSnapshot(tmp string, man *manifest, shards int, write func(int, io.Writer) error) error {
	if err := os.Mkdir(tmp, 0o750); err != nil {
		return err
	}
	buf := bufio.NewWriterSize(nil, 1<<20)
	for i := range shards {
		sum, err := s.writeShard(filepath.Join(tmp, shardName(i)), buf, func(w io.Writer) error { return write(i, w) })
		if err != nil {
			return fmt.Errorf("shard %d: %w", i, err)
		}
		man.Shards = append(man.Shards, sum)
	}
	_, err := s.writeShard(filepath.Join(tmp, manifestFile), buf, func(w io.Writer) error { return man.encode(w) })
	if err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	return s.syncDir(tmp)
}

// writeShard writes one file durably and returns its length and checksum.
func (s *Store) writeShard(path string, buf *bufio.Writer, write func(io.Writer) error) (shardSum, error) {
	f, err := s.opts.FS.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return shardSum{}, err
	}
	sum := &summer{w: f}
	buf.Reset(sum)
	err = write(buf)
	if err == nil {
		err = buf.Flush()
	}
	if err == nil && !s.opts.NoSync {
		err = f.Sync()
	}
	return shardSum{Bytes: sum.n, CRC32C: sum.crc}, errors.Join(err, f.Close())
}

// summer counts and sums what passes through.
type summer struct {
	w   io.Writer
	n   int64
	crc uint32
}

func (s *summer) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	s.n += int64(n)
	s.crc = crc32.Update(s.crc, castagnoli, b[:n])
	return n, err
}

func (s *Store) syncDir(dir string) error {
	if s.opts.NoSync {
		return nil
	}
	return syncDir(dir)
}

// dropOldSnapshots removes all but the KeptSnapshots newest.
func (s *Store) dropOldSnapshots(all []snapshotDirEntry) error {
	for len(all) > KeptSnapshots {
		if err := s.opts.FS.RemoveAll(all[0].path); err != nil {
			return fmt.Errorf("remove old snapshot: %w", err)
		}
		all = all[1:]
	}
	return nil
}

// TruncateBefore removes journal files that hold only records before pos and before the oldest kept snapshot, so that each
// kept snapshot can still be brought up to date. While fewer than KeptSnapshots exist, nothing is removed.
func (s *Store) TruncateBefore(pos Position) error {
	s.snapMu.Lock()
	defer s.snapMu.Unlock()
	kept, err := s.listSnapshots()
	if err != nil || len(kept) < KeptSnapshots {
		return err
	}
	for _, e := range kept {
		man, err := readManifest(e.path)
		if err != nil {
			continue // LoadSnapshot names the damage
		}
		pos = min(pos, man.Pos)
	}
	if err := s.journal.truncateBefore(pos); err != nil {
		return fmt.Errorf("truncate journal: %w", explain(err))
	}
	return nil
}
