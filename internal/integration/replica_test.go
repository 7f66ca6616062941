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
