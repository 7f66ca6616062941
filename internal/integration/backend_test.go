//go:build integration

package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// tenantHeader tells tenants of one server apart.
const tenantHeader = "X-Scope-OrgID"

// backend is a store, other than Prometheus, that the tests know how to run.
type backend struct {
	name   string
	env    string // environment variable that names the binary; else it is looked for where backends.sh puts it
	binary string
	tenant string // "": it has none
	// commands are the processes of which it consists, given a directory and free addresses on the loop-back interface.
	commands func(dir string, addr []string) [][]string
	files    func(dir string, addr []string) map[string]string // to be written into the directory first
	addrs    int
	http     int    // which of the addresses answers queries,
	prefix   string // below this path;
	writes   int    // which takes remote-writes,
	path     string // at this path
	ready    string
	settle   string  // a path to be asked for after writes, so that they are seen; "" for none
	remote   bool    // it has remote-read
	digits   float64 // how far its numbers may be off, relatively: 0, the same bits
}

// backends are in the order of their names.
func backends() []backend {
	return []backend{
		{
			name: "Cortex", env: "TIDEWATCH_CORTEX", binary: "cortex", tenant: "team-a", addrs: 2, prefix: "/prometheus", path: "/api/v1/push", ready: "/ready", remote: true,
			files: func(dir string, addr []string) map[string]string {
				return map[string]string{"c.yml": cortexConfig(dir, addr)}
			},
			commands: func(dir string, _ []string) [][]string {
				return [][]string{{"-target=all", "-config.file=" + dir + "/c.yml", "-alertmanager.web.external-url=http://127.0.0.1/alertmanager"}}
			},
		},
		{
			name: "Mimir", env: "TIDEWATCH_MIMIR", binary: "mimir", tenant: "team-a", addrs: 3, prefix: "/prometheus", path: "/api/v1/push", ready: "/ready", remote: true,
			files: func(dir string, addr []string) map[string]string {
				return map[string]string{"c.yml": mimirConfig(dir, addr)}
			},
			commands: func(dir string, _ []string) [][]string {
				return [][]string{{"-target=all", "-config.file=" + dir + "/c.yml"}}
			},
		},
		{
			name: "Thanos", env: "TIDEWATCH_THANOS", binary: "thanos", addrs: 5, http: 0, writes: 2, path: "/api/v1/receive", ready: "/-/ready",
			settle: "/api/v1/query?query=count(last_over_time(ragged[1h]))", // the querier looks for stores every few seconds
			commands: func(dir string, a []string) [][]string {
				return [][]string{
					{"receive", "--tsdb.path=" + dir, "--grpc-address=" + a[1], "--remote-write.address=" + a[2], "--http-address=" + a[3], `--label=replica="a"`, "--log.level=warn"},
					{"query", "--http-address=" + a[0], "--grpc-address=" + a[4], "--endpoint=" + a[1], "--log.level=warn"},
				}
			},
		},
		{
			name: "VictoriaMetrics", env: "TIDEWATCH_VICTORIAMETRICS", binary: "victoria-metrics", addrs: 1, path: "/api/v1/write", ready: "/health", settle: "/internal/force_flush",
			digits: 1e-11, // it keeps decimal numbers of twelve digits
			commands: func(dir string, a []string) [][]string {
				return [][]string{{"-storageDataPath=" + dir, "-httpListenAddr=" + a[0], "-retentionPeriod=100y", "-loggerLevel=WARN"}}
			},
		},
	}
}

// running is a backend at work.
type running struct {
	backend
	addr []string
}

