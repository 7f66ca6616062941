//go:build integration

package integration

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	commoncfg "github.com/prometheus/common/config"
	"github.com/tidewatch/tidewatch/ingest"
)

// backendExprs are selectors, whose points must be the same whoever is asked.
var backendExprs = []struct {
	expr string
	step time.Duration
}{
	{"ragged", time.Minute},
	{`ragged{k=~"[02]"}`, 15 * time.Second},
	{"gauge", time.Minute},
	{"requests_total", time.Minute},
	{`requests_total{code!="200"}`, 5 * time.Minute},
	{"requests_total offset 1h", 5 * time.Minute},
	{`{__name__=~"latency_seconds_(bucket|count)"}`, time.Minute},
}

// TestBackends writes the same samples into Prometheus and into another store, and reads selectors alone from both, from the store by
// every protocol that it has: the points are the same, to the last bit where the store keeps all of them.
func TestBackends(t *testing.T) {
	t.Parallel()
	end := time.Now().Truncate(5 * time.Minute)
	data := backendData(end)
	var want []map[string][]float64
	t.Run("Prometheus", func(t *testing.T) {
		p := startProm(t, newest(t), promOptions{})
		p.write(t, data)
		src := openSource(t, ingest.RemoteConfig{Name: "prometheus", URL: p.readURL(), HTTPClient: commoncfg.DefaultHTTPClientConfig}, ingest.ProtocolRemoteRead)
		for i := range backendExprs {
			b, err := src.Read(t.Context(), backendQuery(i, end))
			if err != nil || len(b.Rows) == 0 {
				t.Fatalf("%s: %d rows, %v", backendExprs[i].expr, len(b.Rows), err)
			}
			want = append(want, byLabels(b))
		}
	})
	for _, b := range backends() {
		t.Run(b.name, func(t *testing.T) {
			s := b.start(t)
			s.write(t, data)
			protocols := []ingest.Protocol{ingest.ProtocolQueryRange}
			if b.remote {
				protocols = append(protocols, ingest.ProtocolRemoteRead)
			}
			for _, p := range protocols {
				src := openSource(t, s.config(b.tenant), p)
				for i := range backendExprs {
					comparePoints(t, src, string(p), backendQuery(i, end), want[i], b.digits)
				}
			}
			s.checkProtocol(t, backendQuery(0, end))
			s.checkTenants(t, backendQuery(0, end))
		})
	}
}

func backendQuery(i int, end time.Time) ingest.Query {
	e := backendExprs[i]
	return ingest.Query{Detector: "d", Expr: e.expr, From: end.Add(-11 * time.Hour).UnixMilli(), To: end.Add(-10 * time.Minute).UnixMilli(), Step: e.step.Milliseconds()}
}

func comparePoints(t *testing.T, src ingest.Source, name string, q ingest.Query, want map[string][]float64, tolerance float64) {
	t.Helper()
	got, err := src.Read(t.Context(), q)
	if err != nil {
		t.Errorf("%s: %s: %v", name, q.Expr, err)
		return
	}
	var d differ
	if diff := d.compare(got, want, tolerance); diff != "" || d.points == 0 {
		t.Errorf("%s: %s: %d points, %s", name, q.Expr, d.points, diff)
	}
	t.Logf("%s: %s: %d points, of which %d differ, at most by %.1e", name, q.Expr, d.points, d.inexact, d.worst)
}

func (r *running) config(tenant string) ingest.RemoteConfig {
	cfg := ingest.RemoteConfig{Name: r.name, URL: r.url("/api/v1/read"), HTTPClient: commoncfg.DefaultHTTPClientConfig}
	if r.name == "Thanos" { // its receiver says whose the samples are
		cfg.DropLabels = []string{"replica", "tenant_id"}
	}
	if tenant != "" {
		cfg.HTTPClient.HTTPHeaders = &commoncfg.Headers{Headers: map[string]commoncfg.Header{tenantHeader: {Values: []string{tenant}}}}
	}
	return cfg
}

// checkProtocol lets the source find out what the store has.
func (r *running) checkProtocol(t *testing.T, q ingest.Query) {
	t.Helper()
	src := openSource(t, r.config(r.tenant), ingest.ProtocolAuto)
	want := ingest.ProtocolQueryRange
	if r.remote {
		want = ingest.ProtocolRemoteRead
	}
	if _, err := src.Read(t.Context(), q); err != nil || ingest.SpokenBy(src) != want {
		t.Errorf("%v; it is read by %s, want %s", err, ingest.SpokenBy(src), want)
	}
}

// checkTenants reads as nobody, and as another tenant.
func (r *running) checkTenants(t *testing.T, q ingest.Query) {
	t.Helper()
	if r.tenant == "" {
		return
	}
	for _, p := range []ingest.Protocol{ingest.ProtocolQueryRange, ingest.ProtocolRemoteRead} {
		if _, err := openSource(t, r.config(""), p).Read(t.Context(), q); ingest.ErrorKind(err) != ingest.KindUnauthorized {
			t.Errorf("%s without a tenant: %v", p, err)
		}
		if b, err := openSource(t, r.config("team-b"), p).Read(t.Context(), q); err != nil || len(b.Rows) > 0 {
			t.Errorf("%s as another tenant: %d series, %v", p, len(b.Rows), err)
		}
	}
}

// backendData are gauges with gaps and staleness markers, gauges with all digits, counters that are reset, and a classic histogram, over the last
// 13 hours.
func backendData(end time.Time) []series {
	rng := rand.New(rand.NewPCG(8, 8))
	out := ragged(end)
	begin := end.Add(-13 * time.Hour).UnixMilli()
	for k := range 5 {
		gauge := newSeries("gauge", "instance", fmt.Sprint(k))
		counter := newSeries("requests_total", "instance", fmt.Sprint(k), "code", []string{"200", "404", "500"}[k%3])
		total := 0.0
		for at := begin + int64(k)*777; at < end.UnixMilli(); at += 30_000 {
			gauge.add(at, math.Round(rng.NormFloat64()*1000)/100)
			if total += float64(rng.IntN(50)); rng.IntN(400) == 0 {
				total = 0
			}
			counter.add(at, total)
		}
		out = append(out, gauge, counter)
	}
	count := newSeries("latency_seconds_count")
	buckets := make([]series, 4)
	for i, le := range []string{"0.1", "0.5", "2.5", "+Inf"} {
		buckets[i] = newSeries("latency_seconds_bucket", "le", le)
	}
	for at, n := begin, 0.0; at < end.UnixMilli(); at += 30_000 {
		n += float64(rng.IntN(20))
		for i := range buckets {
			buckets[i].add(at, math.Floor(n*float64(i+1)/4))
		}
		count.add(at, n)
	}
	return append(append(out, buckets...), count)
}
