package notify

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/slackfake"
)

// FuzzSlackPayload puts arbitrary text into every field of a notice: Slack must take the message whatever the labels are, and
// nothing in it may become a mention.
func FuzzSlackPayload(f *testing.F) {
	f.Add("headline", "body\nline", "reason", "label", "https://x.example/", "reply", "percent", 3, 10_000, 0.5)
	f.Add("<!channel>", "&lt;", "*_~`", "\x00\xff", "http://a|b>", "", "", 1, 0, math.Inf(1))
	f.Add(strings.Repeat("&", 4000), strings.Repeat("é\n", 3000), strings.Repeat("<", 9000), strings.Repeat("😀", 999), "https://"+strings.Repeat("a", 4000), strings.Repeat("&", 5000), "bytes", 20, 1<<40, math.NaN())
	f.Fuzz(func(t *testing.T, headline, body, reason, label, link, reply, unit string, alarms, omitted int, value float64) {
		n := &alerting.Notice{
			Key: label, Version: 1, Kind: alerting.KindIncident, Status: "firing", Timezone: label, Headline: headline, Reply: reply,
			GroupLabels: map[string]string{label: body}, CommonLabels: map[string]string{label: headline, "severity": label}, Omitted: max(0, omitted),
		}
		if body != "" && body[0] != '-' {
			n.Body = strings.Split(body, "\n")
		}
		for i := range max(0, min(alarms, alerting.MaxAlarmViews)) {
			n.Alarms = append(n.Alarms, alerting.AlarmView{
				ID: label, Detector: headline, Title: body, Labels: map[string]string{label: reason}, Reason: reason, Why: body, Promise: label, Unit: unit,
				Value: value, Score: value, Channel: label, State: label, StartsAt: int64(i) << 40,
			})
		}
		for range 1 + len(label)%80 {
			n.Links = append(n.Links, alerting.Link{Text: label, URL: link})
		}
		for _, m := range []message{
			compose(n, chartRef{FileID: placeholderFile, Alt: body + reason, Missing: reason, Repeat: true, Link: link}, webhookStyle),
			compose(n, chartRef{Missing: body}, style{buttons: true}), composeReply(n),
		} {
			raw, err := json.Marshal(m.Blocks)
			if err != nil {
				t.Fatal(err)
			}
			if err := slackfake.CheckBlocks(raw); err != nil {
				t.Errorf("%v\n%s", err, raw)
			}
			if m.Text == "" || width(m.Text) > slackSection+100 {
				t.Errorf("fallback of %d characters", width(m.Text))
			}
			for _, mention := range []string{"<!", "<@", "<#"} {
				if strings.Contains(m.Text, mention) {
					t.Errorf("%q in %q", mention, m.Text)
				}
			}
		}
	})
}
