package store

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestFullFileSystem fills a real, small file system: every kind of write fails with ErrFull, nothing that was acknowledged is
// lost, and everything works again once there is space.
func TestFullFileSystem(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skip("mounting a tmpfs needs root:", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	filler := filepath.Join(dir, "filler")
	free := func() {
		t.Helper()
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
	}
	state := filepath.Join(dir, "state")

	fill(t, filler)
	if s, err := Open(state, Options{}); !errors.Is(err, ErrFull) {
		if err == nil {
			err = s.Close()
		}
		t.Errorf("Open on a full file system: %v, want ErrFull", err)
	}
	free()
	s := open(t, state)
	appendAll(t, s.Journal(), "a")
	writeSnap(t, s, "before", 0)
	commit(t, s, Batch{Transitions: []TransitionRow{transition("a", 1)}})

	big := make([]byte, 64<<10)
	fill(t, filler)
	if _, err := s.Journal().Append(big); err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func() error{
		"journal":  s.Journal().Commit,
		"snapshot": func() error { return s.WriteSnapshot(big, 0, 1, func(int, io.Writer) error { return nil }) },
		"database": func() error { return s.Commit(t.Context(), Batch{Meta: map[string]string{"big": string(big)}}) },
		"backup":   func() error { return s.Backup(t.Context(), filepath.Join(dir, "backup")) },
	} {
		if err := write(); !errors.Is(err, ErrFull) {
			t.Errorf("%s on a full file system: %v, want ErrFull", name, err)
		}
	}
	if rows, _, err := s.Transitions(t.Context(), TransitionQuery{}); err != nil || len(rows) != 1 {
		t.Errorf("reading on a full file system: %v, %v", rows, err)
	}
	wantReplay(t, s.Journal(), 0, "a")

	free()
	wantSnap(t, s, "before", 0)
	appendAll(t, s.Journal(), "b")
	wantReplay(t, s.Journal(), 0, "a", string(big), "b")
	writeSnap(t, s, "after", 0)
	commit(t, s, Batch{Meta: map[string]string{"big": string(big)}})
	if err := s.Backup(t.Context(), filepath.Join(dir, "backup")); err != nil {
		t.Error(err)
	}
}

// fill writes a file until nothing more fits.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for size := 1 << 16; size > 0; size /= 2 {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
	}
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
