package alerting

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestMessageTemplates(t *testing.T) {
	one := sampleNotices()[0].n
	one.Notes, one.Body = 1, append([]string{"Acknowledged by anna at 01:55"}, one.Body...)
	for text, want := range map[string]string{
		`{{.Title}} is {{unit .Value}} (usually {{unit .Lower}} to {{unit .Upper}})`: "checkout · 5xx ratio is 6.2 % (usually 0.1 % to 0.9 %)",
		`[{{.Severity | toUpper}}] {{.Labels.job}} {{.Status}} for {{.Lasts}}`:       "[CRITICAL] checkout firing for 2 min",
		`{{.Detector}} since {{clock .Since}} {{.Labels.nosuch}}`:                    "ErrorRatio since 01:54",
		`{{range .Alarms}}{{.Title}}={{.Value}} of {{.Expected}} {{end}}`:            "checkout · 5xx ratio=6.2 % of 0.1–0.9 %",
		"two\nlines": "two lines",
	} {
		m, err := ParseMessageTemplate("headline", text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := Dress(one, m, nil).Headline; got != want {
			t.Errorf("%s gives %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"{{.Title":                    "headline:1: unclosed action",
		"a\n{{.Nosuch}}":              "headline:2:",
		"{{nosuch .Title}}":           `function "nosuch" not defined`,
		"{{with .Ends}}{{end}}":       "it gives nothing",
		"{{(index .Alarms 1).Title}}": "tried on one alarm: expand template:",
	} {
		if _, err := ParseMessageTemplate("headline", text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", text, err, want)
		}
	}
}

// What people did stands first whatever the template says, and a template that fails on what its samples did not have costs no message.
func TestTemplatesLoseNothing(t *testing.T) {
	one := sampleNotices()[0].n
	one.Notes, one.Body = 1, append([]string{"Acknowledged by anna at 01:55"}, one.Body...)
	body, err := ParseMessageTemplate("body", "{{.Why}}\n\n{{range .Body}}> {{.}}\n{{end}}{{if eq .Receiver \"other\"}}{{index .Body 9}}{{end}}")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(Dress(one, nil, body).Body, "|"),
		"Acknowledged by anna at 01:55|Expected 0.4 %.|> Threshold Crossed: 3 out of the last 5 datapoints were above the band|> Expected 0.4 %."; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	one.Receiver = "other"
	got := Dress(one, nil, body)
	if n := len(one.Body); len(got.Body) != n+1 || !reflect.DeepEqual(got.Body[:n], one.Body) || !strings.Contains(got.Body[n], "the template failed: body:") {
		t.Errorf("of a template that fails: %q", got.Body)
	}
	service := ServiceNotice("r", "k", 1, false, "down", nil)
	if Dress(&service, nil, body) != &service {
		t.Error("a notice about Tidewatch itself is worded by a template")
	}
}

// The page about Slack names every field and function of templates.
func TestTemplateFieldsAreDocumented(t *testing.T) {
	b, err := os.ReadFile("../docs/notifiers/slack.md")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for f := range reflect.TypeFor[MessageData]().Fields() {
		if f.IsExported() {
			names = append(names, "| `."+f.Name+"` |")
		}
	}
	for f := range reflect.TypeFor[MessageAlarm]().Fields() {
		names = append(names, "`."+f.Name+"`")
	}
	for name := range messageFuncs("") {
		names = append(names, "`"+name+"`")
	}
	for _, name := range names {
		if !strings.Contains(string(b), name) {
			t.Errorf("docs/notifiers/slack.md lacks %s", name)
		}
	}
}
