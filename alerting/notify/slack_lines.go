package notify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
)

// bodyLines are the lines below the headline: the notice's own, or, if it has none, what its first alarm says about itself.
func bodyLines(n *alerting.Notice) []string {
	lines := n.Body
	if len(lines) == 0 && len(n.Alarms) > 0 {
		a := &n.Alarms[0]
		lines = []string{a.Reason, decidedBy(a), a.Nearby, a.Why}
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
	lines := []string{fmt.Sprintf("*%s alarms*", alerting.Thousands(total))}
	for i := range n.Alarms {
		lines = append(lines, alarmLine(n, &n.Alarms[i]))
	}
	more := func(left int) string { return fmt.Sprintf("and %s more", alerting.Thousands(left+n.Omitted)) }
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
			out = append(out, oneLine(l.Text)+" (its address is no http URL of at most "+alerting.Thousands(slackURL)+" characters)")
		}
	}
	text, _ := joinFitting(out, " · ", slackLinks, func(n int) string { return count(n, "more link", "more links") + " left out" })
	return text
}
