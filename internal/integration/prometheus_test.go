//go:build integration

package integration

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// release is a Prometheus server that the tests know how to find.
type release struct {
	name   string // of subtests
	env    string // environment variable that names the binary
	binary string // "" if it is not there
}

// releases are the servers that the tests run against, in the order in which they appeared.
func releases() []release {
	cache := os.Getenv("TIDEWATCH_CACHE")
	if cache == "" {
		home, _ := os.UserHomeDir()
		cache = filepath.Join(home, ".cache", "tidewatch")
	}
	return []release{
		{"2.42", "TIDEWATCH_PROMETHEUS_2", find(os.Getenv("TIDEWATCH_PROMETHEUS_2"), "prometheus")},
		{"3.16", "TIDEWATCH_PROMETHEUS_3", find(os.Getenv("TIDEWATCH_PROMETHEUS_3"), filepath.Join(cache, "prometheus-3.16", "prometheus"))},
	}
}

// find returns the first name that is an executable, on the PATH where it has no slash.
func find(names ...string) string {
	for _, n := range names {
		if p, err := exec.LookPath(n); n != "" && err == nil {
			return p
		}
	}
	return ""
}

// need skips the test where the server is missing, or fails it where the run must be complete.
func (r release) need(t *testing.T) {
	t.Helper()
	if r.binary != "" {
		return
	}
	msg := fmt.Sprintf("no Prometheus %s: run internal/integration/servers.sh, or name its binary in %s", r.name, r.env)
	if os.Getenv("TIDEWATCH_INTEGRATION") == "required" {
		t.Fatal(msg)
	}
	t.Skip(msg)
}

// newest returns the newest server there is; drills in which the server's version does not matter run against it alone.
func newest(t *testing.T) release {
	t.Helper()
	rs := releases()
	for i := len(rs) - 1; i > 0; i-- {
		if rs[i].binary != "" {
			return rs[i]
		}
	}
	rs[0].need(t)
	return rs[0]
}

// everyRelease runs a test against each server.
func everyRelease(t *testing.T, test func(t *testing.T, r release)) {
	for _, r := range releases() {
		t.Run(r.name, func(t *testing.T) {
			r.need(t)
			test(t, r)
		})
	}
}

// promServer is a running Prometheus with a data directory of its own. It takes remote writes up to 60 days back.
type promServer struct {
	release
	dir  string
	addr string
	opts promOptions
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
}

// promOptions are what tests vary about a server.
type promOptions struct {
	external map[string]string // external_labels
	targets  []string          // host:port, scraped each second as job "app", instance "one"
	features string            // --enable-feature
	flags    []string          // further ones
}

// startProm starts a server and waits until it is ready. It ends with the test.
func startProm(t *testing.T, r release, o promOptions) *promServer {
	t.Helper()
	p := &promServer{release: r, dir: t.TempDir(), addr: freeAddress(t), opts: o}
	if err := os.WriteFile(filepath.Join(p.dir, "prometheus.yml"), []byte(promConfig(o)), 0o600); err != nil {
		t.Fatal(err)
	}
	p.start(t)
	t.Cleanup(func() { p.signal(syscall.SIGKILL) })
	return p
}

func promConfig(o promOptions) string {
	var b strings.Builder
	b.WriteString("global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\n")
	if len(o.external) > 0 {
		fmt.Fprintf(&b, "  external_labels: %s\n", flow(o.external))
	}
	b.WriteString("storage: {tsdb: {out_of_order_time_window: 60d}}\n")
	if len(o.targets) > 0 {
		fmt.Fprintf(&b, "scrape_configs:\n  - job_name: app\n    static_configs: [{targets: [%s], labels: {instance: one}}]\n", strings.Join(o.targets, ", "))
	}
	return b.String()
}

// flow writes a mapping as YAML in one line.
func flow(m map[string]string) string {
	var parts []string
	for k, v := range m {
		parts = append(parts, fmt.Sprintf("%s: %q", k, v))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// freeAddress is a loop-back address that nobody listens on. It is not reserved, as it has to survive restarts of its server.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}

// start runs the server on its address and data and waits until it is ready.
func (p *promServer) start(t *testing.T) {
	t.Helper()
	log, err := os.OpenFile(filepath.Join(p.dir, "prometheus.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	p.cmd = exec.Command(p.binary, append([]string{
		"--config.file=" + filepath.Join(p.dir, "prometheus.yml"), "--storage.tsdb.path=" + filepath.Join(p.dir, "data"),
		"--storage.tsdb.retention.time=90d", "--web.listen-address=" + p.addr, "--web.enable-remote-write-receiver", "--log.level=warn",
		"--enable-feature=" + p.opts.features,
	}, p.opts.flags...)...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := errors.Join(p.cmd.Start(), log.Close()); err != nil { // the server has its own copy of the log's descriptor
		t.Fatal(err)
	}
	cmd, done := p.cmd, make(chan struct{})
	p.done = done
	go func() {
		_ = cmd.Wait() // how it ends is the test's doing
		close(done)
	}()
	eventually(t, time.Minute, "Prometheus "+p.name+" to be ready", func() error {
		select {
		case <-done:
			text, _ := os.ReadFile(filepath.Join(p.dir, "prometheus.log"))
			t.Fatalf("Prometheus %s has ended: %s", p.name, text)
		default:
		}
		_, err := get(p.url() + "/-/ready")
		return err
	})
}

// signal ends the server and waits until it is gone.
func (p *promServer) signal(s syscall.Signal) {
	_ = p.cmd.Process.Signal(s) // it may have ended
	<-p.done
}

func (p *promServer) url() string     { return "http://" + p.addr }
func (p *promServer) readURL() string { return p.url() + "/api/v1/read" }

// eventually waits until ok returns nil, and fails the test with its last error if it does not within limit.
func eventually(t *testing.T, limit time.Duration, what string, ok func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for {
		err := ok()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("waited %s for %s: %v", limit, what, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

var errNotYet = errors.New("not yet")

// get returns the body of a 200 answer.
func get(url string) (string, error) {
	client := http.Client{Timeout: 10 * time.Second}
	resp, err := client.Get(url)
	if err != nil {
		return "", err
	}
	return body(resp)
}
