//go:build integration

package integration

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSecondWriter starts a second Tidewatch on the state of a running one: refused, and the first goes on.
func TestSecondWriter(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newest(t), nil, nil)
	d := serve(t, w.config(""))
	second := &daemon{config: d.config, state: d.state}
	second.launch(t, nil)
	text := second.refused(t)
	if !strings.Contains(text, d.state) {
		t.Errorf("the refusal does not name the directory: %s", text)
	}
	w.app.fault("mail", 60)
	w.waitMessages(t, 1, "a page of the first", firing("mail"))
	d.wantCalm(t)
	d.stop(t)

	third := &daemon{config: d.config, state: d.state}
	third.start(t) // the lock is gone with its holder
	third.stop(t)
}

// refused wants the daemon to end with status 1 and returns what it said.
func (d *daemon) refused(t *testing.T) string {
	t.Helper()
	select {
	case <-d.done:
	case <-time.After(20 * time.Second):
		d.kill()
		t.Fatalf("tidewatch did not end:\n%s", d.log)
	}
	text := strings.TrimSpace(d.log.String())
	t.Logf("refused: %s", text)
	if code := d.cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("status %d, want 1", code)
	}
	if strings.Contains(text, "panic") || strings.Count(text, "\n") > 3 {
		t.Errorf("the refusal is not one plain sentence:\n%s", text)
	}
	return text
}

// TestReadOnlyState starts with a state directory that cannot be written, and then takes the right to write away from a running
// daemon: refused with the reason in the one case; told once, with messages going on, in the other.
func TestReadOnlyState(t *testing.T) {
	t.Parallel()
	nobody := &syscall.SysProcAttr{}
	if os.Geteuid() == 0 { // root may write everywhere
		nobody.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
	}
	w := newWorld(t, newest(t), nil, nil)
	d := &daemon{config: open(t, w.config("")), state: filepath.Join(openDir(t), "state")}
	mode := func(dir string, m os.FileMode) {
		t.Helper()
		if err := os.Chmod(dir, m); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(d.state, 0o555); err != nil {
		t.Fatal(err)
	}
	d.launch(t, nobody)
	if text := d.refused(t); !strings.Contains(text, d.state) || !strings.Contains(text, "permission denied") {
		t.Errorf("the refusal does not name the directory and the reason: %s", text)
	}

	mode(d.state, 0o777)
	d.log = nil
	d.launch(t, nobody)
	t.Cleanup(func() {
		d.kill()
		if t.Failed() {
			t.Logf("log of tidewatch:\n%s", d.log)
		}
	})
	eventually(t, time.Minute, "tidewatch to be ready", func() error {
		_, err := get("http://" + d.addr + "/-/ready")
		return err
	})
	takeAway := func(m os.FileMode) {
		t.Helper()
		err := filepath.WalkDir(d.state, func(path string, e os.DirEntry, err error) error {
			if err == nil && e.IsDir() {
				mode(path, m)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	takeAway(0o555)
	eventually(t, time.Minute, "the fault to be shown", func() error {
		if d.metric(t, "tidewatch_state_fault") == 0 {
			return errNotYet
		}
		return nil
	})
	w.app.fault("orders", 60)
	w.waitMessages(t, 1, "a page in spite of it", firing("orders"))
	time.Sleep(12 * time.Second) // another snapshot fails
	d.wantLog(t, 1, "level=ERROR", "part=snapshot")
	takeAway(0o777)
	eventually(t, time.Minute, "the fault to end", func() error {
		if d.metric(t, "tidewatch_state_fault") != 0 {
			return errNotYet
		}
		return nil
	})
	d.wantLog(t, 1, "state can be written again", "part=snapshot")
	checkMessages(t, w.messages())
	d.stop(t)
}

// openDir is a directory that every user may enter.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tidewatch-integration-") //nolint:usetesting // t.TempDir is closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// open writes a configuration that every user may read.
func open(t *testing.T, config string) string {
	t.Helper()
	file := filepath.Join(openDir(t), "tidewatch.yml")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}
