package app

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/internal/api"
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/slackfake"
)

const visibleConfig = `
global: {step: 5m, history: 1d, timezone: Europe/Berlin%[1]s}
sources: [{name: s, url: "http://prometheus.invalid/api/v1/read"}]
detectors: [{name: Load, expr: load, expect: 1/30d, labels: {severity: page}, annotations: {summary: "{{ $labels.job }} {{ $labels.api_token }}{{ $labels.owner }}"}}]
route: {receiver: oncall, group_by: [alertname, api_token, owner]}
receivers:
  - name: oncall
    slack_configs: [{channel: "#oncall", app_token: xoxb-secret, app_url: %[2]q, signing_secret: ` + signingSecret + `}]
    webhook_configs: [{url: "%[3]s/hook"}]
    alertmanager_configs: [{urls: ["%[3]s"]}]
    log_configs: [{}]
`

// heard is a receiver that keeps what it is told.
type heard struct {
	mu   sync.Mutex
	said strings.Builder
}

func (h *heard) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	fmt.Fprintf(&h.said, "%s ", r.URL)
	_, _ = io.Copy(&h.said, r.Body)
}

func (h *heard) text() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.said.String()
}

// Labels that the configuration does not list, and without a list those that look like secrets, are in no message, chart, log, error or
// answer in Slack, whatever groups by them and whatever an annotation or an evaluation says; the others are. Alertmanager still tells apart
// what only they tell apart.
func TestNoHiddenLabelGoesOut(t *testing.T) {
	for _, c := range []struct {
		name, visible string
		hidden, shown []string
	}{
		{"default", "", []string{"LEAK-token"}, []string{"LEAK-owner", "LEAK-version", "job0"}},
		{"listed", `, visible_labels: [job, inst.*]`, []string{"LEAK-token", "LEAK-owner", "LEAK-version"}, []string{"job0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out := everythingSaid(t, c.visible)
			for where, said := range out {
				for _, mark := range c.hidden {
					if at := strings.Index(said, mark); at >= 0 {
						t.Errorf("%s has a hidden label: …%q…", where, said[max(0, at-200):min(len(said), at+40)])
					}
				}
			}
			for _, where := range []string{"log", "messages", "receivers", "notices", "/tidewatch explain"} {
				for _, mark := range c.shown {
					if !strings.Contains(out[where], mark) && mark != "LEAK-version" {
						t.Errorf("%s does not say %s: %s", where, mark, out[where])
					}
				}
			}
			if shown := strings.Contains(out["messages"], "LEAK-version"); shown != (c.name == "default") {
				t.Errorf("the deploy's version is said: %t", shown)
			}
			if !strings.Contains(out["receivers"], `"alarm_id":"`) {
				t.Errorf("alerts without the label that tells them apart: %s", out["receivers"])
			}
			if !strings.Contains(out["log at the end"], `api_token="(hidden)"`) {
				t.Error("the log does not say what was wrong with the source")
			}
		})
	}
}

// everythingSaid goes through an incident, people who act on it, and a source that fails, and is all that has left, by where.
func everythingSaid(t *testing.T, visible string) map[string]string {
	t.Helper()
	h := newQuick(t, broken)
	ears := &heard{}
	receiver := httptest.NewServer(ears)
	t.Cleanup(receiver.Close)
	h.src.labels = func(k int) labels.Labels {
		return labels.FromStrings("job", fmt.Sprintf("job%d", k), "api_token", fmt.Sprintf("LEAK-token-%d", k), "owner", fmt.Sprintf("LEAK-owner-%d", k))
	}
	h.src.told = func(kind string, at int64) map[string]float64 {
		if kind != "deploy" {
			return nil
		}
		version := map[bool]string{true: "LEAK-version-1", false: "LEAK-version-2"}[at < begin+2*hour-10*minute]
		return map[string]float64{"__name__ build_info job job0 api_token LEAK-token-0 version " + version: 1}
	}
	text := fmt.Sprintf(visibleConfig, visible, h.slack.APIURL(), receiver.URL)
	h.opts.Load = func() (*configs.Config, error) { return configs.Parse("visible.yml", []byte(text)) }
	var notices strings.Builder
	quiet := h.opts.OnResult
	h.opts.OnResult = func(res engine.Result) {
		quiet(res)
		for i := range res.Notices {
			n := &res.Notices[i]
			fmt.Fprintf(&notices, "%+v\n", *n)
			for _, a := range n.Alarms {
				fmt.Fprintf(&notices, "%+v\n", a.Chart)
			}
		}
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.opts.Listeners = []net.Listener{l}
	h.slack.Interact("http://"+l.Addr().String()+api.SlackPath, signingSecret)
	x := &clicker{session: h.start(t)}
	x.walkSent(begin + 2*hour + 21*minute)
	x.ts = h.slack.Messages("#oncall")[0].TS
	out := map[string]string{}
	for _, what := range []string{"tidewatch-ack", "tidewatch-not_anomaly", "Silence 4 h"} {
		said, _ := x.click(what, 1)
		out[what] = said.Text + string(said.Blocks)
	}
	alarm := x.core.Incidents()[0].Alarms[0]
	for _, what := range []string{"status", "explain " + alarm[:8], "last", "feedback", "silence job=job0 1h"} {
		a, err := h.slack.Command("#oncall", "/tidewatch", what, slackfake.Person, 1)
		if err != nil {
			t.Fatal(err)
		}
		word, _, _ := strings.Cut(what, " ")
		out["/tidewatch "+word] = a.Body
	}
	out["log"] = h.logs.text()
	h.src.fail(errors.New(`found duplicate series for the match group {job="job0"}: [{api_token="LEAK-token-0", owner="LEAK-owner-0", job="job0"}]`))
	x.walkSent(begin + 4*hour)
	h.src.fail(nil)
	x.walkSent(begin + 5*hour)
	x.stop()
	out["log at the end"], out["messages"], out["receivers"], out["notices"] = h.logs.text(), h.slackState(t, true), ears.text(), notices.String()
	return out
}
