//go:build integration

package integration

import (
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestReload reloads by signal and by HTTP, with good and bad configurations: all or nothing, and what was learnt stays.
func TestReload(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newest(t), nil, nil)
	d := serve(t, w.config(""))
	learnt := func() float64 { return d.metric(t, "tidewatch_points_total", "mode", "history") }
	first := learnt()

	// A second detector by SIGHUP: only it is trained.
	d.rewrite(t, w.config("", `  - {name: Total, expr: 'sum(queue_depth{queue!="orders"})'}`))
	d.signal(t, syscall.SIGHUP)
	eventually(t, time.Minute, "the new detector to be trained and evaluated", func() error {
		if d.metric(t, "tidewatch_detector_up", "detector", "Total") != 1 || d.metric(t, "tidewatch_config_reloads_total", "outcome", "success") != 1 {
			return errNotYet
		}
		return nil
	})
	if more, one := learnt()-first, first/float64(len(queues)); more < 0.9*one || more > 1.1*one {
		t.Errorf("the reload learnt %g points of history, one series of the new detector has about %g", more, one)
	}

	// A bad one by either way is refused with what is wrong, once, and changes nothing.
	second := learnt()
	d.rewrite(t, strings.Replace(w.config(""), "expr: queue_depth", "exprr: queue_depth", 1))
	status, answer := d.post(t, "/-/reload")
	if status/100 == 2 || !strings.Contains(answer, "exprr") || !strings.Contains(answer, `"expr"`) && !strings.Contains(answer, "expr?") {
		t.Errorf("reload of a misspelt field answered %d: %s", status, answer)
	}
	t.Logf("bad reload: %d %s", status, answer)
	d.wantLog(t, 1, "level=ERROR", "exprr")
	d.signal(t, syscall.SIGHUP)
	eventually(t, time.Minute, "the second bad reload to be counted", func() error {
		if d.metric(t, "tidewatch_config_reloads_total", "outcome", "failure") != 2 {
			return errNotYet
		}
		return nil
	})
	if d.metric(t, "tidewatch_config_last_reload_successful") != 0 || d.metric(t, "tidewatch_detector_up", "detector", "Total") != 1 {
		t.Error("a refused configuration changed something, or is not shown as refused")
	}

	// A policy changes without learning anew, in the middle of an incident.
	w.app.fault("orders", 60)
	w.waitMessages(t, 1, "the page", firing("orders"))
	d.rewrite(t, strings.Replace(w.config(""), "labels: {severity: page}", "labels: {severity: page}, direction: above", 1))
	if status, answer := d.post(t, "/-/reload"); status != http.StatusOK {
		t.Fatalf("reload answered %d: %s", status, answer)
	}
	if d.metric(t, "tidewatch_config_last_reload_successful") != 1 {
		t.Error("the good reload is not shown as good")
	}
	w.hold(t, 8*time.Second, 1, "after a reload in the middle of an incident")
	if got := learnt(); got != second {
		t.Errorf("%g points of history were learnt by reloads that change no model", got-second)
	}
	if as := d.alarms(t); as["orders"].State != "ALARM" {
		t.Errorf("alarms are%s after the reload", states(as))
	}
	w.app.fault("orders", 0)
	w.waitMessages(t, 1, "the end of the incident", resolved("orders"))
	checkMessages(t, w.messages())
	d.stop(t)
}

// rewrite replaces the daemon's configuration file.
func (d *daemon) rewrite(t *testing.T, config string) {
	t.Helper()
	if err := os.WriteFile(d.config, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
}

// post sends an empty POST.
func (d *daemon) post(t *testing.T, path string) (status int, answer string) {
	t.Helper()
	resp, err := http.Post("http://"+d.addr+path, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err = body(resp)
	if err != nil {
		answer = err.Error()
	}
	return resp.StatusCode, strings.TrimSpace(answer)
}
