package configs

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/ingest"
)

func load(t *testing.T, path string) *Config {
	t.Helper()
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustParse(t *testing.T, text string) *Config {
	t.Helper()
	c, err := Parse("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func detector(t *testing.T, c *Config, name string) Detector {
	t.Helper()
	d, ok := c.Detector(name)
	if !ok {
		t.Fatalf("no detector %s", name)
	}
	return d
}

// TestDefaults: the decided defaults of a detector that says nothing.
func TestDefaults(t *testing.T) {
	c := load(t, "testdata/experience.good.yml")
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	got := detector(t, c, "RequestDrop")
	want := Detector{
		Name: "RequestDrop", Source: "eu1", Expr: "sum by (job) (rate(http_requests_total[5m]))",
		Step: time.Minute, Delay: 30 * time.Second, History: 15 * 24 * time.Hour,
		Model: "combined", Location: berlin, AcceptAfter: 48 * time.Hour, Range: [2]float64{math.Inf(-1), math.Inf(1)},
		Expect: Rate{1, 30 * 24 * time.Hour}, Direction: Below, MinDeviation: MinDeviation{Relative: true, Value: 0.3},
		Alarm: alerting.Policy{Datapoints: 3, Of: 5, Missing: alerting.Ignore, Recovery: 1, Resolve: 5}, MaxSeries: 1000, DataQuality: true, Notify: true, input: "map[]",
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Detector{}), cmp.Comparer(sameLocation)); diff != "" {
		t.Error(diff)
	}
	if got := c.Receivers[0].Slack[0]; got.Channel != "#oncall" || got.Webhook() || !got.SendResolved || got.AppURL != "https://slack.com/api/" {
		t.Errorf("receiver %+v", got)
	}
	if d := cmp.Diff(&alerting.Route{Receiver: "oncall", GroupBy: []string{"cluster", "job"}, GroupByCause: new(true)}, c.Route); d != "" {
		t.Error(d)
	}
}

func sameLocation(a, b *time.Location) bool { return a.String() == b.String() }

// TestAtOnce: by default a single point may alarm where it stands for five minutes and the file does not say what an alarm is.
func TestAtOnce(t *testing.T) {
	for fields, want := range map[string]bool{
		"step: 5m": true, "step: 1h": true, "step: 1m": false, "step: 5m, alarm: {missing: breaching}": true,
		"step: 5m, alarm: {datapoints: 3}": false, "step: 5m, alarm: {of: 6}": false, "step: 5m, for: 10m": false, "step: 5m, band: 3": false,
		"step: 1m, alarm: {at_once: true}": true, "step: 5m, alarm: {at_once: false}": false, "step: 5m, alarm: {of: 6, at_once: true}": true,
	} {
		file := "sources: [{name: p, url: 'http://localhost:9090/api/v1/read'}]\ndetectors:\n  - {name: D, expr: up, " + fields + "}\n"
		c, err := Parse("test.yml", []byte(file))
		if err != nil {
			t.Errorf("%s: %v", fields, err)
			continue
		}
		if got := c.Detectors[0].Alarm.AtOnce; got != want {
			t.Errorf("%s: at once is %v, want %v", fields, got, want)
		}
	}
	_, err := Parse("test.yml", []byte("sources: [{name: p, url: 'http://localhost:9090/api/v1/read'}]\ndetectors:\n  - {name: D, expr: up, band: 3, alarm: {at_once: true}}\n"))
	if err == nil || !strings.Contains(err.Error(), "at_once: true, but band") {
		t.Errorf("at_once with a band: error %v", err)
	}
}

func TestFullFile(t *testing.T) {
	c := load(t, "testdata/full.good.yml")
	d := detector(t, c, "ErrorRatio")
	if d.Step != time.Minute || d.Delay != 45*time.Second || d.Location.String() != "Europe/Berlin" || d.Notify ||
		d.ExpectPerSeries != (Rate{1, 90 * 24 * time.Hour}) || !d.Expect.IsZero() || d.MinDeviation != (MinDeviation{true, 0.015}) ||
		d.Range != [2]float64{0, math.Inf(1)} || d.MaxSeries != 50 || d.AcceptAfter != 24*time.Hour {
		t.Errorf("ErrorRatio is %+v", d)
	}
	if want := (alerting.Policy{Datapoints: 2, Of: 4, Missing: alerting.MissingNotBreaching, For: 2 * time.Minute, KeepFiringFor: 5 * time.Minute, Recovery: 1, Resolve: 4}); d.Alarm != want {
		t.Errorf("alarm %+v", d.Alarm)
	}
	if d := cmp.Diff([]time.Duration{24 * time.Hour, 7 * 24 * time.Hour}, d.Seasons); d != "" {
		t.Error(d)
	}
	if lit := detector(t, c, "Literal"); lit.Seasons == nil || len(lit.Seasons) != 0 || lit.Band != 2.5 || !lit.Expect.IsZero() ||
		lit.MinDeviation != (MinDeviation{false, 3}) || lit.Delay != 0 || lit.Step != 30*time.Second || lit.History != 28*24*time.Hour {
		t.Errorf("Literal is %+v", lit)
	}
	if orders := detector(t, c, "Orders"); orders.Direction != Below {
		t.Errorf("Orders is %+v", orders)
	}
	if d := cmp.Diff([]string{"testdata/detectors.d/empty.yml", "testdata/detectors.d/orders.yml"}, c.DetectorFiles); d != "" {
		t.Error(d)
	}
	s := c.Sources[0]
	if s.Concurrency != 4 || s.Timeout != 20*time.Second || s.HTTP.FollowRedirects || s.HTTP.OAuth2.ClientSecretFile != "testdata/secrets/oauth" ||
		s.HTTP.TLSConfig.CAFile != "testdata/ca.pem" || s.HTTP.HTTPHeaders.Headers["X-Scope-OrgID"].Values[0] != "team-a" {
		t.Errorf("source %+v", s)
	}
	if err := s.HTTP.Validate(); err != nil {
		t.Error(err)
	}
	if c.Global.ExternalURL != "https://tidewatch.example.com" || c.Global.Heartbeat.Interval != 5*time.Minute || c.Storage.Keep.Events != 30*24*time.Hour || c.Storage.Keep.Unsent != 7*24*time.Hour {
		t.Errorf("global %+v, storage %+v", c.Global, c.Storage)
	}
	if c.Storage.Recording != (Recording{Enabled: true, Samples: true, MaxSize: 512 << 20}) {
		t.Errorf("recording %+v", c.Storage.Recording)
	}
	if got := c.Receivers[0].Slack[0]; !got.Webhook() || got.SendResolved || got.APIURLFile != "testdata/secrets/webhook" {
		t.Errorf("webhook %+v", got)
	}
	if r := c.Route.Routes[0]; !r.Continue || len(r.Matchers) != 3 || r.Matchers[2].String() != `cluster!="eu2"` {
		t.Errorf("route %+v", r)
	}
	if r := c.Route.Routes[1]; r.GroupBy == nil || len(r.GroupBy) != 0 || r.Matchers[0].Name != "team name" || r.Routes[0].GroupBy != nil {
		t.Errorf("route %+v", r)
	}
	if !c.Export.Matches(labels.FromStrings("job", "checkout")) || c.Export.Matches(labels.FromStrings("job", "x", "cluster", "eu1")) {
		t.Error("export matches wrongly")
	}
}

// TestPresetOverrides: an own detector takes over what it does not set, and setting one promise drops the preset's.
func TestPresetOverrides(t *testing.T) {
	c := load(t, "testdata/full.good.yml")
	busy := detector(t, c, "NodeCPUBusy")
	if busy.MinDeviation.Value != 0.4 || busy.Band != 3 || !busy.Expect.IsZero() || busy.Direction != Above || busy.Unit != "percent" || busy.Preset != "node-exporter" {
		t.Errorf("NodeCPUBusy is %+v", busy)
	}
	if _, ok := c.Detector("NodeDiskBusy"); ok {
		t.Error("enabled: false was not heeded")
	}
	if detector(t, c, "NodeMemoryAvailable").Preset != "node-exporter" {
		t.Error("a preset's detector is missing")
	}
	c = load(t, "testdata/anchors.good.yml")
	if d := detector(t, c, "PrometheusMemory@us1"); d.Source != "us1" || d.Expect != (Rate{2, 7 * 24 * time.Hour}) || d.Step != time.Minute {
		t.Errorf("override with a source is %+v", d)
	}
	if d := detector(t, c, "RequestRateUS"); d.Alarm.Datapoints != 5 || d.Alarm.Of != 10 || d.Source != "us1" {
		t.Errorf("merged detector is %+v", d)
	}
}

// TestSecretsAreNeverPrinted goes through the ways in which a configuration gets printed.
func TestSecretsAreNeverPrinted(t *testing.T) {
	c := load(t, "testdata/full.good.yml")
	js, err := json.Marshal(c.Receivers)
	if err != nil {
		t.Fatal(err)
	}
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "receiver", c.Receivers[1], "token", c.Receivers[1].Slack[0].AppToken, "url", c.Global.Heartbeat.URL)
	for _, s := range []string{fmt.Sprintf("%v %+v %#v", c.Receivers, c.Receivers, c.Receivers[1].Slack[0].AppToken), string(js), logged.String(), fmt.Sprintf("%+v", *c)} {
		for _, secret := range []string{"hunter2", "3f1c"} {
			if strings.Contains(s, secret) {
				t.Errorf("a secret in %s", s)
			}
		}
	}
	if tok, err := c.Receivers[1].Slack[0].Token(); tok != "xoxb-hunter2" || err != nil {
		t.Errorf("the token is %q, %v", tok, err)
	}
}

func TestSecretFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	s := SlackConfig{AppTokenFile: path}
	if _, err := s.Token(); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a missing file gives %v", err)
	}
	for _, tc := range []struct{ content, want, wantErr string }{{"xoxb-1\n", "xoxb-1", ""}, {"xoxb-2", "xoxb-2", ""}, {" \n", "", "empty"}} {
		if err := os.WriteFile(path, []byte(tc.content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := s.Token()
		if got != tc.want || (err == nil) != (tc.wantErr == "") || err != nil && !strings.Contains(err.Error(), tc.wantErr) {
			t.Errorf("%q gives %q, %v", tc.content, got, err)
		}
	}
}

func TestRates(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want Rate
		text string
	}{
		{"1/30d", Rate{1, 30 * 24 * time.Hour}, "1/30d"},
		{"2/1w", Rate{2, 7 * 24 * time.Hour}, "2/1w"},
		{"2/w", Rate{2, 7 * 24 * time.Hour}, "2/1w"},
		{"0.5 / 12h", Rate{0.5, 12 * time.Hour}, "0.5/12h"},
		{"1/4w", Rate{1, 28 * 24 * time.Hour}, "1/28d"},
	} {
		got, err := ParseRate(tc.in)
		if err != nil || got != tc.want || got.String() != tc.text {
			t.Errorf("ParseRate(%q) = %v (%s), %v", tc.in, got, got, err)
		}
		if again, err := ParseRate(got.String()); err != nil || again != got {
			t.Errorf("%s does not read back: %v, %v", got, again, err)
		}
	}
	for _, bad := range []string{"", "1", "/30d", "1/", "0/1d", "-1/1d", "NaN/1d", "Inf/1d", "1/0s", "1/30", "1/1d/2", "one/1d", "1/d d"} {
		if r, err := ParseRate(bad); err == nil {
			t.Errorf("ParseRate(%q) = %v, want an error", bad, r)
		}
	}
	if got := (Rate{3, 12 * time.Hour}).PerDay(); got != 6 {
		t.Errorf("PerDay is %v", got)
	}
}

