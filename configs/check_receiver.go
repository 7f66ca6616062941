package configs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
)

// logReceiver is what a configuration without receivers sends to.
var logReceiver = Receiver{Name: "log", Log: []LogConfig{{SendResolved: true}}}

func (b *builder) receivers(s scope, raws []rawReceiver) {
	seen := map[string]bool{}
	for i, raw := range raws {
		at := s.index(i)
		checkName(at, "receiver", raw.Name, seen)
		r := Receiver{Name: raw.Name}
		for j, sl := range raw.Slack {
			r.Slack = append(r.Slack, b.slack(at.at("slack_configs").index(j), raw.Name, sl))
		}
		for j, a := range raw.Alertmanager {
			r.Alertmanager = append(r.Alertmanager, b.alertmanager(at.at("alertmanager_configs").index(j), a))
		}
		for j, w := range raw.Webhook {
			r.Webhook = append(r.Webhook, b.webhook(at.at("webhook_configs").index(j), w))
		}
		for _, l := range raw.Log {
			r.Log = append(r.Log, LogConfig(l))
		}
		b.cfg.Receivers = append(b.cfg.Receivers, r)
	}
	if len(raws) == 0 {
		b.cfg.Receivers = []Receiver{logReceiver}
	}
}

var slackSecrets = []string{"app_token", "app_token_file", "api_url", "api_url_file"}

func (b *builder) slack(s scope, receiver string, raw rawSlack) SlackConfig {
	c := SlackConfig{
		Channel: raw.Channel, AppToken: raw.AppToken, AppTokenFile: b.path(raw.AppTokenFile), AppURL: raw.AppURL,
		APIURL: raw.APIURL, APIURLFile: b.path(raw.APIURLFile),
		SigningSecret: raw.SigningSecret, SigningSecretFile: b.path(raw.SigningSecretFile),
		SocketToken: raw.SocketToken, SocketTokenFile: b.path(raw.SocketTokenFile), SendResolved: raw.SendResolved,
		Timeout: time.Duration(raw.Timeout), HTTP: b.httpConfig(s.at("http_config"), raw.HTTPConfig),
	}
	if !strings.HasSuffix(c.AppURL, "/") {
		c.AppURL += "/"
	}
	c.Headline = messageTemplate(s, receiver, "headline", raw.Headline)
	c.Body = messageTemplate(s, receiver, "body", raw.Body)
	checkSlackSecret(s)
	checkInteractivity(s, c)
	checkURL(s.at("app_url"), raw.AppURL)
	switch {
	case raw.APIURL != "":
		checkURL(s.at("api_url"), string(raw.APIURL))
	case !c.Webhook() && c.Channel == "":
		s.at("channel").wrong("is missing", `a bot posts to a channel: channel: "#oncall"`)
	}
	if c.Timeout <= 0 {
		s.at("timeout").wrong("is not above 0s", "")
	}
	return c
}

// messageTemplate is the template of a field, nil where it is not set or wrong.
func messageTemplate(s scope, receiver, field, text string) *alerting.MessageTemplate {
	if text == "" {
		return nil
	}
	t, err := alerting.ParseMessageTemplate(field, text)
	if err != nil {
		s.at(field).wrong(fmt.Sprintf("of receiver %q is no template that works: %v", receiver, err),
			"`{{.Title}} {{unit .Value}}` would be one; docs/notifiers/slack.md lists the fields")
	}
	return t
}

func checkSlackSecret(s scope) {
	var set []string
	for _, name := range slackSecrets {
		if s.has(name) {
			set = append(set, name)
		}
	}
	switch {
	case len(set) == 0:
		s.wrong("has no way to reach Slack", "set app_token_file (bot: edits, threads, charts) or api_url_file (incoming webhook: posts only)")
	case len(set) > 1:
		s.at(set[1]).wrong("is set beside "+set[0], "set one of "+joinWords(slackSecrets))
	}
}