// start starts the processes and waits until the store is ready; without the binary the test is skipped, or fails where the run must
// be complete.
func (b backend) start(t *testing.T) *running {
	t.Helper()
	cache := os.Getenv("TIDEWATCH_CACHE")
	if cache == "" {
		home, _ := os.UserHomeDir()
		cache = filepath.Join(home, ".cache", "tidewatch")
	}
	binary := find(os.Getenv(b.env), filepath.Join(cache, "backends", b.binary))
	if binary == "" {
		msg := fmt.Sprintf("no %s: run internal/integration/backends.sh, or name its binary in %s", b.name, b.env)
		if slices.Contains(strings.Split(os.Getenv("TIDEWATCH_BACKENDS"), ","), b.binary) {
			t.Fatal(msg)
		}
		t.Skip(msg)
	}
	r, dir := &running{backend: b}, t.TempDir()
	for range b.addrs {
		r.addr = append(r.addr, freeAddress(t))
	}
	for _, name := range []string{"alerts", "rules"} { // Cortex reads them
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if b.files != nil {
		for name, text := range b.files(dir, r.addr) {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, args := range b.commands(dir, r.addr) {
		r.run(t, filepath.Join(t.TempDir(), fmt.Sprintf("%d.log", i)), exec.Command(binary, args...))
	}
	eventually(t, 2*time.Minute, b.name+" to be ready", func() error {
		_, err := get("http://" + r.addr[b.http] + b.ready)
		return err
	})
	return r
}

// run starts a process that ends with the test, and shows the end of its log if the test fails.
func (r *running) run(t *testing.T, log string, cmd *exec.Cmd) {
	t.Helper()
	f, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr, cmd.Dir = f, f, filepath.Dir(log)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
		_ = f.Close()
		if text, err := os.ReadFile(log); err == nil && t.Failed() {
			t.Logf("%s's log ends in\n%s", r.name, text[max(0, len(text)-4000):])
		}
	})
}

func (r *running) url(path string) string { return "http://" + r.addr[r.http] + r.prefix + path }

// write sends series by remote-write and waits until they can be read.
func (r *running) write(t *testing.T, all []series) {
	t.Helper()
	url := "http://" + r.addr[r.writes] + r.path
	eventually(t, time.Minute, r.name+" to take writes", func() error { // a ring may take its time
		first := all[0].samples[0].Timestamp
		return sendWrite(url, r.tenant, writeRequest(all[:1], first, first+1))
	})
	remoteWrite(t, url, r.tenant, all)
	if r.settle == "" {
		return
	}
	eventually(t, time.Minute, r.name+" to show what was written", func() error {
		text, err := get(r.url(r.settle))
		if err == nil && strings.Contains(text, `"result":[]`) {
			err = errNotYet
		}
		return err
	})
}

func port(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }

func cortexConfig(dir string, addr []string) string {
	return fmt.Sprintf(`
auth_enabled: true
server: {http_listen_address: 127.0.0.1, http_listen_port: %[2]s, grpc_listen_address: 127.0.0.1, grpc_listen_port: %[3]s, log_level: warn}
distributor: {ring: {kvstore: {store: inmemory}, instance_addr: 127.0.0.1}}
ingester:
  lifecycler: {address: 127.0.0.1, join_after: 0s, min_ready_duration: 0s, final_sleep: 0s, num_tokens: 4, ring: {kvstore: {store: inmemory}, replication_factor: 1}}
blocks_storage:
  backend: filesystem
  filesystem: {dir: %[1]s/blocks}
  tsdb: {dir: %[1]s/tsdb}
  bucket_store: {sync_dir: %[1]s/sync}
compactor: {data_dir: %[1]s/compactor}
alertmanager_storage: {backend: local, local: {path: %[1]s/alerts}}
ruler_storage: {backend: local, local: {directory: %[1]s/rules}}
limits: {ingestion_rate: 10000000, ingestion_burst_size: 10000000, max_series_per_metric: 0, max_series_per_user: 0}
`, dir, port(addr[0]), port(addr[1]))
}

func mimirConfig(dir string, addr []string) string {
	return fmt.Sprintf(`
multitenancy_enabled: true
server: {http_listen_address: 127.0.0.1, http_listen_port: %[2]s, grpc_listen_address: 127.0.0.1, grpc_listen_port: %[3]s, log_level: warn}
common: {storage: {backend: filesystem, filesystem: {dir: %[1]s/objects}}}
blocks_storage: {storage_prefix: blocks, tsdb: {dir: %[1]s/tsdb}, bucket_store: {sync_dir: %[1]s/sync}}
ruler_storage: {storage_prefix: rules}
alertmanager_storage: {storage_prefix: alerts}
compactor: {data_dir: %[1]s/compactor, sharding_ring: {kvstore: {store: inmemory}, instance_addr: 127.0.0.1}}
distributor: {ring: {kvstore: {store: inmemory}, instance_addr: 127.0.0.1}}
ingester: {ring: {kvstore: {store: inmemory}, instance_addr: 127.0.0.1, replication_factor: 1, min_ready_duration: 0s, final_sleep: 0s, num_tokens: 4}}
query_scheduler: {ring: {kvstore: {store: inmemory}, instance_addr: 127.0.0.1}}
frontend: {address: 127.0.0.1}
store_gateway: {sharding_ring: {kvstore: {store: inmemory}, instance_addr: 127.0.0.1, replication_factor: 1}}
memberlist: {bind_addr: [127.0.0.1], bind_port: %[4]s}
usage_stats: {enabled: false}
activity_tracker: {filepath: ""}
limits: {ingestion_rate: 10000000, ingestion_burst_size: 10000000}
`, dir, port(addr[0]), port(addr[1]), port(addr[2]))
}
