package alerting

import (
	"errors"
	"fmt"
	"strings"
	"text/template"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
)

// templatePrefix gives annotations the variables that Prometheus's have.
const templatePrefix = "{{$labels := .Labels}}{{$value := .Value}}{{$expected := .Expected}}{{$score := .Score}}"

// maxAnnotation is the most that an expanded annotation may hold, in bytes.
const maxAnnotation = 16 << 10

// TemplateData is what an annotation's template is expanded over: .Labels.job, .Value and so on, in the metric's own unit; also
// $labels, $value, $expected and $score. Besides the text/template functions there are Prometheus's humanize, humanize1024,
// humanizePercentage and humanizeDuration (seconds), toUpper, toLower and title, and unit, which writes a value of the series
// as the rest of the message does.
type TemplateData struct {
	Labels   map[string]string
	Value    float64 // the newest; NaN if missing
	Expected float64
	Lower    float64
	Upper    float64
	Score    float64 // anomaly score, alarms at 1

	unit string
}

func factsData(f Facts) TemplateData {
	return TemplateData{
		Labels: mergedLabels(f.Labels, f.Extra), Value: f.Now.V, Expected: f.Band.Mid, Lower: f.Band.Lower, Upper: f.Band.Upper,
		Score: f.AnomalyScore, unit: f.Unit,
	}
}

// ValidateTemplate reports what is wrong with an annotation's template, by expanding it over a sample.
func ValidateTemplate(s string) error {
	_, err := expandTemplate("annotation", s, factsData(Facts{
		Labels: labels.FromStrings("cluster", "eu1", "job", "checkout", "instance", "10.0.0.1:9100"), Unit: UnitPercent,
		Now: tidewatch.Point{V: 0.062}, Band: tidewatch.Band{Lower: 0.001, Mid: 0.004, Upper: 0.009}, AnomalyScore: 2.4,
	}))
	return err
}

func expandTemplate(name, text string, data TemplateData) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	t, err := template.New(name).Funcs(templateFuncs(data.unit)).Option("missingkey=zero").Parse(templatePrefix + text)
	if err != nil {
		return "", fmt.Errorf("parse template: %w", err)
	}
	out := limitedText{left: maxAnnotation}
	if err := t.Execute(&out, data); err != nil {
		return "", fmt.Errorf("expand template: %w", err)
	}
	return out.b.String(), nil
}

func templateFuncs(unit string) template.FuncMap {
	return template.FuncMap{
		"humanize":           func(v float64) string { return FormatValue(v, "") },
		"humanize1024":       func(v float64) string { return strings.TrimSuffix(FormatValue(v, UnitBytes), "B") },
		"humanizePercentage": func(v float64) string { return FormatValue(v, UnitPercent) },
		"humanizeDuration":   func(v float64) string { return FormatValue(v, UnitSeconds) },
		"unit":               func(v float64) string { return FormatValue(v, unit) },
		"toUpper":            strings.ToUpper,
		"toLower":            strings.ToLower,
		"title":              upperFirst,
	}
}

// limitedText takes a bounded number of bytes.
type limitedText struct {
	b    strings.Builder
	left int
}

// Write implements io.Writer.
func (w *limitedText) Write(p []byte) (int, error) {
	if len(p) > w.left {
		return 0, errTooLong
	}
	w.left -= len(p)
	return w.b.Write(p)
}

var errTooLong = errors.New("the text is longer than 16 KiB")
