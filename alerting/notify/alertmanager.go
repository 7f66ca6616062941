package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
)

var _ = register(Spec{
	Kind:    "alertmanager_configs",
	Summary: "Sends each alarm as an alert to an Alertmanager, which groups, silences and notifies.",
	Can:     Capabilities{Edits: true},
})

// The times of Prometheus's own notifier: an alert that is not sent again ends by itself after four intervals, and one that is
// over is told for a quarter of an hour, in case the first time is lost.
const (
	DefaultResendInterval = time.Minute
	ResolvedRetention     = 15 * time.Minute
	resendsUntilEnd       = 4
	alertsPath            = "/api/v2/alerts"
	maxAlertBatch         = 256 // alerts in one request
)

// AlertmanagerConfig says which Alertmanager to send to. Each replica of a cluster gets a notifier of its own, as each has to be
// told.
type AlertmanagerConfig struct {
	Name           string        // the receiver's name, for errors
	URL            string        // the base, for example http://alertmanager:9093
	ResendInterval time.Duration // between two Sends of what still fires; 0 is DefaultResendInterval
	Timeout        time.Duration // of one request; 0 is DefaultHTTPTimeout
	HTTPClient     *http.Client  // its transport is used
	ExternalURL    string
	Clock          func() time.Time // nil is time.Now; Alertmanager compares it with its own
}

// Alertmanager is a notifier, and can be told again what fires. It also implements alerting.Renderer and Queued.
type Alertmanager struct {
	cfg AlertmanagerConfig
	poster
}

// NewAlertmanager builds the notifier of one Alertmanager.
func NewAlertmanager(cfg AlertmanagerConfig) (*Alertmanager, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("alertmanager receiver %q: the URL is not an http URL", cfg.Name)
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultHTTPTimeout
	}
	if cfg.ResendInterval <= 0 {
		cfg.ResendInterval = DefaultResendInterval
	}
	cfg.URL = strings.TrimSuffix(strings.TrimSuffix(cfg.URL, "/"), alertsPath) + alertsPath
	return &Alertmanager{cfg, newPoster(cfg.HTTPClient, cfg.Timeout, cfg.Clock)}, nil
}

// QueueKey implements Queued: one queue for each replica, so that one that is down does not hold up the others.
func (a *Alertmanager) QueueKey() string {
	u, err := url.Parse(a.cfg.URL)
	if err != nil {
		return "alertmanager " + a.cfg.Name
	}
	return "alertmanager " + a.cfg.Name + " " + u.Host
}

// ResendInterval is how often Send wants to be called.
func (a *Alertmanager) ResendInterval() time.Duration { return a.cfg.ResendInterval }

// Notify implements alerting.Notifier: it sends the alarms that the notice shows. A summary of what was found afterwards is no
// alert and is not sent; neither is an alarm that is hidden, for example silenced.
func (a *Alertmanager) Notify(ctx context.Context, n *alerting.Notice, d alerting.Delivery) (alerting.Delivery, error) {
	return attemptOnce(ctx, a.poster, fmt.Sprintf("alertmanager receiver %q", a.cfg.Name), n, d, func() (bool, []string, error) {
		if isTold(n) {
			return false, nil, nil
		}
		unknown, err := a.postBatch(ctx, a.noticeAlerts(n))
		return unknown, addressSecrets(a.cfg.URL), err
	})
}

// Send tells all the alerts, in several requests if they are many, and stops at the first error. An alert without an end fires
// for another four intervals.
func (a *Alertmanager) Send(ctx context.Context, alerts []Alert) error {
	for batch := range slices.Chunk(alerts, maxAlertBatch) {
		if _, err := a.postBatch(ctx, batch); err != nil {
			return redact(fmt.Errorf("alertmanager receiver %q: %w", a.cfg.Name, err), addressSecrets(a.cfg.URL)...)
		}
	}
	return nil
}

// noticeAlerts are the notice's alerts, each with what the notice says in all.
func (a *Alertmanager) noticeAlerts(n *alerting.Notice) []Alert {
	shown := *n
	shown.Alarms = slices.DeleteFunc(slices.Clone(n.Alarms), func(v alerting.AlarmView) bool { return v.Hiding != nil && v.EndsAt == 0 })
	if len(shown.Alarms) == 0 && len(n.Alarms) > 0 {
		return nil // all are hidden
	}
	alerts := NoticeAlerts(&shown, a.cfg.ExternalURL)
	for i := range alerts {
		alerts[i].Annotations["headline"] = clean(n.Headline)
	}
	if n.Omitted > 0 {
		alerts[0].Annotations["omitted"] = "and " + alerting.Thousands(n.Omitted) + " more alarms, which follow"
	}
	return alerts
}

// sentAlert is an alert of Alertmanager's API, version 2.
type sentAlert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	StartsAt     string            `json:"startsAt"`
	EndsAt       string            `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

func (a *Alertmanager) payload(alerts []Alert) []sentAlert {
	until := a.clock().Add(resendsUntilEnd * a.cfg.ResendInterval).UnixMilli()
	out := make([]sentAlert, len(alerts))
	for i, v := range alerts {
		if v.EndsAt == 0 {
			v.EndsAt = max(until, v.StartsAt)
		}
		out[i] = sentAlert{v.Labels, v.Annotations, stamp(v.StartsAt), stamp(max(v.EndsAt, v.StartsAt)), v.GeneratorURL}
	}
	return out
}

func (a *Alertmanager) postBatch(ctx context.Context, alerts []Alert) (unknown bool, err error) {
	if len(alerts) == 0 {
		return false, nil
	}
	body, err := json.Marshal(a.payload(alerts))
	if err != nil {
		return false, alerting.Permanent(fmt.Errorf("encoding the alerts: %w", err))
	}
	return a.post(ctx, "sending to the Alertmanager", a.cfg.URL, body, nil)
}

// Render implements alerting.Renderer. What fires is shown without the end that is made up when it is sent.
func (a *Alertmanager) Render(n *alerting.Notice) ([]byte, error) {
	alerts := a.noticeAlerts(n)
	out := make([]sentAlert, len(alerts))
	for i, v := range alerts {
		out[i] = sentAlert{v.Labels, v.Annotations, stamp(v.StartsAt), stamp(v.EndsAt), v.GeneratorURL}
	}
	return indented(out)
}