// TestExclude: ranges end before their end, windows follow the wall clock over midnight and over the change to summer time
// (2026-03-29 in Berlin: 02:00 to 03:00 does not exist).
func TestExclude(t *testing.T) {
	c := mustParse(t, `
sources: [{name: a, url: "http://a/"}]
global: {timezone: Europe/Berlin}
detectors:
  - name: A
    expr: vector(1)
    exclude:
      - {start: 2026-12-24T00:00:00+01:00, end: 2026-12-25T00:00:00+01:00}
      - {start: "22:00", end: "02:00", weekdays: [sat]}
      - {start: "04:00", end: "05:00"}
`)
	e := c.Detectors[0].Exclude
	for at, want := range map[string]bool{
		"2026-12-23T23:59:59+01:00": false, "2026-12-24T00:00:00+01:00": true, "2026-12-24T23:59:59+01:00": true, "2026-12-25T00:00:00+01:00": false,
		"2026-03-28T21:59:59+01:00": false, "2026-03-28T22:00:00+01:00": true, "2026-03-29T01:59:59+01:00": true, "2026-03-29T03:00:00+02:00": false,
		"2026-03-29T04:00:00+02:00": true, "2026-03-29T05:00:00+02:00": false, "2026-03-28T04:30:00+01:00": true, "2026-03-27T23:00:00+01:00": false,
		"2026-03-29T23:00:00+02:00": false,
	} {
		ts, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Contains(ts.UnixMilli()); got != want {
			t.Errorf("%s: excluded is %v, want %v", at, got, want)
		}
	}
}

