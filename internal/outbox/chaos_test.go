package outbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestMain lets the test binary be the process that dies.
func TestMain(m *testing.M) {
	if text := os.Getenv("OUTBOX_CHAOS"); text != "" {
		var env chaosEnv
		err := json.Unmarshal([]byte(text), &env)
		if err == nil {
			err = chaosMain(env)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestChaos kills the sending process (SIGKILL, so nothing is cleaned up) around requests and at arbitrary moments, while the
// receiver refuses, limits, and does things without saying so. In the end the receiver holds exactly what it holds after a
// run without any fault: nothing lost, nothing doubled, replies in order.
func TestChaos(t *testing.T) {
	seeds := int64(2)
	if testing.Short() {
		seeds = 1
	}
	quiet := chaosRun(t, 0, 0, 0)
	if len(quiet.posts) != chaosKeys {
		t.Fatalf("without faults: %d messages, want %d", len(quiet.posts), chaosKeys)
	}
	want := quiet.state()
	for seed := int64(1); seed <= seeds; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			got := chaosRun(t, seed, 0.03, 0.05)
			if diff := cmp.Diff(want, got.state()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// chaosRun starts the sender again until it comes to its end.
func chaosRun(t *testing.T, seed int64, kill, trouble float64) *receiver {
	t.Helper()
	r := &receiver{rng: rand.New(rand.NewSource(seed)), trouble: trouble}
	srv := httptest.NewServer(r)
	defer srv.Close()
	env := chaosEnv{Dir: t.TempDir(), URL: srv.URL}
	rng := rand.New(rand.NewSource(seed))
	deaths := 0
	for ; ; deaths++ {
		env.Seed, env.Run, env.Kill = rng.Int63(), deaths, kill
		env.Deadline = 0
		if kill > 0 && deaths%3 == 1 {
			env.Deadline = time.Duration(rng.Intn(150)) * time.Millisecond
		}
		if deaths > 150 {
			t.Fatal("the sender does not come to its end")
		}
		if finished(t, env) {
			break
		}
	}
	if kill > 0 && (deaths < 3 || r.injected < 10) {
		t.Errorf("only %d deaths and %d faults: the test tests little", deaths, r.injected)
	}
	t.Logf("%d deaths, %d requests, %d injected faults", deaths, r.requests, r.injected)
	return r
}

// finished runs the sender once and reports whether it came to its end rather than being killed.
func finished(t *testing.T, env chaosEnv) bool {
	t.Helper()
	text, err := json.Marshal(env)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "OUTBOX_CHAOS="+string(text))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != -1) { // -1: killed by a signal
		t.Fatalf("the sender failed: %v\n%s", err, out)
	}
	return err == nil
}
