package slackfake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

// start runs a fake and a slack-go client for it.
func start(t *testing.T, opts Options) (*Server, *slack.Client) {
	t.Helper()
	s := New(opts)
	t.Cleanup(s.Close)
	return s, slack.New(s.Token(), slack.OptionAPIURL(s.APIURL()))
}

func TestPostUpdateThread(t *testing.T) {
	s, c := start(t, Options{})
	channel, ts, err := c.PostMessage("#oncall", slack.MsgOptionText("one", false), slack.MsgOptionMetadata(slack.SlackMetadata{
		EventType: "e", EventPayload: map[string]any{"key": "k"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	_, reply, err := c.PostMessage(channel, slack.MsgOptionText("reply", false), slack.MsgOptionTS(ts))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err = c.UpdateMessage(channel, ts, slack.MsgOptionText("two", false)); err != nil {
		t.Fatal(err)
	}
	got := s.Messages("oncall")
	if len(got) != 1 || got[0].Text != "two" || got[0].Edits != 1 || len(got[0].Replies) != 1 || got[0].Replies[0].TS != reply {
		t.Fatalf("messages %+v", got)
	}
	if md := got[0].Metadata; md == nil || md.EventPayload["key"] != "k" {
		t.Errorf("an update without metadata lost it: %+v", md)
	}
	msgs, _, _, err := c.GetConversationReplies(&slack.GetConversationRepliesParameters{ChannelID: channel, Timestamp: ts})
	if err != nil || len(msgs) != 2 || msgs[0].ReplyCount != 1 || msgs[1].ThreadTimestamp != ts {
		t.Errorf("replies %+v, %v", msgs, err)
	}
	link, err := c.GetPermalink(&slack.PermalinkParameters{Channel: channel, Ts: ts})
	if err != nil || !strings.Contains(link, ts) {
		t.Errorf("permalink %q, %v", link, err)
	}
}

func TestTimestampsAreUniqueThoughTheClockStands(t *testing.T) {
	stand := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	_, c := start(t, Options{Clock: func() time.Time { return stand }})
	seen := map[string]bool{}
	for range 20 {
		_, ts, err := c.PostMessage("oncall", slack.MsgOptionText("x", false))
		if err != nil || seen[ts] {
			t.Fatalf("ts %s again, or %v", ts, err)
		}
		seen[ts] = true
	}
}

func TestHistoryPagesAndMetadata(t *testing.T) {
	s, c := start(t, Options{})
	channel := "C0000ONCALL"
	var stamps []string
	for i := range 25 {
		_, ts, err := c.PostMessage(channel, slack.MsgOptionText(fmt.Sprint(i), false), slack.MsgOptionMetadata(slack.SlackMetadata{
			EventType: "e", EventPayload: map[string]any{"i": i},
		}))
		if err != nil {
			t.Fatal(err)
		}
		stamps = append(stamps, ts)
	}
	var got []string
	cursor, pages := "", 0
	for {
		p, err := c.GetConversationHistory(&slack.GetConversationHistoryParameters{
			ChannelID: channel, Oldest: stamps[4], Limit: 10, Cursor: cursor, IncludeAllMetadata: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, m := range p.Messages {
			got = append(got, m.Text)
			if m.Metadata.EventPayload["i"] == nil {
				t.Errorf("message %s has no metadata", m.Text)
			}
		}
		if cursor = p.ResponseMetaData.NextCursor; cursor == "" {
			break
		}
	}
	if len(got) != 20 || got[0] != "24" || got[19] != "5" || pages != 2 {
		t.Errorf("%d pages: %v", pages, got)
	}
	p, err := c.GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: channel, Oldest: stamps[4], Inclusive: true, Limit: 100})
	if err != nil || len(p.Messages) != 21 || p.Messages[0].Metadata.EventType != "" {
		t.Errorf("inclusive, without metadata: %d messages, %v", len(p.Messages), err)
	}
	if n := s.Calls("conversations.history"); n != 3 {
		t.Errorf("counted %d calls", n)
	}
}

func TestWhoMayWhat(t *testing.T) {
	s := New(Options{
		Scopes: []string{"chat:write", "channels:history", "channels:read"},
		Channels: []Channel{
			{ID: "C00000OPEN", Name: "open"},
			{ID: "C0000ASIDE", Name: "aside", NotMember: true},
			{ID: "C0000SHUT0", Name: "shut", Archived: true},
			{ID: "G0SECRET00", Name: "secret", Private: true, NotMember: true},
			{ID: "G000INSIDE", Name: "inside", Private: true},
		},
	})
	defer s.Close()
	c := slack.New(s.Token(), slack.OptionAPIURL(s.APIURL()))
	text := slack.MsgOptionText("x", false)
	post := func(channel string, opts ...slack.MsgOption) error {
		_, _, err := c.PostMessage(channel, append(opts, text)...)
		return err
	}
	history := func(channel string) error {
		_, err := c.GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: channel})
		return err
	}
	_, badToken := slack.New("xoxb-other", slack.OptionAPIURL(s.APIURL())).AuthTest()
	_, noToken := slack.New("", slack.OptionAPIURL(s.APIURL())).AuthTest()
	_, upload := c.UploadFile(slack.UploadFileParameters{Content: "x", FileSize: 1, Filename: "f"})
	_, _, private := c.GetConversations(&slack.GetConversationsParameters{Types: []string{"private_channel"}})
	_, _, _, lost := c.UpdateMessage("C00000OPEN", "1.000000", text)
	_, _, empty := c.PostMessage("open")
	for _, tc := range []struct {
		what string
		err  error
		want string
	}{
		{"a channel of which the bot is a member", post("#open"), ""},
		{"one that it is not in", post("aside"), "not_in_channel"},
		{"a private one that it is not in", post("secret"), "channel_not_found"},
		{"one that does not exist", post("nowhere"), "channel_not_found"},
		{"an archived one", post("shut"), "is_archived"},
		{"a thread that does not exist", post("open", slack.MsgOptionTS("1.000000")), "thread_not_found"},
		{"the history by a name", history("#open"), "channel_not_found"},
		{"the history without membership", history("C0000ASIDE"), "not_in_channel"},
		{"the history of a private channel without groups:history", history("G000INSIDE"), "missing_scope"},
		{"a wrong token", badToken, "invalid_auth"},
		{"no token", noToken, "not_authed"},
		{"an upload without files:write", upload, "missing_scope"},
		{"private channels without groups:read", private, "missing_scope"},
		{"an edit of nothing", lost, "message_not_found"},
		{"nothing to say", empty, "no_text"},
	} {
		got := ""
		var e slack.SlackErrorResponse
		if errors.As(tc.err, &e) {
			got = e.Err
		} else if tc.err != nil {
			got = tc.err.Error()
		}
		if got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.what, got, tc.want)
		}
	}
	if _, _, err := c.PostMessage("open", slack.MsgOptionText(strings.Repeat("x", 40001), false)); err == nil || err.Error() != "msg_too_long" {
		t.Errorf("40,001 characters: %v", err)
	}
	auth, err := c.AuthTest()
	if err != nil || auth.Header.Get("X-OAuth-Scopes") != "chat:write,channels:history,channels:read" {
		t.Errorf("auth.test: %v, scopes %q", err, auth.Header.Get("X-OAuth-Scopes"))
	}
	info, err := c.GetConversationInfo(&slack.GetConversationInfoInput{ChannelID: "C0000ASIDE"})
	if err != nil || info.IsMember || info.Name != "aside" {
		t.Errorf("info %+v, %v", info, err)
	}
}

