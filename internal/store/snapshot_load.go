package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// Shards calls read once for each shard of a snapshot, in ascending order; r is valid during the call. An error of read ends it and is
// returned, unless it is that of the disk, or of a file that is not any more what was verified.
type Shards func(read func(shard int, r io.Reader) error) error

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
		shards := func(read func(int, io.Reader) error) error { return readShards(e.path, man, read) }
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

func readShards(dir string, man *manifest, read func(int, io.Reader) error) error {
	for i, want := range man.Shards {
		if err := readShard(filepath.Join(dir, shardName(i)), want, func(r io.Reader) error { return read(i, r) }); err != nil {
			return fmt.Errorf("%s: %w", shardName(i), err)
		}
	}
	return nil
}

// readShard hands a file to read, and sums what passes.
func readShard(path string, want shardSum, read func(io.Reader) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it was only read
	sum := &summer{w: io.Discard}
	in := io.TeeReader(f, sum)
	failed := read(in)
	if _, err := io.Copy(io.Discard, in); err != nil { // where read has met the disk's error, so does this
		return err
	}
	if got := (shardSum{Bytes: sum.n, CRC32C: sum.crc}); got != want {
		return errors.New("changed while it was read")
	}
	return failed
}
