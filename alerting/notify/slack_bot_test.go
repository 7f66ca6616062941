package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/slackfake"
)

// newBot is a bot that posts to #oncall of a fake.
func newBot(t *testing.T, opts slackfake.Options, change func(*SlackConfig)) (*slackfake.Server, alerting.Notifier) {
	t.Helper()
	s := slackfake.New(opts)
	t.Cleanup(s.Close)
	cfg := SlackConfig{Name: "oncall", APIURL: s.APIURL(), Token: secret(s.Token()), Channel: "#oncall", Timeout: 300 * time.Millisecond}
	if change != nil {
		change(&cfg)
	}
	n, err := NewSlack(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s, n
}

func send(t *testing.T, n alerting.Notifier, notice *alerting.Notice, d alerting.Delivery) alerting.Delivery {
	t.Helper()
	d, err := n.Notify(context.Background(), notice, d)
	if err != nil {
		t.Fatalf("version %d: %v", notice.Version, err)
	}
	return d
}

func TestBotPostsEditsAndRepliesInOneMessage(t *testing.T) {
	s, n := newBot(t, slackfake.Options{}, nil)
	d := send(t, n, incident(), alerting.Delivery{})
	first := s.Messages("oncall")[0]
	if !strings.HasPrefix(first.Text, "🔴 checkout") || first.Metadata == nil || first.Metadata.EventPayload["key"] != "k-checkout" {
		t.Errorf("first message %+v", first)
	}
	if !strings.Contains(string(first.Blocks), `"slack_file"`) {
		t.Errorf("no chart in %s", first.Blocks)
	}
	d = send(t, n, resolved(), d)
	all := s.Messages("oncall")
	if len(all) != 1 || all[0].TS != first.TS || all[0].Edits != 1 || !strings.HasPrefix(all[0].Text, "✅ Resolved 03:21") {
		t.Fatalf("after the resolve: %+v", all)
	}
	if len(all[0].Replies) != 1 || !strings.Contains(all[0].Replies[0].Text, "Resolved 03:21 after 27 min") {
		t.Errorf("replies %+v", all[0].Replies)
	}
	if all[0].Metadata.EventPayload["version"] != 2.0 {
		t.Errorf("metadata %+v", all[0].Metadata)
	}
	send(t, n, resolved(), d)
	if s.Calls("chat.postMessage") != 2 || s.Calls("chat.update") != 1 {
		t.Errorf("%d posts and %d updates", s.Calls("chat.postMessage"), s.Calls("chat.update"))
	}
}

// plain is a notice without its chart, which takes time to draw.
func plain(n *alerting.Notice) *alerting.Notice {
	for i := range n.Alarms {
		n.Alarms[i].Chart = nil
	}
	return n
}

// TestNoMessageTwiceNorLost has an attempt end without an answer in every way and place, and counts messages and replies.
func TestNoMessageTwiceNorLost(t *testing.T) {
	faults := map[string]slackfake.Fault{
		"lost answer": slackfake.AnswerLost(), "cut before": slackfake.Cut(), "time-out after": slackfake.TimeoutAfter(),
		"time-out before": slackfake.Timeout(), "502 after": slackfake.StatusAfter(502), "503 before": slackfake.Status(503),
		"fatal_error": slackfake.APIError("fatal_error"),
	}
	for name, fault := range faults {
		for _, channel := range []string{"#oncall", "C0000ONCALL"} {
			t.Run(name+" "+channel, func(t *testing.T) {
				s, n := newBot(t, slackfake.Options{}, func(cfg *SlackConfig) { cfg.Channel = channel })
				s.Inject("chat.postMessage", 1, fault)
				d, err := n.Notify(context.Background(), plain(incident()), alerting.Delivery{})
				if !errors.Is(err, alerting.ErrUnknown) || !d.Unknown || d.UnknownSince == 0 {
					t.Fatalf("delivery %+v, error %v", d, err)
				}
				d = send(t, n, plain(incident()), d)
				s.Inject("chat.update", 1, fault)
				if d, err = n.Notify(context.Background(), plain(resolved()), d); !errors.Is(err, alerting.ErrUnknown) {
					t.Fatalf("edit: delivery %+v, error %v", d, err)
				}
				s.Inject("chat.postMessage", 1, fault) // the thread reply
				if d, err = n.Notify(context.Background(), plain(resolved()), d); !errors.Is(err, alerting.ErrUnknown) {
					t.Fatalf("reply: delivery %+v, error %v", d, err)
				}
				d = send(t, n, plain(resolved()), d)
				all := s.Messages("oncall")
				if len(all) != 1 || len(all[0].Replies) != 1 || !strings.HasPrefix(all[0].Text, "✅") || d.Unknown || d.Sent != 2 {
					t.Errorf("%d messages, %d replies, delivery %+v", len(all), len(all[0].Replies), d)
				}
			})
		}
	}
}

// TestNothingTwiceByAWrongClock has this machine's clock be ahead of Slack's, or be set right after a lost answer.
func TestNothingTwiceByAWrongClock(t *testing.T) {
	for name, wrong := range map[string][2]time.Duration{
		"an hour ahead": {time.Hour, time.Hour}, "set right later": {3 * time.Hour, 0}, "an hour behind": {-time.Hour, -time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			ahead := wrong[0]
			s, n := newBot(t, slackfake.Options{}, func(cfg *SlackConfig) {
				cfg.Clock = func() time.Time { return time.Now().Add(ahead) }
			})
			s.Inject("chat.postMessage", 1, slackfake.AnswerLost())
			d, err := n.Notify(context.Background(), plain(incident()), alerting.Delivery{})
			if !errors.Is(err, alerting.ErrUnknown) {
				t.Fatalf("the post: %v", err)
			}
			ahead = wrong[1]
			d = send(t, n, plain(incident()), d)
			ahead = wrong[0]
			s.Inject("chat.postMessage", 1, slackfake.AnswerLost())
			if d, err = n.Notify(context.Background(), plain(resolved()), d); !errors.Is(err, alerting.ErrUnknown) {
				t.Fatalf("the reply: %v", err)
			}
			ahead = wrong[1]
			send(t, n, plain(resolved()), d)
			if all := s.Messages("oncall"); len(all) != 1 || len(all[0].Replies) != 1 {
				t.Errorf("%d messages, the first with %d replies, want one each", len(all), len(all[0].Replies))
			}
		})
	}
}

