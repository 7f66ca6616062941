package app

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tidewatch/tidewatch/internal/slackfake"
)

// posted is a message of a channel with its thread.
type posted struct {
	key, text string
	version   any
	replies   []postedReply
}

type postedReply struct {
	version any
	text    string
}

func (p posted) String() string {
	text := fmt.Sprintf("%s v%v %s", p.key, p.version, p.text)
	for _, r := range p.replies {
		text += fmt.Sprintf("\n    %v %s", r.version, r.text)
	}
	return text
}

// channel is each incident's message with its thread, in the order of their keys; one that is there twice shows as such.
func channel(t *testing.T, slack *slackfake.Server) []posted {
	t.Helper()
	var out []posted
	for _, m := range slack.Messages("#oncall") {
		if m.Metadata == nil {
			t.Errorf("a message without a key: %s", m.Text)
			continue
		}
		if strings.Contains(m.Text, "The clock ") {
			continue // about Tidewatch itself
		}
		p := posted{
			key: fmt.Sprint(m.Metadata.EventPayload["key"]), version: m.Metadata.EventPayload["version"],
			text: m.Text + "\n" + withoutChart(t, m.Blocks),
		}
		for _, r := range m.Replies {
			p.replies = append(p.replies, postedReply{r.Metadata.EventPayload["version"], r.Text})
		}
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b posted) int { return strings.Compare(a.key, b.key) })
	return out
}

var countOfAlarms = regexp.MustCompile(`marked false \d+ of \d+`)

// told is the channel as it has to be after a run; exact but where decisions that waited in memory for room on the disk have died
// with it. Those are made anew, all at once, so that one version may say what two have said: then versions do not count, nor which
// message said first that an alarm joined, nor an alarm or a silence that was over before it was decided anew.
func told(channel []posted, exact bool) (out []string) {
	for _, p := range channel {
		if exact {
			out = append(out, p.String())
			continue
		}
		text := p.key + " " + countOfAlarms.ReplaceAllString(p.text, "")
		for _, r := range p.replies {
			if !strings.Contains(r.text, " joined: ") && !strings.HasPrefix(r.text, "The silence by ") {
				text += "\n    " + r.text
			}
		}
		out = append(out, text)
	}
	return out
}

// endings is how each message has to have ended and how it has, where people acted on what was forgotten: what they meant may not have
// been there, or not yet, so that other alarms were hidden or taught from. A message that the run without faults does not have ends
// well; none is there twice.
func endings(want, got []posted) (expected, have []string) {
	ends := map[string]string{}
	for _, p := range want {
		ends[p.key], _, _ = strings.Cut(p.text, " ")
	}
	seen := map[string]bool{}
	for _, p := range got {
		mark, _, _ := strings.Cut(p.text, " ")
		have = append(have, p.key+" "+mark)
		if !seen[p.key] {
			expected = append(expected, p.key+" "+cmp.Or(ends[p.key], "✅"))
		}
		seen[p.key] = true
	}
	return expected, have
}

// joinedTwice is the alarms of which a thread says more than once that they joined.
func joinedTwice(channel []posted) (out []string) {
	for _, p := range channel {
		seen := map[string]bool{}
		for _, r := range p.replies {
			_, names, ok := strings.Cut(r.text, " joined: ")
			if !ok {
				continue
			}
			for name := range strings.SplitSeq(names, "; ") {
				if seen[name] {
					out = append(out, p.key+" "+name)
				}
				seen[name] = true
			}
		}
	}
	return out
}

// withoutChart is a message's blocks but for the chart, without which it goes where the upload has failed.
func withoutChart(t *testing.T, blocks []byte) string {
	t.Helper()
	var all []json.RawMessage
	if err := json.Unmarshal(blocks, &all); err != nil {
		t.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(b json.RawMessage) bool {
		return bytes.Contains(b, []byte(`"type":"image"`)) || bytes.Contains(b, []byte("No chart: "))
	})
	var out strings.Builder
	for _, b := range all {
		fmt.Fprintf(&out, "%s\n", b)
	}
	return out.String()
}
