//go:build integration

package integration

import (
	"fmt"
	"math"
	"testing"
	"time"

	commoncfg "github.com/prometheus/common/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/ingest"
)

// TestQueryRangeSource reads real servers' query_range, which stands for that of a server without remote-read: for selectors
// alone the points are those of remote-read to the last bit, over gaps, staleness markers and more points than one request may
// have; other expressions are the server's.
func TestQueryRangeSource(t *testing.T) {
	t.Parallel()
	everyRelease(t, func(t *testing.T, r release) {
		t.Parallel()
		end := time.UnixMilli(promqlBegin + promqlSpan).Truncate(5 * time.Minute)
		external := map[string]string{"cluster": "eu1"}
		p := startProm(t, r, promOptions{external: external, features: "native-histograms"})
		p.write(t, append(promqlData(false), ragged(end)...))
		cfg := ingest.RemoteConfig{
			Name: "server", URL: p.readURL(), HTTPClient: commoncfg.DefaultHTTPClientConfig,
			ExternalLabels: labels.FromMap(external), Window: 30 * 24 * time.Hour,
		}
		remote := openSource(t, cfg, ingest.ProtocolRemoteRead)
		ranged := openSource(t, cfg, ingest.ProtocolQueryRange)
		for _, tc := range []struct {
			expr string
			step time.Duration
		}{
			{"ragged", time.Minute},
			{`ragged{k=~"[02]"}`, time.Second}, // 43,200 points
			{"node_load1", time.Minute},
			{"container_memory_working_set_bytes", 15 * time.Second},
			{"kube_pod_status_phase", time.Minute},
			{"http_request_duration_seconds_bucket offset 1h", 5 * time.Minute},
			{"max_over_time(ragged[1m])", time.Minute}, // agg: max
			{"quantile_over_time(0.95, node_load1[5m])", 5 * time.Minute},
			{"sum by (job) (http_request_duration_seconds_count)", time.Minute},
		} {
			q := ingest.Query{Detector: "d", Expr: tc.expr, To: end.UnixMilli(), Step: tc.step.Milliseconds()}
			q.From = q.To - (12 * time.Hour).Milliseconds()
			want, err := remote.Read(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			got, err := ranged.Read(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			var d differ
			if diff := d.compare(got, byLabels(want), 0); diff != "" || d.points == 0 {
				t.Errorf("%s every %s: %d points, %s", tc.expr, tc.step, d.points, diff)
			}
		}
	})
}

// byLabels are a block's rows by their labels.
func byLabels(b tidewatch.Block) map[string][]float64 {
	out := map[string][]float64{}
	for _, row := range b.Rows {
		out[row.Series.Labels.String()] = row.V
	}
	return out
}

func openSource(t *testing.T, cfg ingest.RemoteConfig, p ingest.Protocol) ingest.Source {
	t.Helper()
	s, err := ingest.Open(cfg, p)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ragged are gauges with gaps around the look-back of five minutes, with and without a staleness marker at their beginning.
func ragged(end time.Time) []series {
	var out []series
	for k := range 4 {
		s := newSeries("ragged", "k", fmt.Sprint(k))
		from := end.Add(-13 * time.Hour).UnixMilli()
		for at, i := from+int64(k)*1234, 0; at < end.UnixMilli(); at, i = at+15_000, i+1 {
			switch {
			case i%100 == 50 && k%2 == 0:
				s.add(at, staleNaN)
			case i%100 > 50 && i%100 < 60+8*k: // 2.5 to 8.5 minutes
			default:
				s.add(at, float64(i)/7)
			}
		}
		out = append(out, s)
	}
	return out
}

var staleNaN = math.Float64frombits(value.StaleNaN)