func TestMatchers(t *testing.T) {
	for in, want := range map[string]string{
		`a="b"`: `a="b"`, `a=b`: `a="b"`, ` a =~ "b|c" `: `a=~"b|c"`, `{a="b", c!="d",}`: `a="b" c!="d"`, `a!~b.*,c=d e`: `a!~"b.*" c="d e"`,
		`"x y"="z"`: `"x y"="z"`, `a="quote \" comma, brace }"`: `a="quote \" comma, brace }"`, `a=`: `a=""`,
	} {
		ms, err := parseMatchers(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		var got []string
		for _, m := range ms {
			got = append(got, m.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s is %s, want %s", in, got, want)
		}
	}
}

func TestModelConfig(t *testing.T) {
	d := detector(t, load(t, "testdata/full.good.yml"), "ErrorRatio")
	m := d.ModelConfig(3)
	if m.Kind != "combined" || m.Rows != 3 || m.Step != time.Minute || m.Location != d.Location || len(m.Seasons) != 2 ||
		m.Min != 0 || !math.IsInf(m.Max, 1) || m.AcceptAfter != 24*time.Hour {
		t.Errorf("got %+v", m)
	}
}

func TestLookups(t *testing.T) {
	c := load(t, "testdata/full.good.yml")
	if r, ok := c.Receiver("oncall"); !ok || len(r.Slack) != 1 {
		t.Errorf("receiver %+v", r)
	}
	if _, ok := c.Receiver("x"); ok {
		t.Error("receiver x")
	}
	if _, ok := c.Source("x"); ok {
		t.Error("source x")
	}
	if url, err := c.Receivers[0].Slack[1].WebhookURL(); url != "https://hooks.slack.example.com/services/T0/B0/hunter2" || err != nil {
		t.Errorf("webhook %q, %v", url, err)
	}
	m := mustParse(t, base+"    model: seasonal\n")
	if m.Detectors[0].Model != "seasonal" {
		t.Errorf("model %q", m.Detectors[0].Model)
	}
}

// BenchmarkParse reads 1,000 detectors.
func BenchmarkParse(b *testing.B) {
	var text strings.Builder
	text.WriteString("sources: [{name: a, url: \"http://a/\"}]\ndetectors:\n")
	for i := range 1000 {
		fmt.Fprintf(&text, "  - name: D%d\n    expr: sum by (job) (rate(http_requests_total{code=~\"5..\"}[5m]))\n    direction: above\n    min_deviation: 30%%\n", i)
	}
	data := []byte(text.String())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("bench", data); err != nil {
			b.Fatal(err)
		}
	}
}

// The address of a server is completed with the path of query_range, wherever it was copied from.
func TestQueryRangeURL(t *testing.T) {
	for in, want := range map[string]string{
		"http://victoria:8428":                     "http://victoria:8428/api/v1/query_range",
		"http://victoria:8428/":                    "http://victoria:8428/api/v1/query_range",
		"http://vmselect:8481/select/0/prometheus": "http://vmselect:8481/select/0/prometheus/api/v1/query_range",
		"http://mimir/prometheus/api/v1/read?a=b":  "http://mimir/prometheus/api/v1/query_range?a=b",
		"http://thanos:10902/api/v1/query_range":   "http://thanos:10902/api/v1/query_range",
	} {
		cfg, err := Parse("tidewatch.yml", []byte("sources: [{name: a, protocol: query_range, url: \""+in+"\"}]\ndetectors: [{name: Up, expr: up}]"))
		if err != nil {
			t.Fatal(err)
		}
		if s := cfg.Sources[0]; s.URL != want || s.Protocol != ingest.ProtocolQueryRange {
			t.Errorf("%s becomes %s by %s, want %s", in, s.URL, s.Protocol, want)
		}
	}
}
