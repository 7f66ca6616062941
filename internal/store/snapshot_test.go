package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// write writes a snapshot of shards that write fills, the last first.
func (s *Store) write(meta []byte, pos Position, shards int, write func(shard int, w io.Writer) error) error {
	return s.WriteSnapshot(func(put PutShard) ([]byte, Position, error) {
		for i := range shards {
			i = shards - 1 - i
			if err := put(i, func(w io.Writer) error { return write(i, w) }); err != nil {
				return nil, 0, err
			}
		}
		return meta, pos, nil
	})
}

// writeSnap writes a snapshot whose shards hold its name.
func writeSnap(t testing.TB, s *Store, name string, pos Position) {
	t.Helper()
	err := s.write([]byte("meta "+name), pos, 3, func(i int, w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s shard %d", name, i)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func loadSnap(s *Store) (snap Snapshot, shards []string, err error) {
	snap, err = s.LoadSnapshot(func(_ Snapshot, each Shards) error {
		return each(func(i int, r io.Reader) error {
			if i != len(shards) {
				return fmt.Errorf("shard %d after %d", i, len(shards))
			}
			b, err := io.ReadAll(r)
			shards = append(shards, string(b))
			return err
		})
	})
	return snap, shards, err
}

func wantSnap(t testing.TB, s *Store, name string, pos Position) {
	t.Helper()
	snap, shards, err := loadSnap(s)
	if err != nil {
		t.Fatal(err)
	}
	if string(snap.Meta) != "meta "+name || snap.Pos != pos || !snap.At.Equal(testTime) {
		t.Errorf("loaded %+v, want %q at %d", snap, name, pos)
	}
	if diff := cmp.Diff([]string{name + " shard 0", name + " shard 1", name + " shard 2"}, shards); diff != "" {
		t.Error(diff)
	}
}

func TestSnapshotNewestIsLoadedAndTwoAreKept(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if _, _, err := loadSnap(s); !errors.Is(err, ErrNoSnapshot) {
		t.Errorf("without a snapshot: %v", err)
	}
	for i, p := range appendAll(t, s.Journal(), numbered(0, 4)...) {
		writeSnap(t, s, fmt.Sprint(i), p)
		wantSnap(t, s, fmt.Sprint(i), p)
	}
	if all, err := s.listSnapshots(); err != nil || len(all) != KeptSnapshots {
		t.Errorf("kept %v, %v", all, err)
	}
	end := s.Journal().End()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantSnap(t, open(t, dir), "3", end)
}

func TestSnapshotDamageFallsBackToTheOneBefore(t *testing.T) {
	for _, tc := range []struct{ name, file, change string }{
		{"shard flipped", "shard-00001", "flip"},
		{"shard shorter", "shard-00002", "cut"},
		{"shard missing", "shard-00000", "remove"},
		{"manifest flipped", manifestFile, "flip"},
		{"manifest cut", manifestFile, "cut"},
		{"manifest missing", manifestFile, "remove"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := open(t, t.TempDir())
			ps := appendAll(t, s.Journal(), "1", "2", "3")
			writeSnap(t, s, "old", ps[0])
			writeSnap(t, s, "new", ps[1])
			change(t, filepath.Join(s.Dir(), snapshotsDir, snapshotName(2), tc.file), tc.change)

			wantSnap(t, s, "old", ps[0])
			if n := testutil.ToFloat64(s.m.damaged.WithLabelValues(partSnapshot)); n != 1 {
				t.Errorf("tidewatch_store_damaged_total = %v, want 1", n)
			}
			if names, err := os.ReadDir(filepath.Join(s.Dir(), damagedDir)); err != nil || len(names) != 1 {
				t.Errorf("damaged/ holds %v (%v)", names, err)
			}
			writeSnap(t, s, "newer", ps[2]) // must not push out the last good one before it is good itself
			wantSnap(t, s, "newer", ps[2])
			change(t, filepath.Join(s.Dir(), snapshotsDir, snapshotName(2), tc.file), tc.change)
			wantSnap(t, s, "old", ps[0])
			change(t, filepath.Join(s.Dir(), snapshotsDir, snapshotName(1), tc.file), tc.change)
			if _, _, err := loadSnap(s); !errors.Is(err, ErrNoSnapshot) {
				t.Errorf("with all damaged: %v", err)
			}
		})
	}
}

func change(t *testing.T, path, how string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	switch how {
	case "flip":
		b[len(b)/2] ^= 1
	case "cut":
		b = b[:len(b)-1]
	case "remove":
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err := os.WriteFile(path, b, 0o640); err != nil {
		t.Fatal(err)
	}
}

func TestSnapshotFailedWriteLeavesTheOldOne(t *testing.T) {
	faults := &faultFS{left: -1}
	s := open(t, t.TempDir(), func(o *Options) { o.FS = faults })
	writeSnap(t, s, "old", 0)
	broken := errors.New("broken")
	if err := s.write(nil, 0, 2, func(int, io.Writer) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v, want the writer's error", err)
	}
	for _, left := range []int64{0, 10, 30} { // in a shard, in the manifest
		faults.set(left, nil, false)
		err := s.write(nil, 0, 2, func(_ int, w io.Writer) error {
			_, err := w.Write([]byte("0123456789"))
			return err
		})
		if !errors.Is(err, ErrFull) {
			t.Errorf("with %d bytes left: %v, want ErrFull", left, err)
		}
	}
	faults.set(-1, nil, false)
	if names, err := os.ReadDir(filepath.Join(s.Dir(), snapshotsDir)); err != nil || len(names) != 1 {
		t.Errorf("snapshots/ holds %v (%v)", names, err)
	}
	wantSnap(t, s, "old", 0)
	writeSnap(t, s, "new", 0)
	wantSnap(t, s, "new", 0)
}

func TestSnapshotThatCannotBeSyncedLeavesTheOldOne(t *testing.T) {
	faults := &faultFS{left: -1}
	s := open(t, t.TempDir(), func(o *Options) { o.FS = faults })
	writeSnap(t, s, "old", 0)
	broken := errors.New("broken")
	faults.set(-1, broken, false)
	if err := s.write(nil, 0, 2, func(int, io.Writer) error { return nil }); !errors.Is(err, broken) {
		t.Errorf("got %v, want the disk's error", err)
	}
	faults.set(-1, nil, false)
	wantSnap(t, s, "old", 0)
}

// Nothing is made durable while the state is put: whoever holds it still waits for no disk.
func TestSnapshotSyncsAfterTheStateWasPut(t *testing.T) {
	faults := &faultFS{left: -1}
	s := open(t, t.TempDir(), func(o *Options) { o.FS = faults })
	before, during := faults.syncs, 0
	err := s.WriteSnapshot(func(put PutShard) ([]byte, Position, error) {
		var g sync.WaitGroup
		errs := make([]error, 5)
		for i := range errs {
			g.Go(func() {
				errs[i] = put(i, func(w io.Writer) error { _, err := w.Write(make([]byte, 1<<20)); return err })
			})
		}
		g.Wait()
		during = faults.syncs - before
		return nil, 0, errors.Join(errs...)
	})
	if after := faults.syncs - before; err != nil || during != 0 || after != 6 {
		t.Errorf("%d syncs while the state was put, %d in all, want 0 and those of 5 shards and the manifest (%v)", during, after, err)
	}
}

func TestSnapshotWithAShardMissingIsRefused(t *testing.T) {
	s := open(t, t.TempDir())
	writeSnap(t, s, "old", 0)
	err := s.WriteSnapshot(func(put PutShard) ([]byte, Position, error) {
		return nil, 0, put(1, func(io.Writer) error { return nil })
	})
	if err == nil || !strings.Contains(err.Error(), "shard 0 was not written") {
		t.Errorf("got %v", err)
	}
	wantSnap(t, s, "old", 0)
}

// The process dies while shards are put: what lies on the disk then is opened again.
func TestSnapshotCrashInTheMiddle(t *testing.T) {
	s := open(t, t.TempDir())
	writeSnap(t, s, "old", 0)
	var corpses []string
	die := func() {
		corpses = append(corpses, filepath.Join(t.TempDir(), "state"))
		if err := os.CopyFS(corpses[len(corpses)-1], os.DirFS(s.Dir())); err != nil {
			t.Error(err)
		}
	}
	err := s.write(nil, 0, 2, func(_ int, w io.Writer) error {
		die()
		_, err := w.Write(make([]byte, 100<<10)) // more than is buffered
		die()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range corpses {
		again := open(t, dir)
		wantSnap(t, again, "old", 0)
		if left, err := os.ReadDir(filepath.Join(dir, snapshotsDir)); err != nil || len(left) != 1 {
			t.Errorf("snapshots/ holds %v (%v)", left, err)
		}
		writeSnap(t, again, "new", 0)
		wantSnap(t, again, "new", 0)
	}
}

// A shard is verified, then read, and becomes another in between: what its reader says of it is not what is wrong.
func TestSnapshotThatChangesWhileItIsRead(t *testing.T) {
	s := open(t, t.TempDir())
	writeSnap(t, s, "good", 0)
	bad := errors.New("cannot decode")
	for _, how := range []string{"flip", "cut"} {
		_, err := s.LoadSnapshot(func(snap Snapshot, each Shards) error {
			return each(func(i int, _ io.Reader) error {
				if i == 0 {
					change(t, filepath.Join(snap.Dir, "shard-00001"), how)
					return nil
				}
				return bad
			})
		})
		if errors.Is(err, bad) || err == nil || !strings.Contains(err.Error(), "shard-00001: changed while it was read") {
			t.Errorf("%s: %v", how, err)
		}
		writeSnap(t, s, "good", 0)
	}
}

func TestSnapshotUnfinishedIsRemovedOnOpen(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	writeSnap(t, s, "good", 0)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(dir, snapshotsDir, snapshotName(2)+unfinished)
	if err := os.Mkdir(left, 0o750); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Error("the unfinished snapshot is still there")
	}
	wantSnap(t, s, "good", 0)
}

func TestSnapshotBeyondTheJournalIsRefused(t *testing.T) {
	s := open(t, t.TempDir())
	if err := s.write(nil, 5, 0, nil); err == nil || !strings.Contains(err.Error(), "journal ends at 0") {
		t.Errorf("got %v", err)
	}
}

func TestSnapshotReadersErrorIsReturned(t *testing.T) {
	s := open(t, t.TempDir())
	writeSnap(t, s, "good", 0)
	bad := errors.New("cannot decode")
	if _, err := s.LoadSnapshot(func(_ Snapshot, each Shards) error { return each(func(int, io.Reader) error { return bad }) }); !errors.Is(err, bad) {
		t.Errorf("got %v", err)
	}
	wantSnap(t, s, "good", 0)
}

func TestSnapshotOfANewerFormatIsRefused(t *testing.T) {
	s := open(t, t.TempDir())
	writeSnap(t, s, "good", 0)
	var b bytes.Buffer
	if err := (&manifest{Version: snapshotVersion + 1}).encode(&b); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.Dir(), snapshotsDir, snapshotName(1), manifestFile)
	if err := os.WriteFile(path, b.Bytes(), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, _, err := loadSnap(s); !errors.Is(err, ErrNewerSchema) {
		t.Errorf("got %v", err)
	}
}

func TestTruncateKeepsWhatTheOlderSnapshotNeeds(t *testing.T) {
	s := open(t, t.TempDir(), func(o *Options) { o.SegmentBytes = 1 })
	var ps []Position
	for _, r := range numbered(0, 6) {
		ps = append(ps, appendAll(t, s.Journal(), r)...)
	}
	truncate := func(pos, wantBegin Position) {
		t.Helper()
		if err := s.TruncateBefore(pos); err != nil {
			t.Fatal(err)
		}
		if got := s.Journal().Begin(); got != wantBegin {
			t.Errorf("TruncateBefore(%d): the journal begins at %d, want %d", pos, got, wantBegin)
		}
	}
	truncate(ps[5], 0) // no snapshot
	writeSnap(t, s, "a", ps[1])
	truncate(ps[5], 0) // one snapshot: were it damaged, everything would be needed
	writeSnap(t, s, "b", ps[4])
	truncate(ps[0], ps[0])
	truncate(ps[5], ps[1])
	wantReplay(t, s.Journal(), ps[1], numbered(2, 6)...)
	if _, err := replay(s.Journal(), 0); err == nil {
		t.Error("replaying what was truncated gives no error")
	}
	writeSnap(t, s, "c", ps[5])
	truncate(ps[5], ps[4])
}

func TestJournalContinuesBehindTheSnapshot(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	ps := appendAll(t, s.Journal(), "a", "b", "c")
	writeSnap(t, s, "s", ps[2])
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	damage(t, dir, func(b []byte) []byte { return b[:segmentHeader+int(ps[0])] })
	s = open(t, dir)
	after := appendAll(t, s.Journal(), "d")
	if after[0] <= ps[2] {
		t.Fatalf("the new record ends at %d, the snapshot includes up to %d", after[0], ps[2])
	}
	wantReplay(t, s.Journal(), ps[2], "d")
	got, err := replay(s.Journal(), 0)
	var de *DamageError
	if !errors.As(err, &de) || len(got) != 2 {
		t.Errorf("from 0: %q, %v; want a, d and the hole", got, err)
	}
}
