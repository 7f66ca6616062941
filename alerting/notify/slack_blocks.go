package notify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/tidewatch/tidewatch"
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
type style struct{ matchers bool }

var (
	botStyle     = style{}
	webhookStyle = style{matchers: true} // a copyable matcher stands where buttons and threads cannot
)

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
	case alerting.KindTest:
		return "🧪"
	}
	switch strings.ToLower(n.CommonLabels["severity"]) {
	case "warning", "warn", "ticket":
		return "🟠"
	case "info", "notice", "none":
		return "🔵"
	}
	return "🔴"
}

// bodyLines are the lines below the headline: the notice's own, or, if it has none, what its first alarm says about itself.
func bodyLines(n *alerting.Notice) []string {
	lines := n.Body
	if len(lines) == 0 && len(n.Alarms) > 0 {
		a := &n.Alarms[0]
		lines = []string{a.Reason, decidedBy(a), a.Why}
	}
	var out []string
	for _, l := range lines {
		if l = strings.TrimSpace(escape(l)); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// decidedBy names the evidence where it was not the band, so that nobody looks for a point outside it.
func decidedBy(a *alerting.AlarmView) string {
	switch a.Channel {
	case "", tidewatch.ChannelNone.String(), tidewatch.ChannelBand.String():
		return ""
	}
	return "Decided by: " + a.Channel + "."
}

// shortLine is how far lines are shortened so that all of them fit; if that is not enough, lines are left out and counted.
const shortLine = 120

// bodySections spreads lines over at most two sections.
func bodySections(lines []string) []string {
	total := 0
	for _, l := range lines {
		total += width(l) + 1
	}
	if total > slackBody {
		each := max(shortLine, slackBody/len(lines)-1)
		short := make([]string, len(lines))
		for i, l := range lines {
			short[i] = fit(l, each)
		}
		lines = short
	}
	text, _ := joinFitting(lines, "\n", slackBody, func(n int) string { return "… " + count(n, "more line", "more lines") + " left out" })
	if width(text) <= slackSection {
		return []string{text}
	}
	head := cut(text, slackSection)
	if br := strings.LastIndexByte(head, '\n'); br > 0 {
		head = head[:br]
	}
	return []string{head, strings.TrimPrefix(text[len(head):], "\n")}
}

// alarmList lists the alarms of an incident of several, the exact number of all first, unless the notice's body does.
func alarmList(n *alerting.Notice) string {
	total := len(n.Alarms) + n.Omitted
	if total < 2 || len(n.Alarms) == 0 || len(n.Body) > 0 {
		return ""
	}
	lines := []string{fmt.Sprintf("*%s alarms*", thousands(total))}
	for i := range n.Alarms {
		lines = append(lines, alarmLine(n, &n.Alarms[i]))
	}
	more := func(left int) string { return fmt.Sprintf("and %s more", thousands(left+n.Omitted)) }
	text, left := joinFitting(lines, "\n", slackSection-20, more)
	if left == 0 && n.Omitted > 0 {
		text += "\n" + more(0)
	}
	return text
}

func alarmLine(n *alerting.Notice, a *alerting.AlarmView) string {
	title := oneLine(a.Title)
	if title == "" {
		title = oneLine(a.Detector)
	}
	line := "• " + fit(title, 160)
	if own := ownLabels(n, a); own != "" {
		line += " " + fit(oneLine(own), 120)
	}
	line += " · " + oneLine(alerting.FormatValue(a.Value, a.Unit))
	if a.State != "" && a.State != alerting.Alarming.String() {
		return line + " · " + oneLine(a.State)
	}
	if a.StartsAt != 0 {
		line += " · since " + clockTime(n, a.StartsAt)
	}
	return line
}

// ownLabels are the labels by which an alarm differs from the others.
func ownLabels(n *alerting.Notice, a *alerting.AlarmView) string {
	var own []string
	for name, value := range a.Labels {
		if n.CommonLabels[name] != value && name != "alertname" {
			own = append(own, name+"="+value)
		}
	}
	slices.Sort(own)
	return strings.Join(own, " ")
}

// linkLine is the line of links.
func linkLine(n *alerting.Notice, c chartRef) string {
	links := n.Links
	if c.Link != "" {
		links = append(slices.Clone(links), alerting.Link{Text: "Chart", URL: c.Link})
	}
	var out []string
	for _, l := range links {
		if text := slackLink(l.Text, l.URL); text != "" {
			out = append(out, text)
		} else {
			out = append(out, oneLine(l.Text)+" (its address is no http URL of at most "+thousands(slackURL)+" characters)")
		}
	}
	text, _ := joinFitting(out, " · ", slackLinks, func(n int) string { return count(n, "more link", "more links") + " left out" })
	return text
}

// smallPrint is the promise, the score and the identity.
func smallPrint(n *alerting.Notice, c chartRef, st style) []string {
	var lines []string
	if len(n.Alarms) > 0 && n.Kind == alerting.KindIncident {
		a := &n.Alarms[0]
		if len(n.Body) == 0 {
			lines = append(lines, joinNonEmpty(" · ", prefixed("Promise ", oneLine(a.Promise)), fmt.Sprintf("score %s (alarms at 1)", number(a.Score))))
		}
		lines = append(lines, joinNonEmpty(" · ", oneLine(a.Detector), alarmCount(n, a), prefixed("severity ", oneLine(n.CommonLabels["severity"]))))
	}
	if c.Missing != "" {
		lines = append(lines, "No chart: "+oneLine(c.Missing))
	}
	if st.matchers && n.Kind == alerting.KindIncident && n.Status != "resolved" {
		lines = append(lines, "Matchers for a silence: `"+strings.ReplaceAll(oneLine(matchers(n)), "`", "'")+"`")
	}
	if c.Repeat {
		lines = append(lines, "This may be a repeat: the first attempt got no answer.")
	}
	return lines
}

// alarmCount is the alarm's ID, or of how many alarms the message is.
func alarmCount(n *alerting.Notice, a *alerting.AlarmView) string {
	if total := len(n.Alarms) + n.Omitted; total > 1 {
		return thousands(total) + " alarms"
	}
	return prefixed("alarm ", shortID(a.ID))
}

// matchers is a PromQL-style matcher of what the notice is about.
func matchers(n *alerting.Notice) string {
	ls := n.CommonLabels
	if len(ls) == 0 {
		ls = n.GroupLabels
	}
	var out []string
	for name, value := range ls {
		out = append(out, fmt.Sprintf("%s=%q", name, value))
	}
	slices.Sort(out)
	return "{" + strings.Join(out, ",") + "}"
}

func shortID(id string) string { return oneLine(cut(id, 8)) }

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func joinNonEmpty(sep string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), sep)
}

// clockTime is a time of day in the notice's zone, with the date if it is another day than the notice's.
func clockTime(n *alerting.Notice, ms int64) string {
	loc := zone(n.Timezone)
	t, at := time.UnixMilli(ms).In(loc), time.UnixMilli(n.At).In(loc)
	if t.YearDay() == at.YearDay() && t.Year() == at.Year() {
		return t.Format("15:04")
	}
	return t.Format("2 Jan 15:04")
}

// zone is a time zone by its IANA name; an unknown one is UTC.
func zone(name string) *time.Location {
	if loc, err := time.LoadLocation(name); err == nil {
		return loc
	}
	return time.UTC
}
