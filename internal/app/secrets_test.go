package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/slackfake"
)

// secretConfig has a secret of every kind, each with the mark in it. %[1]q is the fake Slack's address, %[2]s that of a server which fails
// and says back all that it was told, %[3]s a directory with secret files.
const secretConfig = `
global: {step: 5m, history: 1d, timezone: Europe/Berlin, heartbeat: {url: "%[2]s/MARK-heartbeat", interval: 5m}}
storage: {recording: {enabled: true, samples: true}}
sources:
  - {name: s, url: "http://prometheus.invalid/api/v1/read"}
  - {name: basic, url: "%[2]s/basic", basic_auth: {username: u, password: MARK-basic}}
  - {name: bearer, url: "%[2]s/bearer", protocol: query_range, authorization: {credentials: MARK-bearer}}
  - {name: tenant, url: "%[2]s/tenant", http_headers: {X-Scope-OrgID: {secrets: [MARK-tenant]}}}
  - {name: oauth, url: "%[2]s/oauth", oauth2: {client_id: c, client_secret: MARK-oauth, token_url: "%[2]s/token"}}
  - {name: refused, url: "http://127.0.0.1:1/read", authorization: {credentials_file: "%[3]s/bearer"}}
detectors:
  - {name: Load, source: s, expr: load, expect: 1/30d, labels: {severity: page}}
  - {name: A, source: basic, expr: a}
  - {name: B, source: bearer, expr: b}
  - {name: C, source: tenant, expr: c}
  - {name: D, source: oauth, expr: d}
  - {name: E, source: refused, expr: e}
route: {receiver: oncall, group_by: [alertname]}
receivers:
  - name: oncall
    slack_configs:
      - {channel: "#oncall", app_token: xoxb-secret, app_url: %[1]q, signing_secret: MARK-signing}
      - {channel: "#oncall", app_token: xoxb-MARK-bot, app_url: "%[2]s/api/"}
      - {channel: "#other", app_token: xoxb-MARK-bot, app_url: %[1]q, socket_token: xapp-MARK-socket}
      - {api_url: "%[2]s/services/T0/B0/MARK-hook"}
      - {api_url: "http://127.0.0.1:1/services/T0/B0/MARK-hook"}
    webhook_configs:
      - {url: "%[2]s/MARK-webhook", hmac_secret_file: "%[3]s/hmac"}
      - {url: "http://127.0.0.1:1/MARK-webhook", http_config: {basic_auth: {username: u, password: MARK-hookauth}}}
      - {url: "%[2]s/x", http_config: {oauth2: {client_id: c, client_secret: MARK-hookoauth, token_url: "%[2]s/token"}}}
    alertmanager_configs:
      - {urls: ["%[2]s/am"], http_config: {authorization: {credentials: MARK-alertmanager}}}
`

// echo is a server that fails and says back what it was told, secrets included.
func echo(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<16))
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = fmt.Fprintf(w, "%s %v %s", r.URL, r.Header, body)
	}))
	t.Cleanup(s.Close)
	return s
}

// No secret of any kind is in a log, a message, an answer of the API, a page, a metric or the state, while sources and receivers fail
// and servers say back what they were told.
func TestNoSecretGoesOut(t *testing.T) {
	h := newQuick(t, broken)
	dir, failing := t.TempDir(), echo(t)
	for name, secret := range map[string]string{"bearer": "MARK-file", "hmac": "MARK-hmac"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(secret), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := fmt.Sprintf(secretConfig, h.slack.APIURL(), failing.URL, dir)
	h.opts.Load = func() (*configs.Config, error) { return configs.Parse("secrets.yml", []byte(text)) }
	h.opts.OpenSource = func(s configs.Source) (ingest.Source, error) {
		if s.Name == "s" {
			return h.src, nil
		}
		return openRemote(s, slog.New(h.logs), nil)
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.opts.Listeners = []net.Listener{l}
	x := h.start(t)
	x.walk(begin + 2*hour + 21*minute)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for heard := 0; heard < 5 && ctx.Err() == nil; { // until every kind of receiver has failed, and one has not
		Wall{}.Sleep(ctx, time.Millisecond)
		heard = min(len(h.slack.Messages("#oncall")), 1)
		for _, id := range []string{"oncall/slack/1", "oncall/slack/3", "oncall/webhook/0", "oncall/alertmanager/0/0"} {
			if x.metric("tidewatch_notifications_total", id) > 0 {
				heard++
			}
		}
	}
	out := map[string]string{"log": h.logs.text(), "messages": h.slackState(t, true)}
	alarm := x.core.Incidents()[0].Alarms[0]
	for _, path := range []string{
		"/", "/metrics", "/alarms/" + alarm, "/api/v1/alarms", "/api/v1/alarms/" + alarm + "/explain", "/api/v1/anomalies", "/api/v1/detectors", "/api/v1/sources",
		"/api/v1/silences", "/api/v1/incidents", "/api/v1/feedback", "/api/v1/report", "/api/v1/status/buildinfo", "/api/v1/events", "/-/ready",
	} {
		res, err := http.Get("http://" + l.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if _ = res.Body.Close(); err != nil {
			t.Fatal(err)
		}
		out[path] = string(body)
	}
	a, err := slackfake.Post("http://"+l.Addr().String()+"/api/v1/slack/interactions", "another", h.clock.Now(), []byte("payload=x"))
	if err != nil || a.Status != http.StatusUnauthorized {
		t.Errorf("%+v, %v", a, err)
	}
	out["refusal"] = a.Body
	cfg := x.config()
	dumped, err := json.Marshal(cfg.Receivers)
	if err != nil {
		t.Log("the configuration has no JSON:", err)
	}
	out["configuration"] = fmt.Sprintf("%+v %v %s", *cfg, cfg.Receivers, dumped)
	x.stop()
	if err := filepath.WalkDir(h.opts.DataDir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		out["state "+e.Name()] = string(b)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	out["log at the end"] = h.logs.text()
	for where, said := range out {
		if at := strings.Index(said, "MARK"); at >= 0 {
			t.Errorf("%s has a secret: …%q…", where, said[max(0, at-200):min(len(said), at+40)])
		}
	}
	for _, heard := range []string{"basic", "bearer", "tenant", "webhook"} { // they have failed, so there was something to tell
		if !strings.Contains(out["log"], heard) {
			t.Errorf("the log says nothing of %s:\n%s", heard, out["log"])
		}
	}
}
