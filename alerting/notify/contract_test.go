package notify

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/alerting/notifytest"
	"github.com/tidewatch/tidewatch/internal/slackfake"
)

// contracts builds the target of every registered kind.
var contracts = map[string]func(t *testing.T) notifytest.Target{
	"slack_configs (bot token)": func(t *testing.T) notifytest.Target {
		t.Helper()
		return slackTarget(t, func(_ *slackfake.Server, cfg *SlackConfig) {
			cfg.Token, cfg.Channel = secret(notifytest.Secret), "#oncall"
		})
	},
	"slack_configs (webhook)": func(t *testing.T) notifytest.Target {
		t.Helper()
		return slackTarget(t, func(s *slackfake.Server, cfg *SlackConfig) { cfg.WebhookURL = secret(s.WebhookURL("oncall")) })
	},
	"log":                  logTarget,
	"webhook_configs":      webhookTarget,
	"alertmanager_configs": alertmanagerTarget,
}

func TestContract(t *testing.T) {
	for _, spec := range Kinds() {
		build := contracts[spec.Kind]
		if build == nil {
			t.Errorf("kind %q has no contract test", spec.Kind)
			continue
		}
		t.Run(spec.Kind, func(t *testing.T) { notifytest.Run(t, build) })
	}
}

// many is more requests than any test makes.
const many = 1 << 20

func slackTarget(t *testing.T, configure func(*slackfake.Server, *SlackConfig)) notifytest.Target {
	t.Helper()
	s := slackfake.New(slackfake.Options{Token: notifytest.Secret, Channels: []slackfake.Channel{{ID: "C0000ONCALL", Name: "oncall", Hook: notifytest.Secret}}})
	t.Cleanup(s.Close)
	cfg := SlackConfig{Name: "oncall", APIURL: s.APIURL()}
	configure(s, &cfg)
	n, err := NewSlack(cfg)
	if err != nil {
		t.Fatal(err)
	}
	inject := func(f slackfake.Fault) { s.ClearFaults(); s.Inject("", many, f) }
	return notifytest.Target{
		Notifier: n, Remote: true,
		Respond: func(status int, after time.Duration) {
			s.ClearFaults()
			switch {
			case status == 429 && after > 0:
				inject(slackfake.RateLimited(after))
			case status != 0:
				inject(slackfake.Status(status))
			}
		},
		Hang:   func() { inject(slackfake.Timeout()) },
		Cut:    func() { inject(slackfake.Cut()) },
		Limits: func() (string, error) { return lastMessage(s) },
	}
}

func lastMessage(s *slackfake.Server) (string, error) {
	all := s.Messages("oncall")
	m := all[len(all)-1]
	var blocks []struct {
		Text     struct{ Text string }
		Elements []struct{ Text string }
	}
	if err := json.Unmarshal(m.Blocks, &blocks); err != nil {
		return "", err
	}
	text := ""
	for _, b := range blocks {
		text += b.Text.Text + "\n"
		for _, e := range b.Elements {
			text += e.Text + "\n"
		}
	}
	return text, slackfake.CheckBlocks(m.Blocks)
}

func logTarget(*testing.T) notifytest.Target {
	var buf bytes.Buffer
	n := NewLog("log", slog.New(slog.NewTextHandler(&buf, nil)))
	return notifytest.Target{
		Notifier: n,
		Limits: func() (string, error) {
			// A record is one line; the rendered text is what a person reads.
			r, ok := n.(alerting.Renderer)
			if !ok {
				return "", errors.New("the log notifier renders nothing")
			}
			text, err := r.Render(notifytest.Storm(10_000))
			return buf.String() + string(text), err
		},
		Logs: buf.String,
	}
}
