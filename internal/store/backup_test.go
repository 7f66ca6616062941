package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestBackupWhileWritingAndRestore(t *testing.T) {
	s := open(t, t.TempDir(), func(o *Options) { o.SegmentBytes = 200 })
	var pos Position
	for _, r := range numbered(0, 20) {
		pos = appendAll(t, s.Journal(), r)[0]
	}
	writeSnap(t, s, "old", pos)
	writeSnap(t, s, "new", pos)
	commit(t, s, Batch{Transitions: []TransitionRow{transition("before", 1)}, Notices: []NoticeRow{notice("a", 1, false)}})

	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- keepWriting(ctx, s) }()
	base := t.TempDir()
	copies := []string{filepath.Join(base, "online"), filepath.Join(base, "from-outside")}
	err := errors.Join(s.Backup(t.Context(), copies[0]), BackupDir(t.Context(), s.Dir(), copies[1]))
	stop()
	if err := errors.Join(err, <-done); err != nil {
		t.Fatal(err)
	}

	for _, dir := range copies {
		r := open(t, dir)
		wantSnap(t, r, "new", pos)
		got, err := replay(r.Journal(), pos)
		if err != nil {
			t.Error(err)
		}
		for i, rec := range got {
			if rec != fmt.Sprint("later ", i) {
				t.Fatalf("record %d behind the snapshot is %q", i, rec)
			}
		}
		trs, _, err := r.Transitions(t.Context(), TransitionQuery{To: 1})
		if err != nil || len(trs) != 1 {
			t.Errorf("transitions %v, %v", trs, err)
		}
		if _, p := next(t, r); p != "a v1" {
			t.Errorf("next notice %q", p)
		}
		if names, err := os.ReadDir(filepath.Join(dir, damagedDir)); err != nil || len(names) > 0 {
			t.Errorf("the copy was damaged: %v, %v", names, err)
		}
	}
}

// keepWriting appends and commits until ctx ends.
func keepWriting(ctx context.Context, s *Store) error {
	for i := 0; ctx.Err() == nil; i++ {
		if _, err := s.Journal().Append(fmt.Append(nil, "later ", i)); err != nil {
			return err
		}
		if err := s.Journal().Commit(); err != nil {
			return err
		}
		row := transition(fmt.Sprint("later ", i), int64(i)+10)
		if err := s.Commit(context.WithoutCancel(ctx), Batch{Transitions: []TransitionRow{row}}); err != nil {
			return err
		}
	}
	return nil
}

func TestBackupRefusals(t *testing.T) {
	s := open(t, t.TempDir())
	dst := t.TempDir()
	overwrite(t, filepath.Join(dst, "precious"), "data")
	if err := s.Backup(t.Context(), dst); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("into a full directory: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dst, "precious")); err != nil {
		t.Error(err)
	}
	if err := BackupDir(t.Context(), t.TempDir(), filepath.Join(dst, "b")); err == nil || !strings.Contains(err.Error(), "not a state directory") {
		t.Errorf("of something else: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	half := filepath.Join(dst, "half")
	if err := s.Backup(ctx, half); err == nil {
		t.Error("a cancelled backup succeeded")
	}
	if names, err := os.ReadDir(half); err != nil || len(names) > 0 {
		t.Errorf("a cancelled backup left %v, %v", names, err)
	}
}

// TestBackupWhileTheOwnerTruncates copies from outside while the owner takes snapshots and drops journal. A copy either is
// whole, or BackupDir says that it could not be made.
func TestBackupWhileTheOwnerTruncates(t *testing.T) {
	s := open(t, t.TempDir(), func(o *Options) { o.SegmentBytes = 300; o.NoSync = true })
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- keepTruncating(ctx, s) }()
	whole := 0
	for i := range 8 {
		dst := filepath.Join(t.TempDir(), fmt.Sprint(i))
		err := BackupDir(t.Context(), s.Dir(), dst)
		if err != nil {
			if !errors.Is(err, errTruncated) && !errors.Is(err, os.ErrNotExist) {
				t.Error(err)
			}
			continue
		}
		whole++
		c := open(t, dst)
		snap, err := c.LoadSnapshot(func(Snapshot, Shards) error { return nil })
		if err != nil && !errors.Is(err, ErrNoSnapshot) {
			t.Error(err)
		}
		if _, err := replay(c.Journal(), snap.Pos); err != nil {
			t.Errorf("copy %d: %v", i, err)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	t.Logf("%d of 8 copies were made", whole)
}

func keepTruncating(ctx context.Context, s *Store) error {
	for ctx.Err() == nil {
		pos, err := s.Journal().Append(make([]byte, 100))
		if err == nil {
			err = s.Journal().Commit()
		}
		if err == nil {
			err = s.write(nil, pos, 1, func(_ int, w io.Writer) error {
				_, err := w.Write([]byte("state"))
				return err
			})
		}
		if err == nil {
			err = s.TruncateBefore(pos)
		}
		if err != nil {
			return err
		}
		time.Sleep(2 * time.Millisecond) // a snapshot every few minutes is what really happens
	}
	return nil
}
