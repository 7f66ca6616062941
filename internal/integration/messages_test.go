//go:build integration

package integration

import (
	"strings"
	"testing"

	"github.com/tidewatch/tidewatch/internal/slackfake"
)

// checkMessages holds what arrived in Slack against what must be true of any run: every message is one that Slack takes, an
// incident is one message, and its end is in its thread.
func checkMessages(t *testing.T, ms []slackfake.Message) {
	t.Helper()
	seen := map[string]bool{}
	for _, m := range ms {
		key := messageKey(m)
		switch {
		case strings.TrimSpace(m.Text) == "":
			t.Errorf("message %s has no text for a locked phone", m.TS)
		case m.ThreadTS != "" && m.ThreadTS != m.TS:
			t.Errorf("%q is a reply to something that is not there", m.Text)
		case key == "":
			t.Errorf("%q has no metadata key: it could not be found again", m.Text)
		case seen[key]:
			t.Errorf("%q: its incident has a message already", m.Text)
		}
		seen[key] = true
		for _, x := range append([]slackfake.Message{m}, m.Replies...) {
			if len(x.Blocks) == 0 || string(x.Blocks) == "null" {
				continue
			}
			if err := slackfake.CheckBlocks(x.Blocks); err != nil {
				t.Errorf("%q: %v", x.Text, err)
			}
		}
		for _, r := range m.Replies {
			if r.ThreadTS != m.TS || messageKey(r) != key {
				t.Errorf("reply %q is not of the incident %q", r.Text, m.Text)
			}
		}
	}
}

// messageKey is the key that a message's metadata names.
func messageKey(m slackfake.Message) string {
	if m.Metadata == nil {
		return ""
	}
	key, _ := m.Metadata.EventPayload["key"].(string)
	return key
}
