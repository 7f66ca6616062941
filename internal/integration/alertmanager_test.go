//go:build integration

package integration

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// alertmanager is a running Alertmanager that stands alone and posts its messages to hook.
type alertmanager struct {
	binary, dir, addr string
	cmd               *exec.Cmd
	done              chan struct{}
}

// needAlertmanager finds the binary, or skips the test, or fails it where the run must be complete.
func needAlertmanager(t *testing.T) string {
	t.Helper()
	binary := find(os.Getenv("TIDEWATCH_ALERTMANAGER"), "prometheus-alertmanager", "alertmanager")
	if binary != "" {
		return binary
	}
	msg := "no Alertmanager: run internal/integration/servers.sh, or name its binary in TIDEWATCH_ALERTMANAGER"
	if os.Getenv("TIDEWATCH_INTEGRATION") == "required" {
		t.Fatal(msg)
	}
	t.Skip(msg)
	return ""
}

func startAlertmanager(t *testing.T, binary, hook string) *alertmanager {
	t.Helper()
	a := &alertmanager{binary: binary, dir: t.TempDir(), addr: freeAddress(t)}
	config := fmt.Sprintf(`
route: {receiver: hook, group_by: [severity], group_wait: 1s, group_interval: 1s}
receivers: [{name: hook, webhook_configs: [{url: %q, send_resolved: true}]}]
`, hook)
	if err := os.WriteFile(filepath.Join(a.dir, "am.yml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	a.start(t)
	t.Cleanup(a.kill)
	return a
}

func (a *alertmanager) start(t *testing.T) {
	t.Helper()
	a.cmd = exec.Command(a.binary, "--config.file="+filepath.Join(a.dir, "am.yml"), "--storage.path="+filepath.Join(a.dir, "data"),
		"--web.listen-address="+a.addr, "--cluster.listen-address=", "--log.level=warn")
	a.cmd.Stderr = os.Stderr
	if err := a.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cmd, done := a.cmd, make(chan struct{})
	a.done = done
	go func() {
		_ = cmd.Wait() // how it ends is the test's doing
		close(done)
	}()
	eventually(t, 30*time.Second, "Alertmanager to be ready", func() error {
		_, err := get("http://" + a.addr + "/-/ready")
		return err
	})
}

// kill is kill -9: Alertmanager keeps no alerts on disk.
func (a *alertmanager) kill() {
	_ = a.cmd.Process.Signal(syscall.SIGKILL) // it may have ended
	<-a.done
}

// amAlert is what the tests read of an alert.
type amAlert struct {
	Labels, Annotations map[string]string
	StartsAt, EndsAt    time.Time
	Status              any
}

// alerts are the ones that fire, by queue.
func (a *alertmanager) alerts() (map[string]amAlert, error) {
	text, err := get("http://" + a.addr + "/api/v2/alerts")
	if err != nil {
		return nil, err
	}
	var list []amAlert
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, err
	}
	out := map[string]amAlert{}
	for _, al := range list {
		out[al.Labels["queue"]] = al
	}
	return out, nil
}

// want waits until exactly these queues fire.
func (a *alertmanager) want(t *testing.T, what string, queues ...string) map[string]amAlert {
	t.Helper()
	var got map[string]amAlert
	eventually(t, 90*time.Second, what, func() (err error) {
		if got, err = a.alerts(); err != nil {
			return err
		}
		if have := slices.Sorted(maps.Keys(got)); !slices.Equal(have, queues) {
			return fmt.Errorf("alerts of %q, want %q", have, queues)
		}
		return nil
	})
	return got
}

// hookLog collects the ends that Alertmanager's own messages tell.
type hookLog struct {
	mu   sync.Mutex
	ends map[string]time.Time // by queue
}

// ServeHTTP takes a message.
func (h *hookLog) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	var m struct{ Alerts []amAlert }
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range m.Alerts {
		if a.Status == "resolved" {
			h.ends[a.Labels["queue"]] = a.EndsAt
		}
	}
}