// TestChaos sends 120 incidents through a Slack that fails one request in four in every way, with a sender that forgets what
// it has not been told (a crash between send and record). In the end each incident is there exactly once, resolved, with
// exactly one reply.
func TestChaos(t *testing.T) {
	s, n := newBot(t, slackfake.Options{}, func(cfg *SlackConfig) { cfg.Timeout = 60 * time.Millisecond })
	rng := rand.New(rand.NewPCG(1, 2))
	faults := []slackfake.Fault{
		slackfake.AnswerLost(), slackfake.Cut(), slackfake.StatusAfter(502), slackfake.Status(503), slackfake.RateLimited(time.Second),
		slackfake.APIError("internal_error"), slackfake.TimeoutAfter(),
	}
	const incidents = 120
	for i := range incidents {
		var stored alerting.Delivery
		for _, next := range []func() *alerting.Notice{incident, resolved} {
			notice := plain(next())
			notice.Key = fmt.Sprintf("k%d", i)
			for attempt := 0; stored.Sent < notice.Version; attempt++ {
				if attempt > 60 {
					t.Fatalf("incident %d version %d does not get through", i, notice.Version)
				}
				s.ClearFaults()
				if rng.IntN(4) == 0 {
					s.Inject("", 1, faults[rng.IntN(len(faults))])
				}
				// What the outbox stores before it calls: should it die, the outcome is unknown.
				before := stored
				before.Unknown = true
				if before.UnknownSince == 0 {
					before.UnknownSince = time.Now().UnixMilli()
				}
				d, err := n.Notify(context.Background(), notice, stored)
				if err != nil && alerting.IsPermanent(err) {
					t.Fatal(err)
				}
				if stored = d; rng.IntN(10) == 0 {
					stored = before
				}
			}
		}
	}
	s.ClearFaults()
	seen := map[any]int{}
	for _, m := range s.Messages("oncall") {
		seen[m.Metadata.EventPayload["key"]]++
		if !strings.HasPrefix(m.Text, "✅") || len(m.Replies) != 1 {
			t.Errorf("%v: %q with %d replies", m.Metadata.EventPayload["key"], m.Text, len(m.Replies))
		}
	}
	for i := range incidents {
		if k := fmt.Sprintf("k%d", i); seen[k] != 1 {
			t.Errorf("%s is there %d times", k, seen[k])
		}
	}
}

