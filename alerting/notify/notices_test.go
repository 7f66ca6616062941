package notify

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
)

// at0254 is 02:54 in Berlin.
var at0254 = time.Date(2026, 11, 24, 1, 54, 0, 0, time.UTC).UnixMilli()

// incident is the notice of the design's example message.
func incident() *alerting.Notice {
	c := day(360, time.Minute, 0.004, 0.0006, 350, 360, 14)
	c.Title, c.Subtitle, c.Unit = "checkout · 5xx ratio", "3 out of the last 5 datapoints were above the band", alerting.UnitPercent
	c.Marks = []alerting.Mark{{T: c.T[350] - 40_000, Text: "checkout 1.8.2 → 1.8.3"}}
	return &alerting.Notice{
		Key: "k-checkout", Version: 1, Kind: alerting.KindIncident, Receiver: "oncall", Status: "firing",
		At: at0254 + 120_000, StartsAt: at0254, Timezone: "Europe/Berlin",
		GroupLabels:  map[string]string{"cluster": "eu1", "job": "checkout"},
		CommonLabels: map[string]string{"cluster": "eu1", "job": "checkout", "severity": "page", "alertname": "ErrorRatio"},
		Headline:     "checkout · 5xx ratio 6.2 %, expected 0.1–0.9 % · eu1 · since 02:54 CET",
		Body: []string{
			"Threshold Crossed: 3 out of the last 5 datapoints were above the band: 02:54 4.1 %, 02:55 5.8 %, 02:56 6.2 %",
			"Nearby: began 40 s after build_info of checkout changed 1.8.2 → 1.8.3.",
			"Expected 0.4 % = level 0.5 % − Tuesday 03:00 0.1 %. History 15 d.",
			"Promise ≤ 1 false alarm/30 d · score 2.4 (alarms at 1)",
		},
		Alarms: []alerting.AlarmView{{
			ID: "7f3a19c0d2", Detector: "ErrorRatio", SeriesID: 42, Labels: map[string]string{"job": "checkout", "cluster": "eu1"},
			State: "ALARM", StartsAt: at0254, Title: "checkout · 5xx ratio", Unit: alerting.UnitPercent, Value: 0.062, Peak: 0.062,
			Band: tidewatch.Band{Lower: 0.001, Mid: 0.004, Upper: 0.009}, Score: 2.4, Surprise: 7.1, Channel: "band",
			Reason: "Threshold Crossed: 3 out of the last 5 datapoints were above the band: 02:54 4.1 %, 02:55 5.8 %, 02:56 6.2 %",
			Why:    "Expected 0.4 % = level 0.5 % − Tuesday 03:00 0.1 %. History 15 d.", Promise: "≤ 1 false alarm/30 d", Chart: c,
			Nearby: "Nearby: began 40 s after build_info of checkout changed 1.8.2 → 1.8.3.",
		}},
		Links: []alerting.Link{
			{Text: "Runbook", URL: "https://runbooks.example.com/5xx"},
			{Text: "Graph", URL: "https://prometheus.example.com/graph?g0.expr=sum(rate(x[5m]))&g0.tab=0"},
			{Text: "Why?", URL: "https://tidewatch.example.com/alarms/7f3a19c0d2"},
		},
	}
}

// resolved is the incident's end.
func resolved() *alerting.Notice {
	n := incident()
	n.Version, n.Status, n.EndsAt, n.At = 2, "resolved", at0254+27*60_000, at0254+28*60_000
	n.Headline = "Resolved 03:21 after 27 min · checkout · 5xx ratio peaked 7.1 %"
	n.Reply = n.Headline
	return n
}

// storm is an incident of total alarms, of which the notice carries as many as a notice may.
func storm(total int, body bool) *alerting.Notice {
	n := incident()
	n.Body = nil
	first := n.Alarms[0]
	n.Alarms = nil
	for i := range min(total, alerting.MaxAlarmViews) {
		a := first
		a.ID = fmt.Sprintf("%08x", i)
		a.Labels = map[string]string{"job": "checkout", "cluster": "eu1", "instance": fmt.Sprintf("node-%04d.example.com:9100", i)}
		a.Title = fmt.Sprintf("checkout · node-%04d · 5xx ratio", i)
		a.StartsAt += int64(i) * 60_000
		if body {
			n.Body = append(n.Body, "• "+a.Title+" "+strings.Repeat("with a very long line ", 30))
		}
		n.Alarms = append(n.Alarms, a)
	}
	n.Omitted = total - len(n.Alarms)
	n.Headline = fmt.Sprintf("%d alarms · eu1 · checkout · worst 5xx ratio 6.2 %%, expected 0.1–0.9 %% · since 02:54 CET", total)
	if body && n.Omitted > 0 {
		n.Body = append(n.Body, fmt.Sprintf("and %d more", n.Omitted), first.Reason, first.Why)
	}
	return n
}

// notices are messages of every kind, by the name of their golden file.
func notices() map[string]*alerting.Notice {
	all := map[string]*alerting.Notice{
		"incident": incident(), "resolved": resolved(), "storm": storm(10_000, false), "storm-body": storm(10_000, true), "two": storm(2, false),
	}
	shift := incident()
	shift.Body = nil
	shift.CommonLabels["severity"] = "warning"
	shift.Alarms[0].Channel, shift.Alarms[0].Reason = "shift", "The level moved: CUSUM 8.2 over its limit of 5"
	shift.Alarms[0].Value = math.NaN()
	all["shift"] = shift
	all["service"] = &alerting.Notice{
		Key: "k-source", Version: 1, Kind: alerting.KindService, Receiver: "oncall", Status: "firing", At: at0254, StartsAt: at0254, Timezone: "UTC",
		Headline: "Tidewatch is blind: source eu1 has been unreachable since 01:49 UTC",
		Body:     []string{"GET http://prometheus.monitoring:9090/api/v1/read: connection refused", "No detector of this source is evaluated; no alarm is changed."},
	}
	all["summary"] = &alerting.Notice{
		Key: "k-start", Version: 1, Kind: alerting.KindSummary, Receiver: "oncall", Status: "firing", At: at0254, Timezone: "UTC",
		Headline: "3 alarms were active when Tidewatch started", Body: []string{"• a & b", "• <c>", "• d"},
	}
	all["test"] = &alerting.Notice{
		Key: "k-test", Version: 1, Kind: alerting.KindTest, Receiver: "oncall", Status: "firing", At: at0254, Timezone: "UTC",
		Headline: "Tidewatch can post here", Body: []string{"Sent by tidewatch check --slack; it will be marked as resolved at once."},
	}
	nasty := incident()
	nasty.Headline = "<!channel> & <https://evil.example|click> *bold* _it_ `code` @here #general\nsecond line"
	nasty.Body = []string{"a < b && c > d", "<!everyone>", "\x00\x1b[31mcontrol", strings.Repeat("ü", 9000)}
	nasty.Links = []alerting.Link{{Text: "bad", URL: "javascript:alert(1)"}, {Text: "a|b>", URL: "https://x.example/a|b>c d?e=<f>&g"}}
	all["nasty"] = nasty
	return all
}
