package app

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/tidewatch/tidewatch/internal/smalldisk"
	"github.com/tidewatch/tidewatch/internal/store"
	"golang.org/x/sys/unix"
)

// onSmallDisk puts the harness's state on a small file system of its own.
func (h *harness) onSmallDisk(t *testing.T) {
	t.Helper()
	h.opts.DataDir, h.opts.NoSync = filepath.Join(smalldisk.Mount(t, "8m"), "state"), false
}

// The disk is full while an alarm comes up: evaluation goes on, it is said once, and once there is space all is recorded and
// sent. Nothing is decided or sent differently, and a crash afterwards finds everything.
func TestDiskFull(t *testing.T) {
	want := uninterrupted(t)
	for _, away := range []int64{20 * minute, 3 * hour} { // while the alarm is up, and beyond its end
		h := newQuick(t, broken)
		h.onSmallDisk(t)
		x := h.start(t)
		x.walkSent(begin + 2*hour)
		free := smalldisk.Fill(t, filepath.Dir(h.opts.DataDir))
		h.logs.clear()
		x.walk(begin + 2*hour + away)
		x.want(1, "tidewatch_detector_up", "Load")
		x.want(1, "tidewatch_source_up", "s")
		x.want(1, "tidewatch_state_fault", "store")
		h.logs.once(t, "ERROR", "part=store", "disk full") // the journal may still have room in its last page
		if n := h.logs.count("ERROR"); n > 3 {
			t.Errorf("%d errors, want one for each part of the state:\n%s", n, h.logs.text())
		}
		if d := newestDue(x.config().Detectors[0], begin+2*hour+away) + 5*minute; x.core.Decided("Load") != d {
			t.Errorf("decided up to %d, want %d", x.core.Decided("Load"), d)
		}
		free()
		x.walk(begin + 5*hour + 10*minute)
		x.settle()
		for _, part := range []string{"journal", "store", "snapshot"} {
			x.want(0, "tidewatch_state_fault", part)
		}
		x.want(0, "tidewatch_store_backlog")
		x.crash()
		h.opts.NoSync = true
		x = h.start(t)
		x.wantNothingLearntAnew()
		x.walkSent(end)
		got := x.ending(true)
		if d := cmp.Diff(want.transitions, got.transitions); d != "" {
			t.Errorf("decisions differ (-undisturbed +disturbed):\n%s", d)
		}
		if !bytes.Equal(want.state, got.state) {
			t.Error("what was learnt differs")
		}
		if ms := h.slack.Messages("#oncall"); len(ms) != 1 || !strings.Contains(ms[0].Text, "Resolved") || len(ms[0].Replies) != 1 {
			t.Errorf("messages %q, want one, resolved, with one reply", h.texts())
		}
		x.wantNothingLearntAnew()
		x.stop()
	}
}

// failingFS lets writes of the journal and of snapshots fail while it is switched on.
type failingFS struct{ readOnly atomic.Bool }

type failingFile struct {
	store.File
	fs *failingFS
}

// OpenFile implements store.FS.
func (f *failingFS) OpenFile(name string, flag int, perm os.FileMode) (store.File, error) {
	if f.readOnly.Load() {
		return nil, &os.PathError{Op: "open", Path: name, Err: unix.EROFS}
	}
	file, err := os.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return failingFile{file, f}, nil
}

// Rename implements store.FS.
func (f *failingFS) Rename(from, to string) error {
	if f.readOnly.Load() {
		return unix.EROFS
	}
	return os.Rename(from, to)
}

// RemoveAll implements store.FS.
func (f *failingFS) RemoveAll(path string) error {
	if f.readOnly.Load() {
		return unix.EROFS
	}
	return os.RemoveAll(path)
}

// Write implements io.Writer.
func (f failingFile) Write(b []byte) (int, error) {
	if f.fs.readOnly.Load() {
		return 0, unix.EROFS
	}
	return f.File.Write(b)
}