// resend is how often Tidewatch tells again; an alert that it does not tell ends after four times as long.
const resend = 3 * time.Second

// TestAlertmanager sends to two replicas that do not know each other, through kill -9 of one of them and of Tidewatch.
func TestAlertmanager(t *testing.T) {
	t.Parallel()
	binary := needAlertmanager(t)
	hook := &hookLog{ends: map[string]time.Time{}}
	server := httptest.NewServer(hook)
	t.Cleanup(server.Close)
	one, two := startAlertmanager(t, binary, server.URL), startAlertmanager(t, binary, server.URL)
	w := newWorld(t, newest(t), nil, nil)
	d := serve(t, strings.Replace(w.config(""), "    slack_configs:", fmt.Sprintf(
		"    alertmanager_configs: [{urls: [%q, %q], resend_interval: %s}]\n    slack_configs:", "http://"+one.addr, "http://"+two.addr+"/", resend), 1))

	w.app.fault("mail", 60)
	w.app.fault("orders", 60)
	first := one.want(t, "both alerts", "mail", "orders")
	two.want(t, "both alerts at the other replica", "mail", "orders")
	orders := first["orders"]
	if l := orders.Labels; l["alertname"] != "QueueDepth" || l["severity"] != "page" || l["job"] != "app" {
		t.Errorf("labels %v", l)
	}
	if a := orders.Annotations; a["summary"] == "" || !strings.Contains(a["description"], "datapoint") || a["score"] == "" {
		t.Errorf("annotations %v", a)
	}
	checkGroups(t, one)

	one.kill()
	one.start(t)
	if again := one.want(t, "an Alertmanager that was restarted to know again", "mail", "orders"); !again["orders"].StartsAt.Equal(orders.StartsAt) {
		t.Errorf("orders began at %s, after the restart of Alertmanager at %s", orders.StartsAt, again["orders"].StartsAt)
	}
	d.kill()
	d.start(t)
	time.Sleep(5 * resend) // what nobody tells would have ended
	if again := one.want(t, "both alerts after the restart of Tidewatch", "mail", "orders"); !again["orders"].StartsAt.Equal(orders.StartsAt) {
		t.Errorf("orders began at %s, after the restart of Tidewatch at %s", orders.StartsAt, again["orders"].StartsAt)
	}

	w.app.fault("orders", 0)
	one.want(t, "the end of orders", "mail")
	two.want(t, "the end of orders at the other replica", "mail")
	checkEnd(t, d, hook)
	d.stop(t)
}

// checkGroups wants Alertmanager to have put both alerts into one group.
func checkGroups(t *testing.T, a *alertmanager) {
	t.Helper()
	text, err := get("http://" + a.addr + "/api/v2/alerts/groups")
	if err != nil {
		t.Fatal(err)
	}
	var groups []struct {
		Labels map[string]string
		Alerts []amAlert
	}
	if err := json.Unmarshal([]byte(text), &groups); err != nil {
		t.Fatal(err)
	}
	if len(groups) != 1 || len(groups[0].Alerts) != 2 || groups[0].Labels["severity"] != "page" {
		t.Errorf("groups %s", text)
	}
}

// checkEnd wants the end that was told to be that of the alarm: had it merely run out, it would be three intervals later.
func checkEnd(t *testing.T, d *daemon, hook *hookLog) {
	t.Helper()
	var end time.Time
	eventually(t, 30*time.Second, "Alertmanager to tell the end", func() error {
		hook.mu.Lock()
		defer hook.mu.Unlock()
		if end = hook.ends["orders"]; end.IsZero() {
			return errors.New("not told yet")
		}
		return nil
	})
	hist := d.history(t, d.alarms(t)["orders"].ID)
	for _, tr := range hist {
		at, err := time.Parse(time.RFC3339, tr.Time)
		if err != nil {
			t.Fatal(err)
		}
		if tr.To == "OK" && end.Sub(at).Abs() <= 2*resend {
			return
		}
	}
	t.Errorf("orders ended at %s for Alertmanager, its alarm's transitions are %+v", end, hist)
}