func TestBotErrors(t *testing.T) {
	for _, tc := range []struct {
		name string
		opts slackfake.Options
		cfg  func(*SlackConfig)
		want string
	}{
		{"wrong token", slackfake.Options{}, func(c *SlackConfig) { c.Token = secret("xoxb-wrong") }, "invalid_auth: the token is not valid"},
		{"no channel", slackfake.Options{}, func(c *SlackConfig) { c.Channel = "#nowhere" }, "channel_not_found: check the channel's name or ID"},
		{"not invited", slackfake.Options{Channels: []slackfake.Channel{{ID: "C0000ONCALL", Name: "oncall", NotMember: true}}}, nil, "not_in_channel: invite the bot"},
		{"archived", slackfake.Options{Channels: []slackfake.Channel{{ID: "C0000ONCALL", Name: "oncall", Archived: true}}}, nil, "is_archived"},
		{"no scope", slackfake.Options{Scopes: []string{"files:write"}}, nil, "missing_scope: add the scope chat:write"},
		{"empty token", slackfake.Options{}, func(c *SlackConfig) { c.Token = secret(" \n") }, "the bot token is empty"},
	} {
		_, n := newBot(t, tc.opts, tc.cfg)
		_, err := n.Notify(context.Background(), plain(incident()), alerting.Delivery{})
		if !alerting.IsPermanent(err) || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "xoxb-wrong") {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
	}
	for _, code := range []string{"msg_too_long", "msg_blocks_too_long", "invalid_blocks", "restricted_action"} {
		s, n := newBot(t, slackfake.Options{}, nil)
		s.Inject("chat.postMessage", 1, slackfake.APIError(code))
		if _, err := n.Notify(context.Background(), plain(incident()), alerting.Delivery{}); !alerting.IsPermanent(err) || !strings.Contains(err.Error(), code) {
			t.Errorf("%s: %v", code, err)
		}
	}
}

func TestBotCannotReachSlack(t *testing.T) {
	s, n := newBot(t, slackfake.Options{}, nil)
	s.Close()
	d, err := n.Notify(context.Background(), plain(incident()), alerting.Delivery{})
	if err == nil || alerting.IsPermanent(err) || d.Unknown || errors.Is(err, alerting.ErrUnknown) {
		t.Errorf("a refused connection sent nothing, so the outcome is known: delivery %+v, error %v", d, err)
	}
}

