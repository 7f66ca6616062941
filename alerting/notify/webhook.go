package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
)

var _ = register(Spec{
	Kind:    "webhook_configs",
	Summary: "Posts each version of a notice as Alertmanager's webhook JSON, signed if a secret is configured.",
})

// DefaultHTTPTimeout bounds one request of a webhook or to an Alertmanager.
const DefaultHTTPTimeout = 10 * time.Second

// SignatureHeader carries a webhook's signature: "t=<Unix seconds>,v1=<hex of HMAC-SHA256 over '<Unix seconds>.<body>'>".
const SignatureHeader = "X-Tidewatch-Signature"

// WebhookConfig says where and how to post. URL and HMACSecret are called for every notice, so that a changed file takes
// effect at once; neither value ever appears in an error or a log.
type WebhookConfig struct {
	Name       string // the receiver's name, for errors
	URL        func() (string, error)
	HMACSecret func() (string, error) // nil: not signed
	// MaxAlerts is how many alerts a message has at most, 0 for as many as the notice shows; the rest is counted in
	// truncatedAlerts.
	MaxAlerts   int
	Timeout     time.Duration // of one request; 0 is DefaultHTTPTimeout
	HTTPClient  *http.Client  // its transport is used
	ExternalURL string
	Clock       func() time.Time // of the signature; nil is time.Now
}

// NewWebhook builds the notifier for any receiver that understands Alertmanager's webhooks. The result also implements
// alerting.Renderer and Queued.
func NewWebhook(cfg WebhookConfig) (alerting.Notifier, error) {
	if cfg.URL == nil {
		return nil, fmt.Errorf("webhook receiver %q: no URL", cfg.Name)
	}
	if cfg.MaxAlerts < 0 {
		return nil, fmt.Errorf("webhook receiver %q: max_alerts is %d, want 0 or more", cfg.Name, cfg.MaxAlerts)
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultHTTPTimeout
	}
	return &alertHook{cfg, newPoster(cfg.HTTPClient, cfg.Timeout, cfg.Clock)}, nil
}

type alertHook struct {
	cfg WebhookConfig
	poster
}

// QueueKey implements Queued. The address may be a secret, so the receiver's name stands for it.
func (w *alertHook) QueueKey() string { return "webhook " + w.cfg.Name }

// Notify implements alerting.Notifier.
func (w *alertHook) Notify(ctx context.Context, n *alerting.Notice, d alerting.Delivery) (alerting.Delivery, error) {
	return attemptOnce(ctx, w.poster, fmt.Sprintf("webhook receiver %q", w.cfg.Name), n, d, func() (bool, []string, error) {
		body, err := json.Marshal(w.message(n, d.Unknown))
		if err != nil {
			return false, nil, alerting.Permanent(fmt.Errorf("encoding the message: %w", err))
		}
		address, err := trimmed(w.cfg.URL)
		if err != nil {
			return false, nil, fmt.Errorf("reading the URL: %w", err)
		}
		header, key, err := w.header(n, body)
		if err != nil {
			return false, nil, err
		}
		unknown, err := w.post(ctx, "posting to the webhook", address, body, header)
		return unknown, append(addressSecrets(address), key), err
	})
}

// header names the version, so that a receiver can tell a repetition, and signs the body.
func (w *alertHook) header(n *alerting.Notice, body []byte) (h http.Header, key string, err error) {
	h = http.Header{"Idempotency-Key": {n.Key + "/" + strconv.Itoa(n.Version)}}
	if w.cfg.HMACSecret == nil {
		return h, "", nil
	}
	key, err = trimmed(w.cfg.HMACSecret)
	if err != nil {
		return nil, "", fmt.Errorf("reading the HMAC secret: %w", err)
	}
	if key == "" {
		return nil, "", alerting.Permanent(errors.New("the HMAC secret is empty, which would sign nothing"))
	}
	h.Set(SignatureHeader, sign(key, w.clock(), body))
	return h, key, nil
}

func sign(key string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	fmt.Fprintf(mac, "%d.", at.Unix())
	mac.Write(body)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

// hookMessage is Alertmanager's webhook message, version 4.
type hookMessage struct {
	Version           string            `json:"version"`
	GroupKey          string            `json:"groupKey"`
	TruncatedAlerts   int               `json:"truncatedAlerts"`
	Status            string            `json:"status"`
	Receiver          string            `json:"receiver"`
	GroupLabels       map[string]string `json:"groupLabels"`
	CommonLabels      map[string]string `json:"commonLabels"`
	CommonAnnotations map[string]string `json:"commonAnnotations"`
	ExternalURL       string            `json:"externalURL"`
	Alerts            []hookAlert       `json:"alerts"`
}

type hookAlert struct {
	Status       string            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     string            `json:"startsAt"`
	EndsAt       string            `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
}

func (w *alertHook) message(n *alerting.Notice, repeat bool) hookMessage {
	views := NoticeAlerts(n, w.cfg.ExternalURL)
	left := n.Omitted
	if most := w.cfg.MaxAlerts; most > 0 && len(views) > most {
		left += len(views) - most
		views = views[:most]
	}
	m := hookMessage{
		Version: "4", GroupKey: n.Key, TruncatedAlerts: left, Status: n.Status, Receiver: n.Receiver, GroupLabels: filled(n.GroupLabels),
		CommonLabels: filled(n.CommonLabels), CommonAnnotations: noticeTexts(n, views, left, repeat), ExternalURL: w.cfg.ExternalURL,
	}
	for _, v := range views {
		if v.Status == "firing" {
			v.EndsAt = 0 // a watchdog's tells when it runs out, which is no end
		}
		m.Alerts = append(m.Alerts, hookAlert{
			Status: v.Status, Labels: v.Labels, Annotations: v.Annotations, StartsAt: stamp(v.StartsAt), EndsAt: stamp(v.EndsAt),
			GeneratorURL: v.GeneratorURL, Fingerprint: fingerprint(v.Labels),
		})
	}
	return m
}

// noticeTexts are the annotations that all the alerts share, and what the notice as a whole says.
func noticeTexts(n *alerting.Notice, views []Alert, left int, repeat bool) map[string]string {
	out := maps.Clone(views[0].Annotations)
	for _, v := range views[1:] {
		maps.DeleteFunc(out, func(k, s string) bool { return v.Annotations[k] != s })
	}
	texts := map[string]string{"headline": n.Headline, "reply": n.Reply, "kind": string(n.Kind), "notice_version": strconv.Itoa(n.Version)}
	if left > 0 {
		texts["omitted"] = "and " + alerting.Thousands(left) + " more"
	}
	if repeat {
		texts["repeat"] = "This may be a repeat: the first attempt was not answered."
	}
	if a := n.Acknowledged; a != nil {
		texts["acknowledged_by"] = a.By.String()
	}
	for _, l := range n.Links {
		texts["link_"+strings.Trim(strings.Map(linkName, strings.ToLower(l.Text)), "_")] = l.URL
	}
	maps.Copy(out, filled(texts))
	return out
}

// linkName keeps what an annotation's name may hold.
func linkName(r rune) rune {
	if slices.Contains([]rune("abcdefghijklmnopqrstuvwxyz0123456789"), r) {
		return r
	}
	return '_'
}

// Render implements alerting.Renderer.
func (w *alertHook) Render(n *alerting.Notice) ([]byte, error) {
	return indented(w.message(n, false))
}
