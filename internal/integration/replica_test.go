//go:build integration

package integration

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	commoncfg "github.com/prometheus/common/config"
	"github.com/tidewatch/tidewatch/ingest"
)

// balancer passes requests to one of several servers.
type balancer struct {
	server *httptest.Server
	to     atomic.Pointer[httputil.ReverseProxy]
}

func newBalancer(t *testing.T) *balancer {
	t.Helper()
	b := &balancer{}
	b.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.to.Load().ServeHTTP(w, r) }))
	t.Cleanup(b.server.Close)
	return b
}

func (b *balancer) point(t *testing.T, p *promServer) {
	t.Helper()
	u, err := url.Parse(p.url())
	if err != nil {
		t.Fatal(err)
	}
	b.to.Store(httputil.NewSingleHostReverseProxy(u))
}

// TestFailover reads a pair of replicas through a balancer. The one that is read dies, the balancer goes to the other, and the
// series stay the same ones: nothing is learnt anew, nothing alarms.
func TestFailover(t *testing.T) {
	t.Parallel()
	r := newest(t)
	w := newWorld(t, r, map[string]string{"cluster": "eu1", "replica": "a"}, nil)
	other := startProm(t, r, promOptions{external: map[string]string{"cluster": "eu1", "replica": "b"}, targets: []string{w.app.addr}})
	other.write(t, history(time.Now(), nil))
	b := newBalancer(t)
	b.point(t, w.prom)
	d := serve(t, configFor(b.server.URL+"/api/v1/read", w.slack.APIURL(), ", drop_labels: [replica]"))
	before, learnt := d.alarms(t), d.metric(t, "tidewatch_points_total", "mode", "history")

	w.prom.signal(syscall.SIGKILL)
	time.Sleep(6 * time.Second) // a tick or two find a dead server behind the balancer
	b.point(t, other)
	eventually(t, time.Minute, "reads from the other replica", func() error {
		if d.metric(t, "tidewatch_source_up") != 1 || d.log.count("source is back") != 1 {
			return errNotYet
		}
		return nil
	})
	w.hold(t, 15*time.Second, 0, "after the failover")
	after := d.alarms(t)
	if len(after) != len(queues) || len(before) != len(queues) {
		t.Errorf("%d series before and %d after the failover, want %d", len(before), len(after), len(queues))
	}
	for q, a := range after {
		if a.SeriesID != before[q].SeriesID || a.State != "OK" {
			t.Errorf("%s is %+v after the failover, before it was %+v", q, a, before[q])
		}
		if a.Labels["replica"] != "" || a.Labels["cluster"] != "eu1" {
			t.Errorf("%s has the labels %v, want cluster and no replica", q, a.Labels)
		}
	}
	if got := d.metric(t, "tidewatch_points_total", "mode", "history"); got != learnt {
		t.Errorf("%g points were learnt from history after the failover", got-learnt)
	}
	w.app.fault("search", 60)
	w.waitMessages(t, 1, "a page read from the other replica", firing("search"))
	checkMessages(t, w.messages())
	d.stop(t)
}

// TestExternalLabels reads a server with external labels: they are matchers of what is asked for and no labels of what comes
// back, and an alarm has the labels that the source gives it.
func TestExternalLabels(t *testing.T) {
	t.Parallel()
	everyRelease(t, func(t *testing.T, r release) {
		t.Parallel()
		external := map[string]string{"cluster": "eu1", "region": "north"}
		w := newWorld(t, r, external, nil)
		d := serve(t, w.config(fmt.Sprintf(", external_labels: %s, labels: {site: harbour}", flow(external))))
		as := d.alarms(t)
		if len(as) != len(queues) {
			t.Fatalf("%d series, want %d", len(as), len(queues))
		}
		for q, a := range as {
			if a.Labels["cluster"] != "" || a.Labels["region"] != "" || a.Labels["site"] != "harbour" {
				t.Errorf("%s has the labels %v, want site and neither cluster nor region", q, a.Labels)
			}
		}
		w.app.fault("billing", 60)
		w.waitMessages(t, 1, "the page", firing("billing"))
		d.stop(t)
	})
}

// TestReplicasInOneStore reads a store that holds the series of both replicas, each with a gap of its own: they are one series
// without a gap, whose values are one or the other's.
func TestReplicasInOneStore(t *testing.T) {
	t.Parallel()
	everyRelease(t, func(t *testing.T, r release) {
		t.Parallel()
		end := time.Now().Truncate(time.Minute)
		p := startProm(t, r, promOptions{})
		var stored []series
		at := map[string]map[int64]bool{} // what each replica has seen, by replica
		for i, replica := range []string{"a", "b"} {
			s := newSeries("queue_depth", "queue", "mail", "replica", replica)
			at[replica] = map[int64]bool{}
			for ago := 6 * time.Hour; ago > 0; ago -= 15 * time.Second {
				if gone := time.Duration(2+2*i) * time.Hour; ago < gone && ago > gone-time.Hour {
					continue
				}
				t := end.Add(-ago).UnixMilli() + int64(1000+2500*i)
				s.add(t, float64(t))
				at[replica][t] = true
			}
			stored = append(stored, s)
		}
		p.write(t, stored)
		remote, err := ingest.NewRemote(ingest.RemoteConfig{
			Name: "pair", URL: p.readURL(), HTTPClient: commoncfg.DefaultHTTPClientConfig, DropLabels: []string{"replica"},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer remote.Close()
		q := ingest.Query{Detector: "d", Expr: "queue_depth", From: end.Add(-5 * time.Hour).UnixMilli(), To: end.UnixMilli(), Step: 60_000}
		b, err := remote.Read(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(b.Rows) != 1 || b.Rows[0].Series.Labels.Get("replica") != "" {
			t.Fatalf("%d series, want one without a replica", len(b.Rows))
		}
		seen := map[string]int{}
		for i, v := range b.Rows[0].V {
			sample := int64(v) // a sample's value is its time
			age := b.Time(i) - sample
			if age < 0 || age > 30_000 {
				t.Errorf("at %s the newest sample is %d ms old; one of the two was scraped every 15 s", stamp(b.Time(i)), age)
			}
			for replica := range at {
				if at[replica][sample] {
					seen[replica]++
				}
			}
		}
		if seen["a"] == 0 || seen["b"] == 0 || seen["a"]+seen["b"] != b.N {
			t.Errorf("the points come from the replicas so: %v of %d", seen, b.N)
		}
	})
}
