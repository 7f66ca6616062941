package store

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// Shards calls read once for each shard of a snapshot, in ascending order; data is valid during the call. An error of read ends it.
type Shards func(read func(shard int, data []byte) error) error

// LoadSnapshot reads the newest good snapshot: all of its checksums are verified, then load is called. A damaged snapshot is
// named in the log, set aside in damaged/, and the
// one before is used (its Pos is earlier, so more journal is replayed). ErrNoSnapshot: there is none. An error of load is
// returned, and nothing is set aside. A snapshot of a newer format is refused with ErrNewerSchema.
func (s *Store) LoadSnapshot(load func(snap Snapshot, shards Shards) error) (Snapshot, error) {
	s.snapMu.Lock()
	defer s.snapMu.Unlock()
	all, err := s.listSnapshots()
	if err != nil {
		return Snapshot{}, fmt.Errorf("load snapshot: %w", explain(err))
	}
	for _, e := range slices.Backward(all) {
		man, err := verifySnapshot(e.path)
		if errors.Is(err, ErrNewerSchema) {
			return Snapshot{}, fmt.Errorf("load snapshot %s: %w", e.path, err)
		}
		if err != nil {
			if err := s.setAsideSnapshot(e.path, err); err != nil {
				return Snapshot{}, err
			}
			continue
		}
		shards := func(read func(int, []byte) error) error { return readShards(e.path, man, read) }
		if err := load(man.snapshot(e.path), shards); err != nil {
			return Snapshot{}, fmt.Errorf("load snapshot %s: %w", e.path, err)
		}
		s.m.snapshotBytes.Set(float64(man.bytes()))
		s.m.snapshotTime.Set(float64(man.AtMs) / 1000)
		return man.snapshot(e.path), nil
	}
	return Snapshot{}, ErrNoSnapshot
}

// setAsideSnapshot moves a damaged snapshot away, so that the next one written does not push out the last good one.
func (s *Store) setAsideSnapshot(path string, why error) error {
	dst, err := s.setAside(path, partSnapshot)
	if err != nil {
		return err
	}
	s.log.Warn("Snapshot damaged: set aside, using the one before", "snapshot", filepath.Base(path), "err", why, "moved_to", dst)
	return nil
}

// verifySnapshot checks the manifest and every shard's length and checksum.
func verifySnapshot(dir string) (*manifest, error) {
	man, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	for i, want := range man.Shards {
		got, err := sumFile(filepath.Join(dir, shardName(i)))
		if err != nil {
			return nil, err
		}
		if got != want {
			return nil, fmt.Errorf("%s: %d bytes with checksum %08x, expected %d with %08x",
				shardName(i), got.Bytes, got.CRC32C, want.Bytes, want.CRC32C)
		}
	}
	return man, nil
}

func sumFile(path string) (shardSum, error) {
	f, err := os.Open(path)
	if err != nil {
		return shardSum{}, err
	}
	sum := &summer{w: io.Discard}
	_, err = io.Copy(sum, f)
	return shardSum{Bytes: sum.n, CRC32C: sum.crc}, errors.Join(err, f.Close())
}

func readShards(dir string, man *manifest, read func(int, []byte) error) error {
	var buf []byte
	for i, want := range man.Shards {
		f, err := os.Open(filepath.Join(dir, shardName(i)))
		if err != nil {
			return err
		}
		buf = slices.Grow(buf[:0], int(want.Bytes))[:want.Bytes]
		_, err = io.ReadFull(f, buf)
		if err := errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("%s: %w", shardName(i), err)
		}
		if crc32.Checksum(buf, castagnoli) != want.CRC32C {
			return fmt.Errorf("%s: changed while it was read", shardName(i))
		}
		if err := read(i, buf); err != nil {
			return fmt.Errorf("%s: %w", shardName(i), err)
		}
	}
	return nil
}
