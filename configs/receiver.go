package configs

import (
	"time"

	commoncfg "github.com/prometheus/common/config"
	"github.com/tidewatch/tidewatch/alerting"
)

// Receiver is a named list of places that a notice is sent to; one without any drops it.
type Receiver struct {
	Name         string
	Slack        []SlackConfig
	Alertmanager []AlertmanagerConfig
	Webhook      []WebhookConfig
	Log          []LogConfig
}

// SlackConfig is one Slack channel, reached either with a bot token (AppToken or AppTokenFile: posts, edits, threads,
// charts) or with an incoming webhook (APIURL or APIURLFile: posts only). Exactly one of the four is set.
type SlackConfig struct {
	Channel      string // "#name" or an id; a webhook's own channel where empty
	AppToken     Secret
	AppTokenFile string
	AppURL       string // base of Slack's Web API, with a trailing slash
	APIURL       Secret // incoming webhook
	APIURLFile   string
	// SigningSecret or SigningSecretFile lets people act through the HTTP endpoint, SocketToken or SocketTokenFile through Socket Mode.
	// At most one of the four is set, and only for a bot.
	SigningSecret     Secret
	SigningSecretFile string
	SocketToken       Secret
	SocketTokenFile   string
	// Headline and Body word messages about incidents; nil: Tidewatch does.
	Headline, Body *alerting.MessageTemplate
	SendResolved   bool
	Timeout        time.Duration // of one HTTP request
	HTTP           commoncfg.HTTPClientConfig
}

// Webhook reports whether this is an incoming webhook rather than a bot.
func (s SlackConfig) Webhook() bool { return s.APIURL != "" || s.APIURLFile != "" }

// Token returns the bot token, read from its file at each call; "" for a webhook.
func (s SlackConfig) Token() (string, error) {
	return readSecret("app_token_file", s.AppToken, s.AppTokenFile)
}

// Signs reports whether Slack delivers what people do to the HTTP endpoint.
func (s SlackConfig) Signs() bool { return s.SigningSecret != "" || s.SigningSecretFile != "" }

// Socket reports whether what people do comes through Socket Mode.
func (s SlackConfig) Socket() bool { return s.SocketToken != "" || s.SocketTokenFile != "" }

// Signing returns the app's Signing Secret, read from its file at each call.
func (s SlackConfig) Signing() (string, error) {
	return readSecret("signing_secret_file", s.SigningSecret, s.SigningSecretFile)
}

// AppLevelToken returns the token for Socket Mode, read from its file at each call.
func (s SlackConfig) AppLevelToken() (string, error) {
	return readSecret("socket_token_file", s.SocketToken, s.SocketTokenFile)
}

// WebhookURL returns the webhook's URL, read from its file at each call; "" for a bot.
func (s SlackConfig) WebhookURL() (string, error) {
	return readSecret("api_url_file", s.APIURL, s.APIURLFile)
}

// AlertmanagerConfig is a cluster of Alertmanagers, each of which is told every alert.
type AlertmanagerConfig struct {
	URLs           []string // the replicas' bases, without a trailing slash
	ResendInterval time.Duration
	Timeout        time.Duration // of one HTTP request
	HTTP           commoncfg.HTTPClientConfig
}

// WebhookConfig is an address to which messages are posted as Alertmanager's webhook JSON. Exactly one of URL and URLFile is
// set.
type WebhookConfig struct {
	URL            Secret
	URLFile        string
	HMACSecretFile string // "": not signed
	MaxAlerts      int    // 0: all that a message shows
	SendResolved   bool
	Timeout        time.Duration // of one HTTP request
	HTTP           commoncfg.HTTPClientConfig
}

// Address returns the URL, read from its file at each call.
func (w WebhookConfig) Address() (string, error) { return readSecret("url_file", w.URL, w.URLFile) }

// HMACSecret returns the signing secret, read from its file at each call; "" without one.
func (w WebhookConfig) HMACSecret() (string, error) {
	return readSecret("hmac_secret_file", "", w.HMACSecretFile)
}

// LogConfig writes notices to Tidewatch's own log.
type LogConfig struct {
	SendResolved bool
}
