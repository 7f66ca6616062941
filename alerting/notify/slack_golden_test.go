package notify

import (
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/slackfake"
)

func secret(s string) func() (string, error) { return func() (string, error) { return s, nil } }

// renderers are the three notifiers, set up for rendering only.
func renderers(t *testing.T) map[string]alerting.Renderer {
	t.Helper()
	all := map[string]alerting.Notifier{"log": NewLog("log", slog.New(slog.DiscardHandler))}
	for name, cfg := range map[string]*SlackConfig{
		"bot":     {Name: "oncall", Token: secret("xoxb-1"), Channel: "#oncall"},
		"buttons": {Name: "oncall", Token: secret("xoxb-1"), Channel: "#oncall", Interactive: true},
		"webhook": {Name: "oncall", WebhookURL: secret("https://hooks.slack.com/services/T/B/X"), ExternalURL: "https://tidewatch.example.com"},
	} {
		n, err := NewSlack(*cfg)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = n
	}
	out := map[string]alerting.Renderer{}
	for name, n := range all {
		r, ok := n.(alerting.Renderer)
		if !ok {
			t.Fatalf("%s renders nothing", name)
		}
		out[name] = r
	}
	return out
}

// TestRenderGolden keeps every kind of message of every notifier as a file, and checks the blocks as Slack would.
func TestRenderGolden(t *testing.T) {
	for kind, r := range renderers(t) {
		for name, n := range notices() {
			t.Run(kind+"/"+name, func(t *testing.T) {
				got, err := r.Render(n)
				if err != nil {
					t.Fatal(err)
				}
				ext := ".json"
				if kind == "log" {
					ext = ".txt"
				} else {
					checkBlocks(t, got)
				}
				checkGolden(t, filepath.Join("testdata", kind, name+ext), got)
			})
		}
	}
}

func checkBlocks(t *testing.T, payload []byte) {
	t.Helper()
	var m struct {
		Text   string
		Blocks json.RawMessage
	}
	if err := json.Unmarshal(payload, &m); err != nil {
		t.Fatal(err)
	}
	if err := slackfake.CheckBlocks(m.Blocks); err != nil {
		t.Errorf("Slack would refuse the blocks: %v", err)
	}
	if m.Text == "" || width(m.Text) > 3000 {
		t.Errorf("fallback text of %d characters", width(m.Text))
	}
}

func TestNothingInANoticeBecomesMarkup(t *testing.T) {
	for kind, r := range renderers(t) {
		got, err := r.Render(notices()["nasty"])
		if err != nil {
			t.Fatal(err)
		}
		if kind == "log" {
			continue // plain text has no markup
		}
		for _, bad := range []string{"<!", "<@", "<#", "<https://evil", "javascript:alert(1)|", `\u0000`, `\u001b`} {
			if strings.Contains(string(got), bad) {
				t.Errorf("%s: %q came through:\n%s", kind, bad, got)
			}
		}
	}
}

func TestTruncationSaysExactlyHowMuch(t *testing.T) {
	for _, tc := range []struct {
		name string
		got  string
		want string
	}{
		{"short stays", fit("abc", 3), "abc"},
		{"cut and counted", fit(strings.Repeat("x", 100), 40), strings.Repeat("x", 13) + "… (87 characters left out)"},
		{"no half entity", cut("ab&amp;cd", 5), "ab"},
		{"no half surrogate pair", cut("a😀", 2), "a"},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, tc.got, tc.want)
		}
	}
	lines := strings.Split(strings.Repeat("0123456789 ", 1000), " ")[:1000]
	text, left := joinFitting(lines, "\n", 500, func(n int) string { return "and " + alerting.Thousands(n) + " more" })
	if !strings.HasSuffix(text, "and "+alerting.Thousands(left)+" more") || strings.Count(text, "0123456789")+left != 1000 || width(text) > 500 {
		t.Errorf("%d characters, %d lines shown, said %d left: %s", width(text), strings.Count(text, "0123456789"), left, text)
	}
}

func TestStormSaysHowManyAlarmsItLeavesOut(t *testing.T) {
	for kind, r := range renderers(t) {
		for _, body := range []bool{false, true} {
			got, err := r.Render(storm(10_000, body))
			if err != nil {
				t.Fatal(err)
			}
			if s := string(got); !strings.Contains(s, "and 9,980 more") && !strings.Contains(s, "and 9980 more") {
				t.Errorf("%s, body %v: does not say that 9,980 more alarms are not listed:\n%s", kind, body, s)
			}
		}
	}
}

// TestTheLongestMessage fills every part of a message and adds up what Slack would count.
func TestTheLongestMessage(t *testing.T) {
	long := strings.Repeat("x<y & ", 3000)
	n := storm(1_000_000, false)
	n.Headline, n.CommonLabels = long, map[string]string{"severity": long, "b": long}
	for i := range n.Alarms {
		a := &n.Alarms[i]
		a.Title, a.Reason, a.Why, a.Nearby, a.Promise, a.Detector, a.Unit = long, long, long, long, long, long, long
	}
	for range 100 {
		n.Links = append(n.Links, alerting.Link{Text: long, URL: "https://x.example/" + strings.Repeat("a", 900)})
	}
	m := compose(n, chartRef{FileID: placeholderFile, Alt: long, Missing: long, Repeat: true, Link: "https://x.example/"}, webhookStyle)
	raw, err := json.Marshal(m.Blocks)
	if err != nil {
		t.Fatal(err)
	}
	if err := slackfake.CheckBlocks(raw); err != nil {
		t.Error(err)
	}
	total := 0
	for _, b := range m.Blocks {
		switch b := b.(type) {
		case *slack.SectionBlock:
			total += width(b.Text.Text)
		case *slack.ContextBlock:
			for _, e := range b.ContextElements.Elements {
				if text, ok := e.(*slack.TextBlockObject); ok {
					total += width(text.Text)
				}
			}
		}
	}
	if len(m.Blocks) != 7 || total > 12_000 || total < 7_000 {
		t.Errorf("%d blocks, %d characters; the documentation says 7 and 12,000", len(m.Blocks), total)
	}
}
