package alerting

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"text/template"
	"time"

	"github.com/tidewatch/tidewatch"
)

// MessageTemplate is a Go template for a part of an incident's message, expanded over a MessageData. Its functions are those of
// annotations; besides, join and clock ("15:04").
type MessageTemplate struct {
	field string
	t     *template.Template
	line  bool // it must give one line
}

// MessageData is what a MessageTemplate sees of an incident. Numbers are in the metric's own unit and those of the most severe alarm;
// unit writes one as the message does, "-" where it is missing.
type MessageData struct {
	Status   string            // firing or resolved
	Severity string            // critical, warning or info
	Headline string            // what the message would say without the template
	Body     []string          // likewise, without what people did about the incident, which always stands first
	Labels   map[string]string // labels that all its alarms share, `alertname` among them
	Group    map[string]string // the labels by which it was grouped
	Detector string
	Title    string // of the most severe alarm: "checkout · 5xx ratio"
	Value    float64
	Expected float64
	Lower    float64
	Upper    float64
	Peak     float64
	Score    float64 // alarms at 1
	Reason   string  // CloudWatch's wording with the values
	Why      string  // what the expectation is made of
	Nearby   string  // deploys and restarts around the beginning
	Promise  string
	Record   string // "marked false 1 of 4"
	Count    int    // alarms, those that have no room in Alarms as well
	Alarms   []MessageAlarm
	Since    time.Time // in the configured time zone, as Ends and Now are
	Ends     time.Time // zero while it goes on
	Now      time.Time // of this version of the message
	Lasts    string    // "27 min"
	Receiver string

	unit string
}

// MessageAlarm is one of the alarms that a message shows, the most severe first.
type MessageAlarm struct {
	Detector    string
	Title       string
	State       string // ALARM, OK or INSUFFICIENT_DATA
	Labels      map[string]string
	Annotations map[string]string
	Value       string // with its unit
	Expected    string // "0.1–0.9 %"
	Score       float64
	Reason      string
}

// ParseMessageTemplate parses a template and expands it over samples: one alarm and several, firing and over, with a value and
// without. field is "headline", which must give one line that is not empty, or "body".
func ParseMessageTemplate(field, text string) (*MessageTemplate, error) {
	t := &MessageTemplate{field: field, line: field == "headline"}
	var err error
	if t.t, err = template.New(field).Funcs(messageFuncs("")).Option("missingkey=zero").Parse(text); err != nil {
		return nil, fmt.Errorf("parse template: %w", err)
	}
	for _, s := range sampleNotices() {
		out, err := t.Expand(s.n)
		if err != nil {
			return nil, fmt.Errorf("tried on %s: %w", s.name, err)
		}
		if t.line && strings.TrimSpace(out) == "" {
			return nil, fmt.Errorf("tried on %s: it gives nothing", s.name)
		}
	}
	return t, nil
}

// Expand is the text for a notice about an incident.
func (t *MessageTemplate) Expand(n *Notice) (string, error) {
	data := messageData(n)
	tt, err := t.t.Clone()
	if err != nil {
		return "", fmt.Errorf("%s: %w", t.field, err)
	}
	out := limitedText{left: maxAnnotation}
	if err := tt.Funcs(messageFuncs(data.unit)).Execute(&out, data); err != nil {
		return "", fmt.Errorf("expand template: %w", err)
	}
	if t.line {
		return strings.Join(strings.Fields(out.b.String()), " "), nil
	}
	return out.b.String(), nil
}

// errTemplate is what a message says where its template fails, which its samples did not show.
var errTemplate = errors.New("the template failed")

// Dress is a notice about an incident in the words of templates, each of which may be nil. Other notices stay as they are. Where a
// template fails, Tidewatch's own words stay, with a line that says so.
func Dress(n *Notice, headline, body *MessageTemplate) *Notice {
	if n.Kind != KindIncident || headline == nil && body == nil {
		return n
	}
	out := *n
	notes, rest := n.Body[:min(n.Notes, len(n.Body))], n.Body[min(n.Notes, len(n.Body)):]
	var failed []string
	if headline != nil {
		if text, err := headline.Expand(n); err == nil && text != "" {
			out.Headline = text
		} else if err != nil {
			failed = append(failed, fmt.Sprintf("%v: headline: %v", errTemplate, err))
		}
	}
	if body != nil {
		if text, err := body.Expand(n); err == nil {
			rest = nonEmpty(strings.Split(text, "\n")...)
		} else {
			failed = append(failed, fmt.Sprintf("%v: body: %v", errTemplate, err))
		}
	}
	out.Body = append(append(append([]string{}, notes...), rest...), failed...)
	return &out
}

