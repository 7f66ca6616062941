package alerting

import (
	"strings"
	"testing"
)

func TestTemplates(t *testing.T) {
	data := TemplateData{
		Labels: map[string]string{"job": "checkout"}, Value: 0.0623, Expected: 0.004, Lower: 0.001, Upper: 0.009, Score: 2.4,
		unit: UnitPercent,
	}
	for _, c := range []struct{ text, want string }{
		{"plain } text", "plain } text"},
		{"{{ $labels.job }} is at {{ $value }}", "checkout is at 0.0623"},
		{"{{ .Labels.job }} {{ unit .Value }} not {{ unit .Lower }} to {{ unit .Upper }}", "checkout 6.2 % not 0.1 % to 0.9 %"},
		{"{{ $labels.absent }}|{{ .Labels.absent }}", "|"},
		{`{{ printf "%.1f" $score }} {{ $expected }}`, "2.4 0.004"},
		{`{{ humanize 12345.0 }} {{ humanize1024 2048.0 }} {{ humanizePercentage 0.5 }} {{ humanizeDuration 90.0 }}`, "12.3 k 2 Ki 50 % 1.5 min"},
		{`{{ "a" | toUpper }}{{ "B" | toLower }}{{ title "word" }}`, "AbWord"},
		{`{{ if gt $value 0.05 }}high{{ end }}`, "high"},
	} {
		if err := ValidateTemplate(c.text); err != nil {
			t.Errorf("%s: not valid: %v", c.text, err)
		}
		got, err := expandTemplate("x", c.text, data)
		if err != nil || got != c.want {
			t.Errorf("%s: %q, %v; want %q", c.text, got, err, c.want)
		}
	}
	for text, want := range map[string]string{
		"{{ .Labels.job":             "parse template",
		"{{ .Label.job }}":           "can't evaluate field Label",
		"{{ nosuch }}":               `function "nosuch" not defined`,
		`{{ printf "%20000d" 1 }}`:   "longer than 16 KiB",
		`{{ template "elsewhere" }}`: "elsewhere",
	} {
		if err := ValidateTemplate(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q in it", text, err, want)
		}
	}
}
