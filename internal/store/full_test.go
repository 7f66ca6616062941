package store

import (
	"errors"
	"io"
	"path/filepath"
	"testing"

	"github.com/tidewatch/tidewatch/internal/smalldisk"
)

// TestFullFileSystem fills a real, small file system: every kind of write fails with ErrFull, nothing that was acknowledged is
// lost, and everything works again once there is space.
func TestFullFileSystem(t *testing.T) {
	dir := smalldisk.Mount(t, "2m")
	state := filepath.Join(dir, "state")

	free := smalldisk.Fill(t, dir)
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
	free = smalldisk.Fill(t, dir)
	if _, err := s.Journal().Append(big); err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func() error{
		"journal": s.Journal().Commit,
		"snapshot": func() error {
			return s.write(nil, 0, 2, func(_ int, w io.Writer) error { _, err := w.Write(big); return err })
		},
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
