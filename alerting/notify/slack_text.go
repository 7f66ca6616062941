package notify

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Slack's limits are in characters; they are counted here as UTF-16 units after escaping, the strictest reading.
const (
	slackSection  = 2900 // of 3,000 in a text object
	slackHeadline = 1000 // the first line
	slackBody     = 4000 // all lines below it, in up to two sections
	slackLinks    = 2000 // the line of links
	slackContext  = 400  // one piece of the small print
	slackURL      = 1000 // one link; longer ones are left out
	slackAlt      = 1900 // of 2,000 in an image's alt text
	slackReply    = 2900 // of 3,000
)

// width is the length of s as Slack counts it.
func width(s string) int {
	n := 0
	for _, r := range s {
		n += utf16Len(r)
	}
	return n
}

func utf16Len(r rune) int {
	if n := utf16.RuneLen(r); n > 0 {
		return n
	}
	return 1
}

// fit shortens s to at most limit characters; what was cut is counted in the text.
func fit(s string, limit int) string {
	total := width(s)
	if total <= limit {
		return s
	}
	tail := func(left int) string { return fmt.Sprintf("… (%d characters left out)", left) }
	room := limit - width(tail(total))
	if room < 0 {
		return cut(s, max(0, limit-1)) + "…"
	}
	kept := cut(s, room)
	return kept + tail(total-width(kept))
}

// cut returns the longest prefix of s of at most n characters that does not end inside an entity.
func cut(s string, n int) string {
	used, end := 0, 0
	for end < len(s) {
		r, size := utf8.DecodeRuneInString(s[end:])
		if used+utf16Len(r) > n {
			break
		}
		used += utf16Len(r)
		end += size
	}
	s = s[:end]
	if amp := strings.LastIndexByte(s, '&'); amp >= 0 && len(s)-amp < 5 && !strings.Contains(s[amp:], ";") {
		s = s[:amp]
	}
	return s
}

// clean makes text valid UTF-8 without control characters other than line breaks.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < ' ' || r == 0x7f:
			return -1
		}
		return r
	}, s)
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escape makes text safe inside Slack's markup: the three characters that could open a link or a mention.
func escape(s string) string { return escaper.Replace(clean(s)) }

// oneLine escapes text for a place where a line break would tear the layout.
func oneLine(s string) string { return strings.Join(strings.Fields(escape(s)), " ") }

// slackLink is a link in Slack's markup, "" if the URL is not one that Slack would take.
func slackLink(text, link string) string {
	u, err := url.Parse(clean(link))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return ""
	}
	target := strings.NewReplacer("|", "%7C", "<", "%3C", ">", "%3E", " ", "%20", "&", "&amp;").Replace(u.String())
	text = strings.ReplaceAll(oneLine(text), "|", "¦")
	if text == "" {
		text = "link"
	}
	if width(target) > slackURL {
		return ""
	}
	return "<" + target + "|" + fit(text, 80) + ">"
}

// joinFitting joins lines by sep as far as they fit into limit; more says how many were left out. A line that would not fit
// even alone is shortened. left is how many lines are not in the text.
func joinFitting(lines []string, sep string, limit int, more func(n int) string) (text string, left int) {
	total := 0
	for i, l := range lines {
		total += width(l)
		if i > 0 {
			total += width(sep)
		}
	}
	if total <= limit {
		return strings.Join(lines, sep), 0
	}
	room := limit - width(sep) - width(more(len(lines)))
	var b strings.Builder
	used := 0
	for i, l := range lines {
		if i == 0 {
			l = fit(l, room)
		} else {
			l = sep + l
		}
		if used+width(l) > room {
			return b.String() + sep + more(len(lines)-i), len(lines) - i
		}
		b.WriteString(l)
		used += width(l)
	}
	return b.String(), 0
}
