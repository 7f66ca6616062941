package configs

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"time"

	commoncfg "github.com/prometheus/common/config"
	"github.com/tidewatch/tidewatch/ingest"
	"go.yaml.in/yaml/v3"
)

// Plan is what `tidewatch init` has found out and writes down.
type Plan struct {
	Source   Source // Name, URL and whatever else is set; it must hold no inline secret
	Timezone string // "" is UTC
	Span     time.Duration
	Presets  []PlanPreset // in the order of Presets(), also those that do not match
}

// PlanPreset is what init has found out about a preset.
type PlanPreset struct {
	Name      string
	Missing   []string // required metrics that the source does not have; empty: the preset matches
	Detectors []PlanDetector
}

// PlanDetector is what init has found out about a detector of a preset that matches.
type PlanDetector struct {
	Name     string
	Series   int
	Messages int    // that it would have sent in the last Span; below 0: not tried
	Note     string // for example why it was not tried
}

// Generate writes a commented configuration that loads.
func Generate(p Plan) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("# Tidewatch, written by `tidewatch init`. Every field: docs/configuration.md. Check with `tidewatch check`.\n")
	tz := p.Timezone
	if tz == "" {
		tz = "UTC"
	}
	fmt.Fprintf(&b, "global:\n  step: 1m\n  timezone: %s # daily and weekly patterns are learnt in it\n\n", scalarText(tz))
	if err := writeSource(&b, p.Source); err != nil {
		return nil, err
	}
	writePresets(&b, p)
	b.WriteString(generatedTail)
	if _, err := Parse("generated", b.Bytes()); err != nil {
		return nil, fmt.Errorf("the generated configuration is wrong: %w", err)
	}
	return b.Bytes(), nil
}

const generatedTail = `
detectors: []
#  - name: RequestDrop
#    expr: sum by (job) (rate(http_requests_total[5m]))
#    direction: below
#    min_deviation: 30%
#  - name: NodeNetworkReceive # changes only this field of the preset's detector
#    min_deviation: 100%
#  - name: NodeNetworkTransmit # leaves it out
#    enabled: false

# Messages go to Tidewatch's log until a Slack receiver is set.
route: {receiver: log, group_by: [alertname]}
receivers:
  - name: log
    log_configs: [{}]
#  - name: oncall
#    slack_configs:
#      - channel: "#oncall"
#        app_token_file: /run/secrets/slack # of an app made from slack-manifest.json
`

func writeSource(b *bytes.Buffer, s Source) error {
	fmt.Fprintf(b, "sources:\n  - name: %s\n    url: %s\n", scalarText(s.Name), scalarText(s.URL))
	for _, f := range []struct {
		name  string
		value any
		set   bool
	}{
		{"protocol", string(s.Protocol), s.Protocol != "" && s.Protocol != ingest.ProtocolAuto},
		{"labels", s.Labels, len(s.Labels) > 0},
		{"drop_labels", s.DropLabels, len(s.DropLabels) > 0},
		{"external_labels", s.ExternalLabels, len(s.ExternalLabels) > 0},
	} {
		if f.set {
			writeField(b, f.name, f.value)
		}
	}
	if reflect.DeepEqual(s.HTTP, commoncfg.HTTPClientConfig{}) || reflect.DeepEqual(s.HTTP, commoncfg.DefaultHTTPClientConfig) {
		return nil
	}
	text, err := yaml.Marshal(s.HTTP)
	if err != nil {
		return fmt.Errorf("write the HTTP settings of source %s: %w", s.Name, err)
	}
	if strings.Contains(string(text), redacted) {
		return fmt.Errorf("source %s holds a secret; name a file with it instead (password_file, credentials_file, client_secret_file)", s.Name)
	}
	for line := range strings.Lines(string(text)) {
		if line != "follow_redirects: true\n" && line != "enable_http2: true\n" {
			b.WriteString("    " + line)
		}
	}
	return nil
}

// writeField writes a field of the source in flow style, with its keys sorted.
func writeField(b *bytes.Buffer, name string, value any) {
	var n yaml.Node
	if err := n.Encode(value); err != nil {
		panic("configs: " + err.Error()) // maps and lists of strings
	}
	n.Style = yaml.FlowStyle
	text, err := yaml.Marshal(&n)
	if err != nil {
		panic("configs: " + err.Error())
	}
	fmt.Fprintf(b, "    %s: %s", name, text)
}

// scalarText is a string as YAML writes it, quoted where it must be.
func scalarText(s string) string {
	text, err := yaml.Marshal(s)
	if err != nil {
		panic("configs: " + err.Error()) // every string can be written
	}
	return strings.TrimSpace(string(text))
}

func writePresets(b *bytes.Buffer, p Plan) {
	b.WriteString("\n# Ready-made detectors, with what they found here.\npresets:\n")
	matched := 0
	for _, preset := range p.Presets {
		if len(preset.Missing) > 0 {
			fmt.Fprintf(b, "#  - %s # no series of %s\n", preset.Name, strings.Join(preset.Missing, ", "))
			continue
		}
		matched++
		fmt.Fprintf(b, "  - %s # %s\n", preset.Name, total(preset, p.Span))
		width := 0
		for _, d := range preset.Detectors {
			width = max(width, len(d.Name))
		}
		for _, d := range preset.Detectors {
			fmt.Fprintf(b, "    #   %-*s  %s\n", width, d.Name, found(d, p.Span))
		}
	}
	if matched == 0 {
		b.WriteString("  []\n")
	}
}

func total(p PlanPreset, span time.Duration) string {
	sum := PlanDetector{}
	for _, d := range p.Detectors {
		sum.Series += d.Series
		sum.Messages += max(0, d.Messages)
	}
	return fmt.Sprintf("%s, %s", count(len(p.Detectors), "detector"), found(sum, span))
}

func found(d PlanDetector, span time.Duration) string {
	if d.Series == 0 && d.Note == "" {
		return "no series yet"
	}
	text := count(d.Series, "series")
	if d.Messages >= 0 {
		text += fmt.Sprintf(", %s in the last %s", count(d.Messages, "message"), spanText(span))
	}
	if d.Note != "" {
		text += ", " + oneLine(d.Note)
	}
	return text
}

// spanText is a span in days where it is whole days: people say "the last 7 days".
func spanText(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= day && d%day == 0 {
		return count(int(d/day), "day")
	}
	return formatDuration(d)
}

func count(n int, what string) string {
	if n != 1 && !strings.HasSuffix(what, "s") {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// oneLine keeps a note inside its comment.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
