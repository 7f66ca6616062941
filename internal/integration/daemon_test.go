//go:build integration

package integration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// daemon is a running `tidewatch serve`.
type daemon struct {
	config string // file
	state  string // directory
	addr   string
	cmd    *exec.Cmd
	log    *logBuffer
	done   chan error
}

// logBuffer is a log that is read while it is written.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// count is how many lines of the log contain all of the words.
func (l *logBuffer) count(words ...string) int {
	n := 0
lines:
	for _, line := range strings.Split(l.String(), "\n") {
		for _, w := range words {
			if !strings.Contains(line, w) {
				continue lines
			}
		}
		n++
	}
	return n
}

// serve starts a daemon with an empty state and waits until it is ready. It ends with the test, which shows its log if it failed.
func serve(t *testing.T, config string) *daemon {
	t.Helper()
	d := &daemon{config: writeConfig(t, config), state: t.TempDir()}
	d.start(t)
	t.Cleanup(func() {
		d.kill()
		if t.Failed() {
			t.Logf("log of tidewatch:\n%s", d.log)
		}
	})
	return d
}

// start runs the binary and waits until it is ready.
func (d *daemon) start(t *testing.T) {
	t.Helper()
	d.launch(t, nil)
	eventually(t, time.Minute, "tidewatch to be ready", func() error {
		select {
		case err := <-d.done:
			d.done <- err
			t.Fatalf("tidewatch has ended: %v\n%s", err, d.log)
		default:
		}
		_, err := get("http://" + d.addr + "/-/ready")
		return err
	})
}

// launch runs the binary, with the log going on where there is one.
func (d *daemon) launch(t *testing.T, attr *syscall.SysProcAttr) {
	t.Helper()
	if d.log == nil {
		d.log = &logBuffer{}
	}
	d.addr = freeAddress(t)
	d.cmd = exec.Command(binary, "serve", "--config.file="+d.config, "--storage.path="+d.state, "--web.listen-address="+d.addr)
	d.cmd.Stdout, d.cmd.Stderr, d.cmd.SysProcAttr = d.log, d.log, attr
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cmd, done := d.cmd, make(chan error, 1)
	d.done = done
	go func() { done <- cmd.Wait() }()
}

// kill is kill -9.
func (d *daemon) kill() {
	_ = d.cmd.Process.Kill() // it may have ended
	err := <-d.done
	d.done <- err
}

// stop asks the daemon to end and wants it to do so in good order, well within the half minute that Kubernetes gives.
func (d *daemon) stop(t *testing.T) {
	t.Helper()
	begin := time.Now()
	d.signal(t, syscall.SIGTERM)
	select {
	case err := <-d.done:
		d.done <- err
		if err != nil {
			t.Errorf("SIGTERM: tidewatch ended with %v, want status 0", err)
		}
		t.Logf("SIGTERM to end: %s", time.Since(begin).Round(time.Millisecond))
	case <-time.After(15 * time.Second):
		t.Error("tidewatch did not end within 15 s of SIGTERM")
	}
}

func (d *daemon) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := d.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// metric adds up a self-metric over the series that have these label pairs.
func (d *daemon) metric(t *testing.T, name string, pairs ...string) float64 {
	t.Helper()
	text, err := get("http://" + d.addr + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, m := range families[name].GetMetric() {
		have := map[string]string{}
		for _, l := range m.GetLabel() {
			have[l.GetName()] = l.GetValue()
		}
		fits := true
		for i := 0; i < len(pairs); i += 2 {
			fits = fits && have[pairs[i]] == pairs[i+1]
		}
		if fits {
			sum += m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetUntyped().GetValue()
		}
	}
	return sum
}

// api answers a path of the HTTP API into out, which gets the envelope's data.
func (d *daemon) api(path string, out any) error {
	text, err := get("http://" + d.addr + path)
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), &struct{ Data any }{out})
}

// alarm is what the tests read of an alarm in the API.
type alarm struct {
	ID       string            `json:"id"`
	SeriesID string            `json:"series_id"`
	Labels   map[string]string `json:"labels"`
	State    string            `json:"state"`
}

// alarms are all alarms, by the label queue.
func (d *daemon) alarms(t *testing.T) map[string]alarm {
	t.Helper()
	var data struct{ Alarms []alarm }
	if err := d.api("/api/v1/alarms", &data); err != nil {
		t.Fatal(err)
	}
	out := map[string]alarm{}
	for _, a := range data.Alarms {
		out[a.Labels["queue"]] = a
	}
	return out
}

// transition is what the tests read of an alarm's history.
type transition struct {
	Time     string `json:"timestamp"`
	From, To string
}

func (d *daemon) history(t *testing.T, alarmID string) []transition {
	t.Helper()
	var data struct{ Transitions []transition }
	if err := d.api("/api/v1/alarms/"+alarmID+"/history", &data); err != nil {
		t.Fatal(err)
	}
	return data.Transitions
}

// wantLog wants lines with all of the words a number of times since the daemon was first started. What the daemon has written
// reaches the log through a pipe, a moment after its answer over HTTP.
func (d *daemon) wantLog(t *testing.T, times int, words ...string) {
	t.Helper()
	eventually(t, 10*time.Second, fmt.Sprintf("%d lines of the log with %q", times, words), func() error {
		if got := d.log.count(words...); got != times {
			return fmt.Errorf("%d lines of the log with %q, want %d", got, words, times)
		}
		return nil
	})
}

// wantCalm wants no error in the log.
func (d *daemon) wantCalm(t *testing.T) {
	t.Helper()
	if n := d.log.count("level=ERROR"); n != 0 {
		t.Errorf("%d errors in the log", n)
	}
}

// states are the states of the queues' alarms, for messages.
func states(as map[string]alarm) string {
	var b strings.Builder
	for _, q := range queues {
		fmt.Fprintf(&b, " %s=%s", q, as[q].State)
	}
	return b.String()
}
