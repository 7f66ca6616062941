package notify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/tidewatch/tidewatch/alerting"
)

// DefaultSlackTimeout bounds one request to Slack.
const DefaultSlackTimeout = 10 * time.Second

// SlackConfig says where and how to post. Exactly one of Token and WebhookURL is set.
type SlackConfig struct {
	Name string // the receiver's name, for errors
	// APIURL is the base of the Web API, with a trailing slash; "" is Slack's own.
	APIURL string
	// Token returns the bot token, WebhookURL the incoming webhook's address. They are called for every notice, so that a
	// changed secret file takes effect at once. Neither value ever appears in an error or a log.
	Token      func() (string, error)
	WebhookURL func() (string, error)
	// Channel is an ID (C…, G…) or #name; needed with a token, ignored with a webhook, which has its channel built in. A name
	// costs the scope channels:read or groups:read when an unanswered first post has to be looked up.
	Channel string
	Timeout time.Duration // of one request; 0 is DefaultSlackTimeout
	// HTTPClient's transport is used; its own time-out and redirect policy are replaced.
	HTTPClient *http.Client
	// ExternalURL is the base under which people reach Tidewatch; a webhook message links to its chart there. "" is no link.
	ExternalURL string
	// Username and IconEmoji replace the app's own; they need the scope chat:write.customize.
	Username  string
	IconEmoji string
	// Interactive puts buttons under incidents. The app must have an endpoint for them, or Socket Mode; a webhook shows none.
	Interactive bool
	// Headline and Body, where they are not nil, word messages about incidents; see alerting.Dress.
	Headline, Body *alerting.MessageTemplate
	// Clock tells the time in which Slack stamps messages, so it must be the real one; nil is time.Now.
	Clock func() time.Time
}

var (
	_ = register(Spec{
		Kind:    "slack_configs (bot token)",
		Summary: "Posts through Slack's Web API: one message for each incident, edited as it evolves, with its chart and thread.",
		Can:     Capabilities{Edits: true, Threads: true, Charts: true, LooksBack: true},
	})
	_ = register(Spec{
		Kind:    "slack_configs (webhook)",
		Summary: "Posts through an incoming webhook: a message when an incident opens and another when it ends, at least once.",
	})
)

// NewSlack builds the notifier for a bot token or an incoming webhook. The result also implements alerting.Renderer and
// Queued.
func NewSlack(cfg SlackConfig) (alerting.Notifier, error) {
	if (cfg.Token == nil) == (cfg.WebhookURL == nil) {
		return nil, fmt.Errorf("slack receiver %q: exactly one of a bot token and a webhook URL is needed", cfg.Name)
	}
	if cfg.Token != nil && strings.TrimPrefix(cfg.Channel, "#") == "" {
		return nil, fmt.Errorf("slack receiver %q: a bot token needs a channel, for example \"#oncall\" or an ID such as C0123456789", cfg.Name)
	}
	cfg.setDefaults()
	if cfg.WebhookURL != nil {
		return &webhook{cfg}, nil
	}
	return &bot{cfg: cfg, ids: &channelIDs{}}, nil
}

func (cfg *SlackConfig) setDefaults() {
	if cfg.Name == "" {
		cfg.Name = "slack"
	}
	if cfg.APIURL == "" {
		cfg.APIURL = slack.APIURL
	}
	if !strings.HasSuffix(cfg.APIURL, "/") {
		cfg.APIURL += "/"
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultSlackTimeout
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	client := http.Client{Timeout: cfg.Timeout, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // a redirect would carry the token elsewhere
	}}
	if cfg.HTTPClient != nil {
		client.Transport = cfg.HTTPClient.Transport
	}
	cfg.HTTPClient = &client
}

// bot posts with a token.
type bot struct {
	cfg SlackConfig
	ids *channelIDs
}

// QueueKey implements Queued: one channel, one queue.
func (b *bot) QueueKey() string { return "slack " + b.cfg.Channel }

// Notify implements alerting.Notifier.
func (b *bot) Notify(ctx context.Context, n *alerting.Notice, d alerting.Delivery) (alerting.Delivery, error) {
	if err := ctx.Err(); err != nil {
		return d, fmt.Errorf("slack receiver %q: %w", b.cfg.Name, err)
	}
	st, err := readState(d.State)
	if err != nil {
		return d, alerting.Permanent(fmt.Errorf("slack receiver %q: %w", b.cfg.Name, err))
	}
	client, token, err := b.client()
	if err != nil {
		return d, fmt.Errorf("slack receiver %q: %w", b.cfg.Name, err)
	}
	a := &attempt{bot: b, client: client, n: n, d: d, st: st, began: b.cfg.Clock().UnixMilli()}
	err = a.run(ctx)
	a.d.State = a.st.json()
	if err != nil {
		err = redact(fmt.Errorf("slack receiver %q, channel %s: %w", b.cfg.Name, b.cfg.Channel, err), token)
	}
	return a.d, err
}

// client is a slack-go client for the token as it is now. slack-go does not retry unless asked to, and is not: after a lost
// answer a blind retry would post twice.
func (b *bot) client() (*slack.Client, string, error) {
	token, err := b.cfg.Token()
	if err != nil {
		return nil, "", fmt.Errorf("reading the bot token: %w", err)
	}
	token = strings.TrimSpace(token)
	if token == "" {
		return nil, "", alerting.Permanent(errors.New("the bot token is empty; put the app's Bot User OAuth Token (xoxb-…) there"))
	}
	return slack.New(token, slack.OptionAPIURL(b.cfg.APIURL), slack.OptionHTTPClient(b.cfg.HTTPClient)), token, nil
}
