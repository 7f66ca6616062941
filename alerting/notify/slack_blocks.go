package notify

import (
	"strings"

	"github.com/slack-go/slack"

	"github.com/tidewatch/tidewatch/alerting"
)

// message is what goes to Slack: blocks, and the text that a locked phone shows.
type message struct {
	Text   string
	Blocks []slack.Block
}

// chartRef is how a message shows its chart.
type chartRef struct {
	FileID  string // of the upload
	Alt     string
	Link    string // where it can be looked at instead
	Missing string // why there is none although there should be
	Repeat  bool   // the message may be there already
}

// style is what differs between a bot's message and a webhook's.
type style struct{ matchers, buttons bool }

var webhookStyle = style{matchers: true} // a copyable matcher stands where buttons and threads cannot

// style is a bot's.
func (b *bot) style() style { return style{buttons: b.cfg.Interactive} }

// dress words a notice as the receiver's templates say.
func (cfg *SlackConfig) dress(n *alerting.Notice) *alerting.Notice {
	return alerting.Dress(n, cfg.Headline, cfg.Body)
}

// compose lays a notice out in blocks, within Slack's limits for any notice.
func compose(n *alerting.Notice, c chartRef, st style) message {
	head := emoji(n) + " " + fit(oneLine(n.Headline), slackHeadline)
	m := message{Text: head}
	m.section(emoji(n) + " *" + strings.ReplaceAll(fit(oneLine(n.Headline), slackHeadline), "*", "∗") + "*")
	for _, text := range bodySections(bodyLines(n)) {
		m.section(text)
	}
	m.chart(c)
	if list := alarmList(n); list != "" {
		m.section(list)
	}
	if links := linkLine(n, c); links != "" {
		m.section(links)
	}
	if st.buttons {
		m.buttons(n)
	}
	m.context(smallPrint(n, c, st))
	return m
}

// composeReply is the line that a notice adds to its thread.
func composeReply(n *alerting.Notice) message {
	text := fit(escape(strings.TrimSpace(n.Reply)), slackReply)
	if text == "" {
		text = emoji(n)
	}
	m := message{Text: text}
	m.section(text)
	return m
}

func (m *message) section(text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	m.Blocks = append(m.Blocks, slack.NewSectionBlock(verbatim(text), nil, nil))
}

// verbatim is a text in Slack's markup in which Slack itself makes no links and mentions.
func verbatim(text string) *slack.TextBlockObject {
	return &slack.TextBlockObject{Type: slack.MarkdownType, Text: text, Verbatim: true}
}

func (m *message) chart(c chartRef) {
	if c.FileID == "" {
		return
	}
	alt := fit(strings.Join(strings.Fields(clean(c.Alt)), " "), slackAlt)
	if alt == "" {
		alt = "chart"
	}
	m.Blocks = append(m.Blocks, slack.NewImageBlockSlackFile(&slack.SlackFileObject{ID: c.FileID}, alt, "", nil))
}

func (m *message) context(lines []string) {
	var kept []slack.MixedElement
	for _, l := range lines {
		if l != "" {
			kept = append(kept, verbatim(fit(l, slackContext)))
		}
	}
	if len(kept) > 0 {
		m.Blocks = append(m.Blocks, slack.NewContextBlock("", kept...))
	}
}

// emoji is the state and severity at a glance.
func emoji(n *alerting.Notice) string {
	if n.Status == "resolved" {
		return "✅"
	}
	switch n.Kind {
	case alerting.KindSummary:
		return "📋"
	case alerting.KindService:
		return "⚠️"
	case alerting.KindDigest:
		return "🔴"
	case alerting.KindReport:
		return "📊"
	case alerting.KindTest:
		return "🧪"
	}
	switch level, _ := n.Severity(); level {
	case alerting.LevelWarning:
		return "🟠"
	case alerting.LevelInfo:
		return "🔵"
	}
	return "🔴"
}