func messageFuncs(unit string) template.FuncMap {
	fs := templateFuncs(unit)
	fs["unit"] = func(v float64) string {
		if !isFinite(v) {
			return "-"
		}
		return FormatValue(v, unit)
	}
	fs["join"] = func(sep string, parts []string) string { return strings.Join(parts, sep) }
	fs["clock"] = func(t time.Time) string { return t.Format("15:04") }
	return fs
}

func messageData(n *Notice) MessageData {
	loc, err := time.LoadLocation(n.Timezone)
	if err != nil {
		loc = time.UTC
	}
	level, _ := n.Severity()
	d := MessageData{
		Status: n.Status, Severity: string(level), Headline: n.Headline, Body: n.Body[min(n.Notes, len(n.Body)):], Labels: n.CommonLabels,
		Group: n.GroupLabels, Count: len(n.Alarms) + n.Omitted, Receiver: n.Receiver,
		Value: math.NaN(), Expected: math.NaN(), Lower: math.NaN(), Upper: math.NaN(), Peak: math.NaN(),
		Since: time.UnixMilli(n.StartsAt).In(loc), Now: time.UnixMilli(n.At).In(loc), Lasts: FormatSpan(n.At - n.StartsAt),
	}
	if n.EndsAt != 0 {
		d.Ends, d.Lasts = time.UnixMilli(n.EndsAt).In(loc), FormatSpan(n.EndsAt-n.StartsAt)
	}
	for i := range n.Alarms {
		v := &n.Alarms[i]
		d.Alarms = append(d.Alarms, MessageAlarm{
			Detector: v.Detector, Title: v.Title, State: v.State, Labels: v.Labels, Annotations: v.Annotations,
			Value: FormatValue(v.Value, v.Unit), Expected: expected(v.Band, v.Unit), Score: v.Score, Reason: v.Reason,
		})
	}
	if len(n.Alarms) > 0 {
		v := &n.Alarms[0]
		d.Detector, d.Title, d.Value, d.Peak, d.Score, d.unit = v.Detector, v.Title, v.Value, v.Peak, v.Score, v.Unit
		d.Expected, d.Lower, d.Upper = v.Band.Mid, v.Band.Lower, v.Band.Upper
		d.Reason, d.Why, d.Nearby, d.Promise, d.Record = v.Reason, v.Why, v.Nearby, v.Promise, v.Record
	}
	return d
}

// sample is an incident on which templates are tried.
type sample struct {
	name string
	n    *Notice
}

func sampleNotices() []sample {
	const at = 1_772_503_000_000
	alarm := AlarmView{
		ID: "7f3a19c0", Detector: "ErrorRatio", State: "ALARM", StartsAt: at - 120_000, Title: "checkout · 5xx ratio", Unit: UnitPercent,
		Labels: map[string]string{"cluster": "eu1", "job": "checkout"}, Annotations: map[string]string{"summary": "too many errors"},
		Value: 0.062, Peak: 0.071, Band: tidewatch.Band{Lower: 0.001, Mid: 0.004, Upper: 0.009}, Score: 2.4, Channel: "band",
		Reason: "Threshold Crossed: 3 out of the last 5 datapoints were above the band", Why: "Expected 0.4 %.",
		Promise: "≤ 1 false alarm/30 d", Record: "marked false 0 of 4",
	}
	one := &Notice{
		Kind: KindIncident, Status: "firing", Receiver: "oncall", At: at, StartsAt: at - 120_000, Timezone: "UTC",
		GroupLabels: map[string]string{"job": "checkout"}, CommonLabels: map[string]string{"alertname": "ErrorRatio", "job": "checkout"},
		Headline: "checkout · 5xx ratio 6.2 %, expected 0.1–0.9 % · since 01:54 UTC", Body: []string{alarm.Reason, alarm.Why},
		Alarms: []AlarmView{alarm},
	}
	over, many, blind := *one, *one, *one
	over.Status, over.EndsAt = "resolved", at
	blindAlarm := alarm
	blindAlarm.Value, blindAlarm.Peak, blindAlarm.Band, blindAlarm.Annotations = math.NaN(), math.NaN(), noBand, nil
	blind.Alarms = []AlarmView{blindAlarm}
	many.Alarms, many.Omitted, many.CommonLabels = []AlarmView{alarm, blindAlarm}, 3, map[string]string{}
	return []sample{{"one alarm", one}, {"an incident that is over", &over}, {"several alarms", &many}, {"an alarm without data", &blind}}
}
