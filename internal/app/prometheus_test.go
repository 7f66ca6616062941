package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/internal/simfleet"
)

// promServer is a server over an embedded TSDB that holds the whole of a session; it can be told to misbehave.
type promServer struct {
	*httptest.Server
	handler http.Handler
	fault   atomic.Pointer[http.HandlerFunc] // answers instead of handler
}

// replica is one of several servers that scrape the same targets: its labels, and when it is there (0: no bound).
type replica struct {
	labels      labels.Labels
	from, until int64
}

// newPrometheus serves load{job="job0"…} of [origin, until] as each of the replicas had it, a sample a minute.
func newPrometheus(t *testing.T, value func(k int, t int64) float64, until int64, replicas ...replica) *promServer {
	t.Helper()
	recorded, err := simfleet.LoadSeries(func(yield func(labels.Labels, []tidewatch.Point) bool) {
		for k := range 3 {
			for _, r := range replicas {
				b := labels.NewBuilder(r.labels).Set(model.MetricNameLabel, "load").Set("job", fmt.Sprintf("job%d", k))
				var points []tidewatch.Point
				for at := origin - 10*minute; at <= until; at += minute {
					if at >= r.from && (r.until == 0 || at < r.until) {
						points = append(points, tidewatch.Point{T: at, V: value(k, at)})
					}
				}
				if !yield(b.Labels(), points) {
					return
				}
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	world, err := simfleet.Open(t.Context(), t.TempDir(), recorded, origin-10*minute, until)
	if err != nil {
		t.Fatal(err)
	}
	p := &promServer{handler: world.Handler()}
	p.Server = httptest.NewServer(p)
	t.Cleanup(func() {
		p.Close()
		if err := world.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func (p *promServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f := p.fault.Load(); f != nil {
		(*f)(w, r)
		return
	}
	p.handler.ServeHTTP(w, r)
}

// fail makes every request be answered by f; nil ends that.
func (p *promServer) fail(f http.HandlerFunc) {
	if f == nil {
		p.fault.Store(nil)
		return
	}
	p.fault.Store(&f)
}

// remote makes the harness read from a server by the real client. The source's line may hold more settings.
func (h *harness) remote(url, settings string) {
	h.opts.OpenSource = nil
	h.yaml = fmt.Sprintf(`
global: {step: 5m, history: 1d, timezone: Europe/Berlin}
sources: [{name: s, url: %q%s}]
detectors: [{name: Load, expr: load, expect: 1/30d, labels: {severity: page}}]
route: {receiver: oncall, group_by: [alertname]}
receivers: [{name: oncall, slack_configs: [{channel: "#oncall", app_token: xoxb-secret, app_url: %%q}]}]
`, url, settings)
}
