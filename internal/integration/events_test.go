//go:build integration

package integration

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestDeployIsNamed has a service be deployed, restarted and rolled out in a real server's metrics, and go wrong 40 s later: the page
// says so, and that is all there is.
func TestDeployIsNamed(t *testing.T) {
	t.Parallel()
	everyRelease(t, func(t *testing.T, r release) {
		t.Parallel()
		const step = int64(20_000)
		p := startProm(t, r, promOptions{})
		deploy := time.Now().Add(-30 * time.Minute).Truncate(time.Minute).UnixMilli()
		begin := deploy - 8*time.Hour.Milliseconds()
		rng := rand.New(rand.NewPCG(3, 3))
		latency, other := newSeries("latency_seconds", "job", "api"), newSeries("latency_seconds", "job", "web")
		old, fresh := newSeries("build_info", "job", "api", "instance", "a", "version", "1.4"), newSeries("build_info", "job", "api", "instance", "a", "version", "1.5")
		started, rollout := newSeries("process_start_time_seconds", "job", "web", "instance", "w"), newSeries("kube_deployment_status_observed_generation", "deployment", "web")
		for at := begin; at <= deploy+10*time.Minute.Milliseconds(); at += step {
			x := 0.2 + 0.01*rng.NormFloat64()
			if at >= deploy+40_000 {
				x += 2
			}
			latency.add(at, x)
			other.add(at, 0.3+0.01*rng.NormFloat64())
			if at < deploy {
				old.add(at, 1)
			} else {
				fresh.add(at, 1)
			}
			born, generation := begin-24*time.Hour.Milliseconds(), 3.0
			if at >= deploy-5*60_000 {
				born, generation = deploy-5*60_000, 4
			}
			started.add(at, float64(born)/1000)
			rollout.add(at, generation)
		}
		p.write(t, []series{latency, other, old, fresh, started, rollout})
		w := walk(t, deploy-2*time.Hour.Milliseconds(), deploy+10*time.Minute.Milliseconds(), func(slackURL string) string {
			return fmt.Sprintf(`
global: {step: 20s, history: 6h}
sources: [{name: prometheus, url: %q}]
detectors: [{name: Latency, expr: latency_seconds}]
route: {receiver: oncall}
receivers:
  - name: oncall
    slack_configs: [{channel: "#oncall", app_token: %s, app_url: %q}]
`, p.readURL(), token, slackURL)
		})
		ms := w.slack.Messages("#oncall")
		if len(ms) != 1 {
			t.Fatalf("want one page%s", texts(ms))
		}
		said := string(ms[0].Blocks)
		if !strings.Contains(said, "began 40 s after build_info of api changed 1.4 → 1.5") {
			t.Errorf("the page does not name the deploy: %s", said)
		}
		if strings.Contains(said, "web") {
			t.Errorf("the page names what happened to another service: %s", said)
		}
		if w.seen["deploy"] != 1 || w.seen["restart"] != 1 || w.seen["rollout"] != 1 {
			t.Errorf("events %v, want one of each kind", w.seen)
		}
	})
}
