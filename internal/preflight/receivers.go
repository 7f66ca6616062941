package preflight

import (
	"fmt"
	"io"
	"log/slog"

	commoncfg "github.com/prometheus/common/config"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/alerting/notify"
	"github.com/tidewatch/tidewatch/configs"
)

// SlackReceiver is one Slack channel of a receiver, ready to be tried out.
type SlackReceiver struct {
	Name   string // "oncall, slack_configs[0]"
	Config notify.SlackConfig
}

// SlackReceivers lists the Slack channels of a configuration in its order.
func SlackReceivers(cfg *configs.Config) ([]SlackReceiver, error) {
	var out []SlackReceiver
	for _, r := range cfg.Receivers {
		for i, s := range r.Slack {
			name := fmt.Sprintf("%s, slack_configs[%d]", r.Name, i)
			c, err := slackConfig(cfg, s)
			if err != nil {
				return nil, fmt.Errorf("receiver %s: %w", name, err)
			}
			out = append(out, SlackReceiver{name, c})
		}
	}
	return out, nil
}

func slackConfig(cfg *configs.Config, s configs.SlackConfig) (notify.SlackConfig, error) {
	client, err := commoncfg.NewClientFromConfig(s.HTTP, "slack")
	if err != nil {
		return notify.SlackConfig{}, fmt.Errorf("http_config: %w", err)
	}
	c := notify.SlackConfig{
		Name: "slack", APIURL: s.AppURL, Channel: s.Channel, Timeout: s.Timeout, HTTPClient: client, ExternalURL: cfg.Global.ExternalURL,
	}
	if s.Webhook() {
		c.WebhookURL = s.WebhookURL
	} else {
		c.Token, c.Interactive = s.Token, s.Signs() || s.Socket()
	}
	return c, nil
}

// Printer writes messages as their receivers' notifiers would send them.
type Printer struct {
	w    io.Writer
	text alerting.Renderer        // where every message is printed as text
	own  map[string][]ownRenderer // the receivers' notifiers, else
}

type ownRenderer struct {
	name     string
	resolved bool // gets resolved messages as well
	alerting.Renderer
}

// NewPrinter prints to w: with payload what each notifier of the receiver sends, for example Slack's blocks as JSON, otherwise
// the same message as plain text, as the log notifier renders it.
func NewPrinter(w io.Writer, cfg *configs.Config, payload bool) (*Printer, error) {
	p := &Printer{w: w, own: map[string][]ownRenderer{}}
	log := notify.NewLog("log", slog.New(slog.DiscardHandler)).(alerting.Renderer) //nolint:errcheck // every notifier of ours is one
	if !payload {
		p.text = log
		return p, nil
	}
	for _, r := range cfg.Receivers {
		for i, s := range r.Slack {
			c, err := slackConfig(cfg, s)
			if err != nil {
				return nil, fmt.Errorf("receiver %s: slack_configs[%d]: %w", r.Name, i, err)
			}
			n, err := notify.NewSlack(c)
			if err != nil {
				return nil, fmt.Errorf("receiver %s: slack_configs[%d]: %w", r.Name, i, err)
			}
			p.own[r.Name] = append(p.own[r.Name], ownRenderer{fmt.Sprintf("slack_configs[%d]", i), s.SendResolved, n.(alerting.Renderer)}) //nolint:errcheck // see above
		}
		for i, l := range r.Log {
			p.own[r.Name] = append(p.own[r.Name], ownRenderer{fmt.Sprintf("log_configs[%d]", i), l.SendResolved, log})
		}
	}
	return p, nil
}

// Print writes one message under a line that says when it would have gone where.
func (p *Printer) Print(n *alerting.Notice, at string) error {
	if p.text != nil {
		return p.render(n, fmt.Sprintf("%s → %s", at, n.Receiver), p.text)
	}
	for _, r := range p.own[n.Receiver] {
		if n.Status == "resolved" && !r.resolved {
			continue
		}
		if err := p.render(n, fmt.Sprintf("%s → %s, %s", at, n.Receiver, r.name), r); err != nil {
			return err
		}
	}
	return nil
}

func (p *Printer) render(n *alerting.Notice, head string, r alerting.Renderer) error {
	b, err := r.Render(n)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.w, "%s\n%s\n", head, b)
	return err
}