// The journal cannot be written for longer than an alarm lasts; messages come all the same. A crash afterwards finds a state
// without a hole.
func TestJournalReadOnly(t *testing.T) {
	want := uninterrupted(t)
	h := newQuick(t, broken)
	disk := &failingFS{}
	h.opts.tuneStore = func(o *store.Options) { o.FS, o.MaxBuffered = disk, 400 }
	x := h.start(t)
	x.walkSent(begin + 2*hour)
	h.logs.clear()
	disk.readOnly.Store(true)
	x.walkSent(begin + 5*hour + 30*minute)
	x.want(1, "tidewatch_state_fault", "journal")
	x.want(1, "tidewatch_detector_up", "Load")
	h.logs.once(t, "ERROR", "part=journal", "not writable")
	h.logs.once(t, "ERROR", "part=snapshot", "not writable")
	if ms := h.slack.Messages("#oncall"); len(ms) != 1 || !strings.Contains(ms[0].Text, "Resolved") {
		t.Errorf("messages %q, want the alarm and its end\n%s", h.texts(), h.logs.text())
	}
	disk.readOnly.Store(false)
	x.walkSent(begin + 5*hour + 40*minute)
	x.want(0, "tidewatch_state_fault", "journal")
	x.want(0, "tidewatch_state_fault", "snapshot")
	x.crash()
	x = h.start(t)
	x.walkSent(end)
	want.same(t, x.ending(true))
	x.wantNothingLearntAnew()
	x.stop()
}

// The process dies while the journal holds in memory what the store has already and what was sent. It is decided anew, in fewer
// versions and, where the clock was moved back as well, at times from before; each of them is told all the same.
func TestJournalLost(t *testing.T) {
	const crash = begin + 2*hour + 23*minute
	for _, back := range []int64{0, 6 * minute} {
		h := newQuick(t, func(k int, t int64) float64 { // job0 goes wrong, and the others after it
			if at := t - origin - day - 2*hour - 10*minute; at >= 5*minute*int64(k) && at < 90*minute {
				return calm(k, t) + 100
			}
			return calm(k, t)
		})
		disk := &failingFS{}
		h.opts.tuneStore = func(o *store.Options) { o.FS = disk }
		x := h.start(t)
		x.walkSent(begin + 2*hour)
		disk.readOnly.Store(true)
		x.walkSent(crash)
		if ms := h.slack.Messages("#oncall"); len(ms) != 1 || len(ms[0].Replies) != 2 {
			t.Fatalf("messages %q, want one with two replies", h.texts())
		}
		corpse := t.TempDir()
		x.call(func(context.Context) error { return os.CopyFS(corpse, os.DirFS(h.opts.DataDir)) })
		disk.readOnly.Store(false)
		x.stop()
		h.opts.DataDir = corpse
		h.clock.ms.Store(crash - back)
		x = h.start(t)
		x.walkSent(begin + 3*hour)
		if text := h.slack.Messages("#oncall")[0].Text; !strings.Contains(text, "1 of 3 alarms still firing") {
			t.Errorf("back by %d ms: message %q, want what was decided since", back, text)
		}
		x.walkSent(end)
		ms := h.slack.Messages("#oncall")
		if len(ms) != 1 || !strings.Contains(ms[0].Text, "Resolved") || !strings.Contains(ms[0].Replies[len(ms[0].Replies)-1].Text, "Resolved") {
			t.Errorf("back by %d ms: messages %q, want one that ends as resolved\n%s", back, h.texts(), h.slackState(t, true))
		}
		x.stop()
	}
}

func TestStateCannotBeOpened(t *testing.T) {
	h := newQuick(t, calm)
	x := h.start(t)
	t.Run("second writer", func(t *testing.T) {
		opts := h.opts
		opts.Registry = prometheus.NewRegistry()
		_, err := New(t.Context(), opts)
		if !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), "in use by process") {
			t.Errorf("%v, want %v by a process", err, store.ErrLocked)
		}
	})
	x.walk(begin + 30*minute) // the first goes on
	x.stop()
	t.Run("read-only", func(t *testing.T) {
		ro := newQuick(t, calm)
		ro.onSmallDisk(t)
		dir := filepath.Dir(ro.opts.DataDir)
		if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
			t.Fatal(err)
		}
		_, err := New(context.Background(), ro.opts)
		if !errors.Is(err, store.ErrReadOnly) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%v, want %v with its name", err, store.ErrReadOnly)
		}
	})
}
