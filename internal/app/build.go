package app

import (
	"cmp"
	"fmt"
	"log/slog"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/prometheus/client_golang/prometheus"
	commoncfg "github.com/prometheus/common/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/alerting/notify"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/quality"
)

// engineDetectors turns configured detectors into the engine's.
func engineDetectors(cfg *configs.Config, dryRun bool) []engine.Detector {
	out := make([]engine.Detector, 0, len(cfg.Detectors))
	for _, d := range cfg.Detectors {
		m := d.ModelConfig(1)
		m.Seed = xxhash.Sum64String(d.Name)
		e := engine.Detector{
			Name: d.Name, Expr: d.Expr, Unit: d.Unit, Labels: d.Labels, Visible: cfg.Global.Visible, Annotations: d.Annotations, Location: d.Location,
			Model: m, Alarm: d.Alarm, Direction: engine.Direction(d.Direction),
			Deviation: engine.Deviation{Relative: d.MinDeviation.Relative, Value: d.MinDeviation.Value},
			Promise:   promise(d), Muted: !d.Notify || dryRun, Join: d.Join, Churn: d.Churn, Own: d.OwnForest,
			ModelHash: d.ModelHash(), ConfigHash: d.ModelHash() + d.PolicyHash(), Quality: expectations(d),
		}
		if len(d.Exclude.Ranges)+len(d.Exclude.Recurring) > 0 {
			e.Exclude = d.Exclude.Contains
		}
		out = append(out, e)
	}
	return out
}

// expectations are what the detector's data should be like, nil where they are not checked.
func expectations(d configs.Detector) *quality.Expect {
	if !d.DataQuality {
		return nil
	}
	return &quality.Expect{
		Step: d.Step, Min: d.Range[0], Max: d.Range[1], MaxGap: d.MaxGap, Interval: d.ExpectInterval,
		Window: ingest.BehindOf(d.Expr).Window, Labels: d.RequireLabels, Accept: d.AcceptAfter,
	}
}

func promise(d configs.Detector) engine.Promise {
	switch {
	case d.FDR > 0:
		return engine.Promise{FDR: d.FDR}
	case d.Band > 0:
		return engine.Promise{Band: d.Band}
	case !d.ExpectPerSeries.IsZero():
		return engine.Promise{Count: d.ExpectPerSeries.Count, Per: d.ExpectPerSeries.Per, PerSeries: true}
	default:
		return engine.Promise{Count: d.Expect.Count, Per: d.Expect.Per}
	}
}

// openRemote makes the client of a configured source.
func openRemote(s configs.Source, log *slog.Logger, reg prometheus.Registerer) (ingest.Source, error) {
	return ingest.Open(remoteConfig(s, log, reg), s.Protocol)
}

func remoteConfig(s configs.Source, log *slog.Logger, reg prometheus.Registerer) ingest.RemoteConfig {
	return ingest.RemoteConfig{
		Name: s.Name, URL: s.URL, HTTPClient: s.HTTP, Labels: labels.FromMap(s.Labels), DropLabels: s.DropLabels,
		ExternalLabels: labels.FromMap(s.ExternalLabels), Timeout: s.Timeout, Concurrency: s.Concurrency, Logger: log, Registerer: reg,
		RequestsPerSecond: s.RequestsPerSecond, SamplesPerSecond: s.SamplesPerSecond, MaxSamples: s.MaxSamples, MaxBytesInFlight: s.MaxBytesInFlight,
		DetectLimits: true,
	}
}

// integration is one sender of one receiver.
type integration struct {
	id       string // receiver/kind/index: the outbox's name of it
	receiver string
	resolved bool // send_resolved
	edits    bool // it can change what it has sent
	notifier alerting.Notifier
}

