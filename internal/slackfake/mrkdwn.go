package slackfake

import (
	"html"
	"html/template"
	"regexp"
	"strings"
)

// Slack's markup, once the text has been made safe. &, < and > arrive as entities, so a literal < opens a link.
var (
	link   = regexp.MustCompile(`<((?:https?|mailto):[^|>\s]+)(?:\|([^>]*))?>`)
	code   = regexp.MustCompile("`([^`\n]+)`")
	bold   = regexp.MustCompile(`(^|[\s(])\*([^*\n]+)\*`)
	italic = regexp.MustCompile(`(^|[\s(])_([^_\n]+)_($|[\s).,:;])`)
	strike = regexp.MustCompile(`(^|[\s(])~([^~\n]+)~`)
)

// mrkdwn turns Slack's markup into HTML. Everything that is not markup comes out escaped.
func mrkdwn(text string) template.HTML {
	var out strings.Builder
	rest := text
	for {
		loc := link.FindStringSubmatchIndex(rest)
		if loc == nil {
			break
		}
		out.WriteString(inline(rest[:loc[0]]))
		url, label := rest[loc[2]:loc[3]], ""
		if loc[4] >= 0 {
			label = rest[loc[4]:loc[5]]
		}
		if label == "" {
			label = url
		}
		out.WriteString(`<a href="` + escape(url) + `" rel="noreferrer">` + escape(label) + `</a>`)
		rest = rest[loc[1]:]
	}
	out.WriteString(inline(rest))
	return template.HTML(out.String()) //nolint:gosec // every part was escaped above
}

// inline handles what stands between links.
func inline(text string) string {
	t := escape(text)
	t = code.ReplaceAllString(t, "<code>$1</code>")
	t = bold.ReplaceAllString(t, "$1<b>$2</b>")
	t = italic.ReplaceAllString(t, "$1<i>$2</i>$3")
	t = strike.ReplaceAllString(t, "$1<s>$2</s>")
	return signs.Replace(strings.ReplaceAll(t, "\n", "<br>"))
}

// signs draws the commonest emoji by style sheet, since not every machine has a font for them.
var signs = strings.NewReplacer(
	"🔴", `<span class="dot red" title="🔴"></span>`, "🟠", `<span class="dot orange" title="🟠"></span>`,
	"🔵", `<span class="dot blue" title="🔵"></span>`, "✅", `<span class="tick" title="✅">✓</span>`,
	"⚠️", `<span class="warn" title="⚠️">!</span>`,
)

// escape takes Slack's three entities off and puts HTML's on.
func escape(text string) string {
	return html.EscapeString(strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(text))
}
