package notify

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch/internal/slackfake"
)

func TestCheckSlack(t *testing.T) {
	member := []slackfake.Channel{{ID: "C0000ONCALL", Name: "oncall"}}
	for _, tc := range []struct {
		name    string
		opts    slackfake.Options
		channel string
		bad     bool
		want    []string
	}{
		{"all is well", slackfake.Options{}, "#oncall", false, []string{"belongs to tidewatch", "scopes suffice", "member of #oncall (C0000ONCALL)", "could post", "could resolve"}},
		{"by its ID", slackfake.Options{}, "C0000ONCALL", false, []string{"could resolve"}},
		{"slow files", slackfake.Options{FileDelay: 10 * time.Millisecond}, "#oncall", false, []string{"could resolve"}},
		{"wrong token", slackfake.Options{Token: "other"}, "#oncall", true, []string{"invalid_auth"}},
		{"no chat:write", slackfake.Options{Scopes: []string{"files:write"}}, "#oncall", true, []string{"chat:write is missing"}},
		{"no files:write", slackfake.Options{Scopes: []string{"chat:write", "channels:history", "channels:read"}}, "#oncall", true, []string{"no charts", "has no chart", "could resolve"}},
		{"no history", slackfake.Options{Scopes: []string{"chat:write", "files:write", "channels:read"}}, "#oncall", true, []string{"cannot be looked up", "could post"}},
		{"no read, by name", slackfake.Options{Scopes: []string{"chat:write", "files:write", "channels:history"}}, "#oncall", true, []string{"configure the channel's ID", "shows only when it posts"}},
		{"not invited", slackfake.Options{Channels: []slackfake.Channel{{ID: "C0000ONCALL", Name: "oncall", NotMember: true}}}, "#oncall", true, []string{"/invite"}},
		{"no such channel", slackfake.Options{Channels: member}, "#offcall", true, []string{"channel_not_found"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := slackfake.New(tc.opts)
			defer s.Close()
			found := CheckSlack(context.Background(), SlackConfig{APIURL: s.APIURL(), Channel: tc.channel, Token: secret(slackfake.DefaultToken)})
			all, bad := "", false
			for _, f := range found {
				all += f.String() + "\n"
				bad = bad || !f.OK
			}
			for _, want := range tc.want {
				if !strings.Contains(all, want) {
					t.Errorf("%q is missing from\n%s", want, all)
				}
			}
			if bad != tc.bad || strings.Contains(all, slackfake.DefaultToken) {
				t.Errorf("problem %v, want %v, in\n%s", bad, tc.bad, all)
			}
			if !bad {
				m := s.Messages("oncall")
				if len(m) != 1 || !strings.HasPrefix(m[0].Text, "✅") || len(m[0].Replies) != 1 {
					t.Errorf("left behind: %+v", m)
				}
			}
		})
	}
}

func TestCheckSlackWebhook(t *testing.T) {
	s := slackfake.New(slackfake.Options{})
	defer s.Close()
	all := ""
	for _, f := range CheckSlack(context.Background(), SlackConfig{WebhookURL: secret(s.WebhookURL("oncall"))}) {
		all += f.String() + "\n"
	}
	for _, want := range []string{"no chart upload", "no threads", "no edits", "could post"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is missing from\n%s", want, all)
		}
	}
	s.Inject("webhook", 1, slackfake.Status(404))
	if f := CheckSlack(context.Background(), SlackConfig{WebhookURL: secret(s.WebhookURL("oncall"))}); f[len(f)-1].OK {
		t.Errorf("findings %v", f)
	}
}
