package app

import (
	"context"
	"fmt"
	"time"

	commoncfg "github.com/prometheus/common/config"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/internal/slackapp"
)

func (s *Service) slackOptions() slackapp.Options {
	o := slackapp.Options{
		Controls: controls{s}, Backend: backend{s}, Apps: s.slackApps, Now: s.opts.Clock.Now, Logger: s.log, Registerer: s.opts.Registry,
		Location: func() *time.Location { return s.config().Global.Location },
		Visible:  s.visible.Load,
	}
	if s.opts.tuneSlack != nil {
		s.opts.tuneSlack(&o)
	}
	return o
}

// slackApps are the apps through which people may act, each once however many channels it posts to.
func (s *Service) slackApps() (out []slackapp.Credentials) {
	type secrets struct {
		signing, socket         configs.Secret
		signingFile, socketFile string
	}
	seen := map[secrets]bool{}
	for _, r := range s.config().Receivers {
		for i, sc := range r.Slack {
			key := secrets{sc.SigningSecret, sc.SocketToken, sc.SigningSecretFile, sc.SocketTokenFile}
			if key == (secrets{}) || seen[key] {
				continue
			}
			seen[key] = true
			c := slackapp.Credentials{Name: fmt.Sprintf("%s, slack_configs[%d]", r.Name, i), APIURL: sc.AppURL}
			client, err := commoncfg.NewClientFromConfig(sc.HTTP, "slack")
			if err != nil { // the notifier has been made of the same
				s.log.Error("people cannot act through a Slack app", "app", c.Name, "err", err)
				continue
			}
			if c.HTTPClient = client; sc.Signs() {
				c.SigningSecret = sc.Signing
			} else {
				c.SocketToken = sc.AppLevelToken
			}
			out = append(out, c)
		}
	}
	return out
}

// runSockets keeps the Socket Mode connections of the configuration in force until ctx ends. Without sending there are none: a dry
// run beside the real service would take half of what people do.
func (s *Service) runSockets(ctx context.Context) {
	select {
	case <-s.adopted: // the configuration that the service starts with
	default:
	}
	for ctx.Err() == nil {
		round, stop := context.WithCancel(ctx)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			if !s.opts.DryRun {
				s.slack.RunSockets(round)
			}
		}()
		select {
		case <-ctx.Done():
		case <-s.adopted:
		}
		stop()
		<-ended
	}
}