// integrations makes the notifiers of all receivers in a fixed order.
func integrations(cfg *configs.Config, log *slog.Logger) ([]integration, error) {
	var out []integration
	for _, r := range cfg.Receivers {
		for i, s := range r.Slack {
			n, err := slackNotifier(cfg, r.Name, s)
			if err != nil {
				return nil, fmt.Errorf("receiver %s: slack_configs[%d]: %w", r.Name, i, err)
			}
			out = append(out, integration{id: fmt.Sprintf("%s/slack/%d", r.Name, i), receiver: r.Name, resolved: s.SendResolved, edits: !s.Webhook(), notifier: n})
		}
		for i, w := range r.Webhook {
			n, err := webhookNotifier(cfg, r.Name, w)
			if err != nil {
				return nil, fmt.Errorf("receiver %s: webhook_configs[%d]: %w", r.Name, i, err)
			}
			out = append(out, integration{id: fmt.Sprintf("%s/webhook/%d", r.Name, i), receiver: r.Name, resolved: w.SendResolved, notifier: n})
		}
		for i, a := range r.Alertmanager {
			for j := range a.URLs {
				n, err := alertmanagerNotifier(cfg, r.Name, a, j)
				if err != nil {
					return nil, fmt.Errorf("receiver %s: alertmanager_configs[%d]: %w", r.Name, i, err)
				}
				out = append(out, integration{id: fmt.Sprintf("%s/alertmanager/%d/%d", r.Name, i, j), receiver: r.Name, resolved: true, notifier: n})
			}
		}
		for i, l := range r.Log {
			out = append(out, integration{id: fmt.Sprintf("%s/log/%d", r.Name, i), receiver: r.Name, resolved: l.SendResolved, notifier: notify.NewLog(r.Name, log)})
		}
	}
	slices.SortFunc(out, func(a, b integration) int { return cmp.Compare(a.id, b.id) })
	return out, nil
}

func slackNotifier(cfg *configs.Config, name string, s configs.SlackConfig) (alerting.Notifier, error) {
	client, err := commoncfg.NewClientFromConfig(s.HTTP, "slack")
	if err != nil {
		return nil, fmt.Errorf("http_config: %w", err)
	}
	c := notify.SlackConfig{
		Name: name, APIURL: s.AppURL, Channel: s.Channel, Timeout: s.Timeout, HTTPClient: client,
		Headline: s.Headline, Body: s.Body,
		ExternalURL: cfg.Global.ExternalURL, // its clock is the real one: it is compared with Slack's time stamps
	}
	if s.Webhook() {
		c.WebhookURL = s.WebhookURL
	} else {
		c.Token, c.Interactive = s.Token, s.Signs() || s.Socket()
	}
	return notify.NewSlack(c)
}

func webhookNotifier(cfg *configs.Config, name string, w configs.WebhookConfig) (alerting.Notifier, error) {
	client, err := commoncfg.NewClientFromConfig(w.HTTP, "webhook")
	if err != nil {
		return nil, fmt.Errorf("http_config: %w", err)
	}
	c := notify.WebhookConfig{
		Name: name, URL: w.Address, MaxAlerts: w.MaxAlerts, Timeout: w.Timeout, HTTPClient: client, ExternalURL: cfg.Global.ExternalURL,
	}
	if w.HMACSecretFile != "" {
		c.HMACSecret = w.HMACSecret
	}
	return notify.NewWebhook(c)
}

// alertmanagerNotifier is that of one replica.
func alertmanagerNotifier(cfg *configs.Config, name string, a configs.AlertmanagerConfig, replica int) (alerting.Notifier, error) {
	client, err := commoncfg.NewClientFromConfig(a.HTTP, "alertmanager")
	if err != nil {
		return nil, fmt.Errorf("http_config: %w", err)
	}
	return notify.NewAlertmanager(notify.AlertmanagerConfig{
		Name: name, URL: a.URLs[replica], ResendInterval: a.ResendInterval, Timeout: a.Timeout, HTTPClient: client, ExternalURL: cfg.Global.ExternalURL,
	})
}
