package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"
)

// TestMain lets the test binary stand in for another tidewatch that owns a directory.
func TestMain(m *testing.M) {
	if dir := os.Getenv("STORE_TEST_OWN"); dir != "" {
		own(dir)
	}
	os.Exit(m.Run())
}

// own opens dir, says so and waits until its input ends; it never closes the store, as a process that is killed does not.
func own(dir string) {
	if _, err := Open(dir, Options{}); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("open")
	_, _ = os.Stdin.Read(make([]byte, 1))
	os.Exit(0)
}

func overwrite(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
}

func TestSecondWriterIsRefused(t *testing.T) {
	dir := t.TempDir()
	other := exec.CommandContext(t.Context(), os.Args[0])
	other.Env = append(os.Environ(), "STORE_TEST_OWN="+dir)
	in, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 5)
	if _, err := io.ReadFull(out, b); err != nil || string(b) != "open\n" {
		t.Fatalf("the owner says %q, %v", b, err)
	}
	_, err = Open(dir, Options{})
	want := fmt.Sprintf("open state directory %s: state directory in use by process %d: stop it", dir, other.Process.Pid)
	if !errors.Is(err, ErrLocked) || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %q, want %q…", err, want)
	}
	dst := filepath.Join(t.TempDir(), "copy")
	if err := BackupDir(t.Context(), dir, dst); err != nil {
		t.Errorf("backup of a running tidewatch: %v", err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := other.Wait(); err != nil {
		t.Fatal(err)
	}
	open(t, dir) // the owner is gone and never unlocked
}

func TestOpenAgainWithTheSameRegisterer(t *testing.T) {
	dir := t.TempDir()
	reg := prometheus.NewRegistry()
	withReg := func(o *Options) { o.Registerer = reg }
	s := open(t, dir, withReg)
	if _, err := Open(dir, Options{Registerer: reg}); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v", err)
	}
	if n, err := reg.Gather(); err != nil || len(n) == 0 {
		t.Errorf("the refused store has removed the metrics of the open one (%v)", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir, withReg)
}

func TestReadOnlyDirectory(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	makeReadOnly(t, dir)
	_, err := Open(dir, Options{})
	if !errors.Is(err, ErrReadOnly) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "make it writable") {
		t.Errorf("got %v", err)
	}
	if _, err := Open(filepath.Join(dir, "sub"), Options{}); !errors.Is(err, ErrReadOnly) {
		t.Errorf("a new directory inside: %v", err)
	}
}

// makeReadOnly does so for the time of the test; root needs a mount for that.
func makeReadOnly(t *testing.T, dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		if err := os.Chmod(dir, 0o550); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, lockFile), 0o440); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(dir, 0o750) })
		return
	}
	if err := unix.Mount(dir, dir, "", unix.MS_BIND, ""); err != nil {
		t.Skip("cannot mount:", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, 0) })
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""); err != nil {
		t.Skip("cannot remount:", err)
	}
}