func TestBotWithoutChart(t *testing.T) {
	for name, prepare := range map[string]func(*slackfake.Server){
		"upload refused": func(s *slackfake.Server) {
			s.Inject("files.getUploadURLExternal", 1, slackfake.APIError("missing_scope"))
		},
		"upload cut": func(s *slackfake.Server) { s.Inject("upload", 1, slackfake.Cut()) },
		"upload limited": func(s *slackfake.Server) {
			s.Inject("files.completeUploadExternal", 1, slackfake.RateLimited(time.Second))
		},
		"upload times out": func(s *slackfake.Server) { s.Inject("upload", 1, slackfake.Timeout()) },
	} {
		s, n := newBot(t, slackfake.Options{}, nil)
		prepare(s)
		send(t, n, incident(), alerting.Delivery{})
		m := s.Messages("oncall")
		if len(m) != 1 || strings.Contains(string(m[0].Blocks), "slack_file") || !strings.Contains(string(m[0].Blocks), "No chart: ") {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

func TestBotWaitsForSlackToProcessTheChart(t *testing.T) {
	now := time.Now()
	s, n := newBot(t, slackfake.Options{FileDelay: 3 * time.Second, Clock: func() time.Time { return now }}, nil)
	d, err := n.Notify(context.Background(), incident(), alerting.Delivery{})
	var after *alerting.RetryAfterError
	if !errors.As(err, &after) || d.Unknown || len(s.Messages("oncall")) != 0 {
		t.Fatalf("delivery %+v, error %v", d, err)
	}
	now = now.Add(after.After)
	if d, err = n.Notify(context.Background(), incident(), d); !errors.As(err, &after) {
		t.Fatalf("second attempt: %v", err)
	}
	now = now.Add(after.After)
	send(t, n, incident(), d)
	m := s.Messages("oncall")
	if len(m) != 1 || !strings.Contains(string(m[0].Blocks), "slack_file") || s.Calls("upload") != 1 {
		t.Errorf("%+v after %d uploads", m, s.Calls("upload"))
	}
}

func TestBotGivesTheChartUpInTheEnd(t *testing.T) {
	s, n := newBot(t, slackfake.Options{FileDelay: time.Hour}, nil)
	var d alerting.Delivery
	var err error
	attempts := 0
	for d.Sent == 0 {
		attempts++
		if attempts > 10 {
			t.Fatal("goes on for ever")
		}
		if d, err = n.Notify(context.Background(), incident(), d); err != nil && alerting.IsPermanent(err) {
			t.Fatal(err)
		}
	}
	m := s.Messages("oncall")
	if len(m) != 1 || !strings.Contains(string(m[0].Blocks), "did not finish processing") || attempts != fileTries {
		t.Errorf("%d attempts, %+v", attempts, m)
	}
}

func TestBotReadsTheTokenAnew(t *testing.T) {
	token := "xoxb-old"
	_, n := newBot(t, slackfake.Options{}, func(c *SlackConfig) { c.Token = func() (string, error) { return token, nil } })
	if _, err := n.Notify(context.Background(), plain(incident()), alerting.Delivery{}); !alerting.IsPermanent(err) {
		t.Fatalf("the old token: %v", err)
	}
	token = slackfake.DefaultToken + "\n"
	send(t, n, plain(incident()), alerting.Delivery{})
}

func TestBotPostsAgainWhatWasDeleted(t *testing.T) {
	s, n := newBot(t, slackfake.Options{}, nil)
	d := send(t, n, plain(incident()), alerting.Delivery{})
	s.Inject("chat.update", 1, slackfake.APIError("message_not_found"))
	next := plain(incident())
	next.Version = 2
	d = send(t, n, next, d)
	if len(s.Messages("oncall")) != 2 {
		t.Errorf("a firing incident whose message was deleted is not posted again")
	}
	end := plain(resolved())
	end.Version = 3
	s.Inject("chat.update", 1, slackfake.APIError("message_not_found"))
	send(t, n, end, d)
	if len(s.Messages("oncall")) != 2 || len(s.Messages("oncall")[1].Replies) != 0 {
		t.Errorf("a resolve of a deleted message was posted")
	}
}

func TestBotNeverPostsBlindly(t *testing.T) {
	s, n := newBot(t, slackfake.Options{Scopes: []string{"chat:write", "files:write"}}, nil)
	unknown := alerting.Delivery{Unknown: true, UnknownSince: time.Now().UnixMilli()}
	d, err := n.Notify(context.Background(), plain(incident()), unknown)
	if !alerting.IsPermanent(err) || !d.Unknown || !strings.Contains(err.Error(), "missing_scope") || len(s.Messages("oncall")) != 0 {
		t.Errorf("delivery %+v, error %v", d, err)
	}
}

func TestRedirectsDoNotCarryTheTokenAway(t *testing.T) {
	_, n := newBot(t, slackfake.Options{}, func(c *SlackConfig) {
		c.HTTPClient = &http.Client{Transport: redirect{}}
	})
	if _, err := n.Notify(context.Background(), plain(incident()), alerting.Delivery{}); !alerting.IsPermanent(err) {
		t.Errorf("error %v", err)
	}
}

// redirect answers everything with a redirect, and fails the test's purpose if it is followed.
type redirect struct{}

func (redirect) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == "elsewhere.example" {
		return nil, errors.New("the redirect was followed")
	}
	return &http.Response{StatusCode: http.StatusTemporaryRedirect, Header: http.Header{"Location": {"https://elsewhere.example/"}}, Body: http.NoBody, Request: r}, nil
}

func TestNewSlackRefuses(t *testing.T) {
	for name, cfg := range map[string]*SlackConfig{
		"neither":    {},
		"both":       {Token: secret("x"), WebhookURL: secret("x")},
		"no channel": {Token: secret("x")},
		"only hash":  {Token: secret("x"), Channel: "#"},
	} {
		if _, err := NewSlack(*cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestWebhookMode(t *testing.T) {
	s := slackfake.New(slackfake.Options{})
	defer s.Close()
	n, err := NewSlack(SlackConfig{Name: "hook", WebhookURL: secret(s.WebhookURL("oncall")), ExternalURL: "https://tidewatch.example.com/"})
	if err != nil {
		t.Fatal(err)
	}
	d := send(t, n, incident(), alerting.Delivery{})
	update := incident()
	update.Version = 2
	d = send(t, n, update, d) // an update without a reply says nothing
	end := resolved()
	end.Version = 3
	s.Inject("webhook", 1, slackfake.AnswerLost())
	d, err = n.Notify(context.Background(), end, d)
	if !errors.Is(err, alerting.ErrUnknown) || !d.Unknown {
		t.Fatalf("delivery %+v, error %v", d, err)
	}
	send(t, n, end, d)
	all := s.Messages("oncall")
	if len(all) != 3 {
		t.Fatalf("%d messages", len(all))
	}
	if b := all[0].Blocks; !bytes.Contains(b, []byte("https://tidewatch.example.com/api/v1/series/42/chart.png?from=1795420800")) || !bytes.Contains(b, []byte("Matchers for a silence")) {
		t.Errorf("blocks %s", b)
	}
	if b := all[2].Blocks; !bytes.Contains(b, []byte("may be a repeat")) {
		t.Errorf("the second try does not say so: %s", b)
	}
	q, ok := n.(Queued)
	if !ok || strings.Contains(q.QueueKey(), "hookc0000") {
		t.Errorf("the queue's key is missing or shows the secret")
	}
}

func TestLacks(t *testing.T) {
	for _, spec := range Kinds() {
		lacks := strings.Join(spec.Can.Lacks(), "; ")
		if (spec.Kind == "slack_configs (bot token)") != (lacks == "") {
			t.Errorf("%s lacks %q", spec.Kind, lacks)
		}
	}
}
