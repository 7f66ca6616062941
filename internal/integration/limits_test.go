//go:build integration

package integration

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	commoncfg "github.com/prometheus/common/config"
	"github.com/tidewatch/tidewatch/ingest"
)

// TestServerLimits reads from a server that takes one read at a time, few samples an answer and small frames: everything is read,
// with hardly a request that it refuses, and check says what the limits are.
func TestServerLimits(t *testing.T) {
	t.Parallel()
	everyRelease(t, func(t *testing.T, r release) {
		t.Parallel()
		p := startProm(t, r, promOptions{flags: []string{
			"--storage.remote.read-sample-limit=5000", "--storage.remote.read-concurrent-limit=1", "--storage.remote.read-max-bytes-in-frame=65536",
		}})
		end := time.Now().Truncate(time.Minute)
		var all []series
		for k := range 20 {
			s := newSeries("load", "instance", fmt.Sprint(k))
			for at := end.Add(-6 * time.Hour); at.Before(end); at = at.Add(15 * time.Second) {
				s.add(at.UnixMilli(), math.Sin(float64(at.Unix())/500+float64(k)))
			}
			all = append(all, s)
		}
		p.write(t, all)
		q := ingest.Query{Detector: "d", Expr: "load * 2", From: end.Add(-5 * time.Hour).UnixMilli(), To: end.Add(-time.Minute).UnixMilli(), Step: 60_000}
		want, err := p.queryRange(q)
		if err != nil {
			t.Fatal(err)
		}
		for _, sampled := range []bool{false, true} {
			reg := prometheus.NewRegistry()
			remote, err := ingest.NewRemote(ingest.RemoteConfig{
				Name: "server", URL: p.readURL(), HTTPClient: commoncfg.DefaultHTTPClientConfig, Concurrency: 8, DetectLimits: true, SampledOnly: sampled, Registerer: reg,
			})
			if err != nil {
				t.Fatal(err)
			}
			defer remote.Close()
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					got, err := remote.Read(t.Context(), q)
					var d differ
					if err != nil {
						t.Errorf("sampled %t: %v", sampled, err)
					} else if diff := d.compare(got, want, 0); diff != "" || d.points == 0 {
						t.Errorf("sampled %t: %d points, %s", sampled, d.points, diff)
					}
				})
			}
			wg.Wait()
			l := ingest.ServerLimits{Samples: 5000, Reads: 1, Frame: 65536, LookbackDelta: 5 * time.Minute}
			if st := remote.State(); st.Reads != 1 || st.Limits != l {
				t.Errorf("%d reads at a time, limits %+v", st.Reads, st.Limits)
			}
			// Each of the four meets the limit once: two hours are 9,600 samples.
			answers, err := sumBy(reg, "tidewatch_source_requests_total", "code")
			if err != nil {
				t.Fatal(err)
			}
			if refused := answers["400"]; sampled != (refused > 0) || refused > 4 {
				t.Errorf("sampled %t: %g requests were refused", sampled, refused)
			}
		}
		out := runTidewatch(t, "check", "--config.file="+writeConfig(t, fmt.Sprintf(
			"sources: [{name: main, url: %q, concurrency: 3}]\nroute: {receiver: log}\nreceivers: [{name: log}]\ndetectors: [{name: Load, expr: load}]\n", p.readURL())))
		for _, want := range []string{
			"its limits: 1 read at a time, frames of 64 KiB, 5,000 samples an answer without streaming",
			"concurrency is 3, and the server takes 1 read at a time, of all its clients: 1 is sent",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("check does not say %q:\n%s", want, out)
			}
		}
	})
}
