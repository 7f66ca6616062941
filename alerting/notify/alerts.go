package notify

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/tidewatch/tidewatch/alerting"
)

// Alert is one alarm as Alertmanager's label set with annotations; times are in Unix milliseconds, EndsAt is 0 while it fires.
type Alert struct {
	Status       string
	Labels       map[string]string
	Annotations  map[string]string
	StartsAt     int64
	EndsAt       int64
	GeneratorURL string
}

// NoticeAlerts are the notice's alarms as alerts. A notice about Tidewatch itself, which has none, is one alert.
func NoticeAlerts(n *alerting.Notice, externalURL string) []Alert {
	if len(n.Alarms) == 0 {
		return []Alert{noticeAlert(n, externalURL)}
	}
	out := make([]Alert, len(n.Alarms))
	for i := range n.Alarms {
		out[i] = AlarmAlert(&n.Alarms[i], externalURL)
		if n.Status == "resolved" && out[i].Status != "resolved" {
			out[i].Status, out[i].EndsAt = "resolved", cmp.Or(n.EndsAt, n.At)
		}
		if isTold(n) { // found afterwards: told, not fired
			out[i].Labels["notice_kind"] = string(n.Kind)
		}
	}
	return out
}

// AlarmAlert is one alarm as an alert.
func AlarmAlert(a *alerting.AlarmView, externalURL string) Alert {
	v := Alert{Status: "firing", Labels: alertLabels(a), Annotations: alertAnnotations(a), StartsAt: a.StartsAt, EndsAt: a.EndsAt}
	if a.EndsAt != 0 {
		v.Status = "resolved"
	}
	if externalURL != "" {
		v.GeneratorURL = strings.TrimSuffix(externalURL, "/") + "/alarms/" + a.ID
	}
	return v
}

func noticeAlert(n *alerting.Notice, externalURL string) Alert {
	ls := map[string]string{"alertname": "Tidewatch", "notice_kind": string(n.Kind), "notice_key": clean(n.Key)}
	for k, s := range n.GroupLabels {
		ls[k] = clean(s)
	}
	v := Alert{
		Status: n.Status, Labels: ls, StartsAt: n.StartsAt, EndsAt: n.EndsAt, GeneratorURL: externalURL,
		Annotations: filled(map[string]string{"summary": n.Headline, "description": strings.Join(n.Body, "\n")}),
	}
	if v.StartsAt == 0 {
		v.StartsAt = n.At
	}
	if n.Status == "resolved" && v.EndsAt == 0 {
		v.EndsAt = n.At
	}
	return v
}

// alertLabels are the labels of an alarm as Alertmanager's clients know it: the series', the detector's, and the detector's
// name as alertname.
func alertLabels(a *alerting.AlarmView) map[string]string {
	ls := make(map[string]string, len(a.Labels)+1)
	for k, s := range a.Labels {
		if s != "" { // an empty label is none
			ls[k] = clean(s)
		}
	}
	ls["alertname"] = a.Detector
	if a.HiddenLabels > 0 { // which may be all that tells it from another
		ls["alarm_id"] = a.ID
	}
	return ls
}

// alertAnnotations are what the alarm says: summary, description and Tidewatch's figures, with the detector's own annotations
// on top.
func alertAnnotations(a *alerting.AlarmView) map[string]string {
	out := map[string]string{
		"summary": a.Title, "description": a.Reason, "why": a.Why, "nearby": a.Nearby, "promise": a.Promise, "channel": a.Channel,
		"rule": a.Rule, "expr": a.Expr, "note": a.Note, "hiding": a.HidingText, "alarm": a.ID, "state": a.State,
		"score": fmt.Sprintf("%.3g", a.Score),
	}
	if finite(a.Value) {
		out["value"] = alerting.FormatValue(a.Value, a.Unit)
	}
	if finite(a.Peak) {
		out["peak"] = alerting.FormatValue(a.Peak, a.Unit)
	}
	if b := a.Band; finite(b.Lower) && finite(b.Upper) && (b.Lower != 0 || b.Upper != 0) {
		out["expected"] = alerting.FormatRange(b.Lower, b.Upper, a.Unit)
	} else if finite(b.Mid) && b.Mid != 0 && (math.IsInf(b.Lower, 0) || math.IsInf(b.Upper, 0)) {
		out["expected"] = "about " + alerting.FormatValue(b.Mid, a.Unit)
	}
	for k, s := range a.Annotations {
		out[k] = s
	}
	return filled(out)
}

// filled is m without empty texts, each fit for JSON.
func filled(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for k, s := range m {
		if s = clean(s); strings.TrimSpace(s) != "" {
			out[k] = s
		}
	}
	return out
}

// fingerprint is Alertmanager's identity of a label set: 16 hexadecimal digits.
func fingerprint(ls map[string]string) string {
	set := make(model.LabelSet, len(ls))
	for k, s := range ls {
		set[model.LabelName(k)] = model.LabelValue(s)
	}
	return set.Fingerprint().String()
}

// zeroTime is how Go, and so Alertmanager, writes that something is not over.
const zeroTime = "0001-01-01T00:00:00Z"

func stamp(ms int64) string {
	if ms == 0 {
		return zeroTime
	}
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

// isTold reports whether the notice is for people only: it fires nothing.
func isTold(n *alerting.Notice) bool {
	return n.Kind == alerting.KindSummary || n.Kind == alerting.KindReport || n.Kind == alerting.KindDigest
}
