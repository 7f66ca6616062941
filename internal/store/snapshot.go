package store

import (
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

// PutShard writes one shard by one call of write, whose writer is buffered. Shards may come in any order and from several goroutines at once.
type PutShard func(shard int, write func(io.Writer) error) error

// WriteSnapshot writes a snapshot. state puts the shards, from 0 on, and gives the meta data and the position of the journal up to which
// it all stands for; it is called once, and what makes its bytes durable comes after it, so that whoever waits for state does not wait for
// the disk. The journal is committed before and after. The snapshot appears whole or not at all; of the older ones only the newest is kept.
func (s *Store) WriteSnapshot(state func(put PutShard) (meta []byte, pos Position, err error)) error {
	s.snapMu.Lock()
	defer s.snapMu.Unlock()
	if err := s.journal.Commit(); err != nil {
		return err
	}
	if err := s.writeSnapshot(state); err != nil {
		s.m.writeErrors.WithLabelValues(partSnapshot).Inc()
		return fmt.Errorf("write snapshot: %w", explain(err))
	}
	return nil
}

func (s *Store) writeSnapshot(state func(PutShard) ([]byte, Position, error)) error {
	kept, err := s.listSnapshots()
	if err != nil {
		return err
	}
	seq := uint64(1)
	if len(kept) > 0 {
		seq = kept[len(kept)-1].seq + 1
	}
	tmp := filepath.Join(s.dir, snapshotsDir, snapshotName(seq)+unfinished)
	man, err := s.fillSnapshot(tmp, state)
	if err != nil {
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
func (s *Store) fillSnapshot(tmp string, state func(PutShard) ([]byte, Position, error)) (*manifest, error) {
	if err := os.Mkdir(tmp, 0o750); err != nil {
		return nil, err
	}
	d := draft{s: s, dir: tmp}
	meta, pos, err := state(d.put)
	man := &manifest{Version: snapshotVersion, AtMs: s.opts.Clock().UnixMilli(), Pos: pos, Meta: meta}
	if man.Shards, err = d.finish(err); err != nil {
		return nil, err
	}
	if err := s.journal.Commit(); err != nil {
		return nil, err
	}
	if synced := s.journal.Synced(); pos > synced {
		return nil, fmt.Errorf("snapshot at journal position %d, but the journal ends at %d", pos, synced)
	}
	f, err := s.opts.FS.OpenFile(filepath.Join(tmp, manifestFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err == nil {
		err = s.closeFile(f, man.encode(f))
	}
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	return man, s.syncDir(tmp)
}

// closeFile makes a file durable and closes it, unless writing it has failed with err: then it only closes it.
func (s *Store) closeFile(f File, err error) error {
	if err == nil && !s.opts.NoSync {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
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
