package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A snapshot is a directory snapshots/<sequence> with a file for each shard and a manifest: one line of JSON and one with
// the CRC32C of the first in hexadecimal. A directory that ends in ".unfinished" is what a crash left.
const (
	snapshotVersion = 1
	manifestFile    = "MANIFEST"
	unfinished      = ".unfinished"
)

type manifest struct {
	Version int        `json:"version"`
	AtMs    int64      `json:"at"`
	Pos     Position   `json:"pos,string"`
	Meta    []byte     `json:"meta,omitempty"`
	Shards  []shardSum `json:"shards"`
}

type shardSum struct {
	Bytes  int64  `json:"bytes"`
	CRC32C uint32 `json:"crc32c"`
}

type snapshotDirEntry struct {
	seq  uint64
	path string
}

func snapshotName(seq uint64) string { return fmt.Sprintf("%010d", seq) }

func shardName(i int) string { return fmt.Sprintf("shard-%05d", i) }

func (m *manifest) bytes() (n int64) {
	for _, s := range m.Shards {
		n += s.Bytes
	}
	return n
}

func (m *manifest) snapshot(dir string) Snapshot {
	return Snapshot{Meta: m.Meta, Pos: m.Pos, At: time.UnixMilli(m.AtMs).UTC(), Dir: dir, Bytes: m.bytes()}
}

func (m *manifest) encode(w io.Writer) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n%08x\n", b, crc32.Checksum(b, castagnoli))
	return err
}

func readManifest(dir string) (*manifest, error) {
	b, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return nil, err
	}
	return decodeManifest(b)
}

func decodeManifest(b []byte) (*manifest, error) {
	line, sum, _ := bytes.Cut(b, []byte("\n"))
	if want := fmt.Sprintf("%08x\n", crc32.Checksum(line, castagnoli)); string(sum) != want {
		return nil, fmt.Errorf("%s: wrong checksum", manifestFile)
	}
	var m manifest
	if err := json.Unmarshal(line, &m); err != nil {
		return nil, fmt.Errorf("%s: %w", manifestFile, err)
	}
	if m.Version > snapshotVersion {
		return nil, fmt.Errorf("snapshot format %d, this version reads up to %d: %w", m.Version, snapshotVersion, ErrNewerSchema)
	}
	return &m, nil
}

// listSnapshots is the finished snapshots, oldest first.
func (s *Store) listSnapshots() ([]snapshotDirEntry, error) {
	return listSnapshotDirs(filepath.Join(s.dir, snapshotsDir))
}

func listSnapshotDirs(dir string) ([]snapshotDirEntry, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []snapshotDirEntry
	for _, e := range entries {
		if seq, err := strconv.ParseUint(e.Name(), 10, 64); err == nil && e.IsDir() {
			all = append(all, snapshotDirEntry{seq, filepath.Join(dir, e.Name())})
		}
	}
	slices.SortFunc(all, func(a, b snapshotDirEntry) int { return strings.Compare(snapshotName(a.seq), snapshotName(b.seq)) })
	return all, nil
}

// newestSnapshotPos is the largest position of the kept snapshots whose manifest can be read; 0 if there is none.
func (s *Store) newestSnapshotPos() (pos Position) {
	all, err := s.listSnapshots()
	if err != nil {
		return 0
	}
	for _, e := range all {
		if m, err := readManifest(e.path); err == nil {
			pos = max(pos, m.Pos)
		}
	}
	return pos
}

// removeUnfinishedSnapshots clears away what a crash in WriteSnapshot left.
func (s *Store) removeUnfinishedSnapshots() error {
	dirs, err := filepath.Glob(filepath.Join(s.dir, snapshotsDir, "*"+unfinished))
	if err != nil {
		return err
	}
	for _, d := range dirs {
		if err := os.RemoveAll(d); err != nil {
			return err
		}
	}
	return nil
}