func onePixel(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func do(t *testing.T, method, url, ctype, body string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", ctype)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func TestUploadAndShow(t *testing.T) {
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	s, c := start(t, Options{FileDelay: 3 * time.Second, Clock: func() time.Time { return now }})
	data := onePixel(t)
	f, err := c.UploadFile(slack.UploadFileParameters{Reader: bytes.NewReader(data), FileSize: len(data), Filename: "a.png", Title: "A"})
	if err != nil {
		t.Fatal(err)
	}
	show := func(id string) error {
		_, _, failed := c.PostMessage("oncall", slack.MsgOptionText("x", false),
			slack.MsgOptionBlocks(slack.NewImageBlockSlackFile(&slack.SlackFileObject{ID: id}, "alt", "", nil)))
		return failed
	}
	var e slack.SlackErrorResponse
	if err = show(f.ID); !errors.As(err, &e) || !strings.Contains(strings.Join(e.ResponseMetadata.Messages, " "), "invalid slack file [json-pointer:/blocks/0/slack_file]") {
		t.Errorf("before the file is processed: %v", err)
	}
	now = now.Add(3 * time.Second)
	if err = show(f.ID); err != nil {
		t.Errorf("after: %v", err)
	}
	if err = show("F99999999"); err == nil {
		t.Error("a file that does not exist was shown")
	}
	if !bytes.Equal(s.File(f.ID), data) {
		t.Error("the bytes differ")
	}
	resp := do(t, http.MethodGet, s.URL()+"/files/"+f.ID, "", "")
	defer func() { _ = resp.Body.Close() }()
	if ct := resp.Header.Get("Content-Type"); ct != "image/png" {
		t.Errorf("content type %q", ct)
	}
	if _, err = c.UploadFile(slack.UploadFileParameters{Content: "four", FileSize: 5, Filename: "a.txt"}); err == nil {
		t.Error("an upload of the wrong length was taken")
	}
}

func TestRateLimit(t *testing.T) {
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	_, c := start(t, Options{RateLimit: true, Clock: func() time.Time { return now }, Channels: []Channel{{ID: "C00000AAAA", Name: "a"}, {ID: "C00000BBBB", Name: "b"}}})
	post := func(ch string) error {
		_, _, err := c.PostMessage(ch, slack.MsgOptionText("x", false))
		return err
	}
	if err := errors.Join(post("a"), post("b")); err != nil {
		t.Fatal(err)
	}
	var limited *slack.RateLimitedError
	if err := post("a"); !errors.As(err, &limited) || limited.RetryAfter != time.Second {
		t.Errorf("second message in a second: %v", err)
	}
	now = now.Add(time.Second)
	if err := post("a"); err != nil {
		t.Errorf("a second later: %v", err)
	}
}

func TestInjection(t *testing.T) {
	s, c := start(t, Options{})
	post := func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer cancel()
		_, _, err := c.PostMessageContext(ctx, "oncall", slack.MsgOptionText("x", false))
		return err
	}
	for _, tc := range []struct {
		name    string
		fault   Fault
		arrives bool
		check   func(error) bool
	}{
		{"429", RateLimited(7 * time.Second), false, func(err error) bool {
			var e *slack.RateLimitedError
			return errors.As(err, &e) && e.RetryAfter == 7*time.Second
		}},
		{"503", Status(503), false, isStatus(503)},
		{"502 after", StatusAfter(502), true, isStatus(502)},
		{"api error", APIError("fatal_error"), false, func(err error) bool { return err.Error() == "fatal_error" }},
		{"time-out", Timeout(), false, func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
		{"time-out after", TimeoutAfter(), true, func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
		{"cut", Cut(), false, func(err error) bool { return strings.Contains(err.Error(), "EOF") }},
		{"answer lost", AnswerLost(), true, func(err error) bool { return strings.Contains(err.Error(), "EOF") }},
	} {
		before := len(s.Messages("oncall"))
		s.Inject("chat.postMessage", 1, tc.fault)
		err := post()
		if err == nil || !tc.check(err) {
			t.Errorf("%s: error %v", tc.name, err)
		}
		if arrived := len(s.Messages("oncall")) > before; arrived != tc.arrives {
			t.Errorf("%s: arrived %v", tc.name, arrived)
		}
		if err := post(); err != nil {
			t.Errorf("%s: the next request failed too: %v", tc.name, err)
		}
	}
	s.Inject("", 5, Status(500))
	s.ClearFaults()
	if err := post(); err != nil {
		t.Errorf("after ClearFaults: %v", err)
	}
}

func isStatus(code int) func(error) bool {
	return func(err error) bool {
		var e slack.StatusCodeError
		return errors.As(err, &e) && e.Code == code
	}
}

func TestWebhook(t *testing.T) {
	s, _ := start(t, Options{})
	if err := slack.PostWebhook(s.WebhookURL("#oncall"), &slack.WebhookMessage{Text: "hook"}); err != nil {
		t.Fatal(err)
	}
	if m := s.Messages("oncall"); len(m) != 1 || !m[0].Webhook || m[0].Text != "hook" {
		t.Errorf("messages %+v", m)
	}
	for _, tc := range []struct {
		url, ctype, body string
		status           int
		want             string
	}{
		{s.WebhookURL("nowhere"), "application/json", `{"text":"x"}`, 404, "no_service"},
		{s.WebhookURL("oncall"), "application/json", `{"text":`, 400, "invalid_payload"},
		{s.WebhookURL("oncall"), "application/json", `{}`, 400, "no_text"},
		{s.WebhookURL("oncall"), "application/json", `{"text":"x","blocks":[{"type":"header"}]}`, 400, "invalid_blocks"},
		{s.WebhookURL("oncall"), "application/x-www-form-urlencoded", `payload=%7B%22text%22%3A%22form%22%7D`, 200, "ok"},
	} {
		resp := do(t, http.MethodPost, tc.url, tc.ctype, tc.body)
		var b bytes.Buffer
		if _, err := b.ReadFrom(resp.Body); err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != tc.status || b.String() != tc.want {
			t.Errorf("%s: %d %q, want %d %q", tc.body, resp.StatusCode, b.String(), tc.status, tc.want)
		}
	}
}