func (b *builder) webhook(s scope, raw rawWebhook) WebhookConfig {
	c := WebhookConfig{
		URL: raw.URL, URLFile: b.path(raw.URLFile), HMACSecretFile: b.path(raw.HMACSecretFile), MaxAlerts: raw.MaxAlerts,
		SendResolved: raw.SendResolved, Timeout: time.Duration(raw.Timeout), HTTP: b.httpConfig(s.at("http_config"), raw.HTTPConfig),
	}
	switch {
	case c.URL == "" && c.URLFile == "":
		s.wrong("has no address", "set url or url_file")
	case c.URL != "" && c.URLFile != "":
		s.at("url_file").wrong("is set beside url", "set one of them")
	case c.URL != "":
		checkURL(s.at("url"), string(c.URL))
	}
	if c.MaxAlerts < 0 {
		s.at("max_alerts").wrong(fmt.Sprintf("%d is below 0", c.MaxAlerts), "0 is all that a message shows")
	}
	if c.Timeout <= 0 {
		s.at("timeout").wrong("is not above 0s", "")
	}
	return c
}

func (b *builder) alertmanager(s scope, raw rawAlertmanager) AlertmanagerConfig {
	c := AlertmanagerConfig{
		ResendInterval: time.Duration(raw.ResendInterval), Timeout: time.Duration(raw.Timeout), HTTP: b.httpConfig(s.at("http_config"), raw.HTTPConfig),
	}
	if s.has("urls") && len(raw.URLs) == 0 {
		s.at("urls").wrong("is empty", "name at least one Alertmanager: urls: [http://alertmanager:9093]")
	}
	for i, u := range raw.URLs {
		u = strings.TrimSuffix(u, "/")
		checkURL(s.at("urls").index(i), u)
		if slices.Contains(c.URLs, u) {
			s.at("urls").index(i).wrong("is there twice", "each replica is told once")
		}
		c.URLs = append(c.URLs, u)
	}
	if c.ResendInterval < time.Second || c.ResendInterval > time.Hour {
		s.at("resend_interval").wrong(formatDuration(c.ResendInterval)+" is not between 1s and 1h", "Prometheus tells again each minute")
	}
	if c.Timeout <= 0 {
		s.at("timeout").wrong("is not above 0s", "")
	}
	return c
}

func (b *builder) watchdog(s scope, raw rawWatchdog) Watchdog {
	w := Watchdog{Receiver: raw.Receiver, Interval: time.Duration(raw.Interval)}
	if w.Interval < 10*time.Second || w.Interval > 24*time.Hour {
		s.at("interval").wrong(formatDuration(w.Interval)+" is not between 10s and 1d", "")
	}
	if w.Receiver == "" {
		if s.has("interval") {
			s.at("receiver").wrong("is missing", "name the receiver that listens for the watchdog")
		}
		return w
	}
	checkRef(s.at("receiver"), "receiver", w.Receiver, receiverNames(b.cfg.Receivers))
	for _, r := range b.cfg.Receivers {
		if r.Name == w.Receiver && len(r.Slack) > 0 {
			s.at("receiver").wrong(fmt.Sprintf("%q posts to Slack", r.Name), "a watchdog is for a machine that listens: alertmanager_configs or webhook_configs in a receiver of their own")
		}
	}
	return w
}

func (b *builder) report(s scope, raw rawReport) alerting.ReportSchedule {
	if raw.Receiver == "" {
		for _, name := range []string{"weekday", "at", "timezone"} {
			if s.has(name) {
				s.at("receiver").wrong("is missing", "name the receiver that the weekly report goes to")
				break
			}
		}
		return alerting.ReportSchedule{}
	}
	r := alerting.ReportSchedule{Receiver: raw.Receiver, Location: cmp.Or(raw.Timezone.loc, b.cfg.Global.Location)}
	checkRef(s.at("receiver"), "receiver", raw.Receiver, receiverNames(b.cfg.Receivers))
	r.Weekday, r.At = time.Weekday(raw.Weekday), raw.At.wall
	if !raw.At.at.IsZero() || r.At >= 24*time.Hour {
		s.at("at").wrong("is no time of day", `for example "09:00"`)
	}
	return r
}
