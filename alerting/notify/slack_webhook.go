package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/retryafter"
)

// chartPath is where a webhook's message links to for the chart, below ExternalURL: Tidewatch's own API, with the series' ID and
// the range in Unix seconds.
const chartPath = "/api/v1/series/%d/chart.png?from=%d&to=%d"

// webhook posts through an incoming webhook. It cannot edit, look back or upload, so it posts when an incident opens and when
// it ends, a thread reply as a message of its own, and after a lost answer once more, marked as a possible repeat.
type webhook struct{ cfg SlackConfig }

// QueueKey implements Queued. The address is a secret, so the receiver's name stands for it.
func (w *webhook) QueueKey() string { return "slack webhook " + w.cfg.Name }

// Notify implements alerting.Notifier.
func (w *webhook) Notify(ctx context.Context, n *alerting.Notice, d alerting.Delivery) (alerting.Delivery, error) {
	if err := ctx.Err(); err != nil {
		return d, fmt.Errorf("slack receiver %q: %w", w.cfg.Name, err)
	}
	if d.Sent >= n.Version && !d.Unknown {
		return d, nil
	}
	st, err := readState(d.State)
	if err != nil {
		return d, alerting.Permanent(fmt.Errorf("slack receiver %q: %w", w.cfg.Name, err))
	}
	msg := w.message(n, d)
	if msg == nil || st.Digest && n.Status == "resolved" { // a digest told of it, and it is over
		return alerting.Delivery{Sent: n.Version, State: d.State}, nil
	}
	address, err := w.cfg.WebhookURL()
	if err != nil {
		return d, fmt.Errorf("slack receiver %q: reading the webhook's URL: %w", w.cfg.Name, err)
	}
	address = strings.TrimSpace(address)
	began := w.cfg.Clock().UnixMilli()
	unknown, err := w.post(ctx, address, msg)
	if err == nil {
		return alerting.Delivery{Sent: n.Version, State: d.State}, nil
	}
	if unknown && !d.Unknown {
		d.Unknown, d.UnknownSince = true, began
	}
	return d, redact(fmt.Errorf("slack receiver %q: %w", w.cfg.Name, err), secretParts(address)...)
}

// message is what a webhook says about a version, nil if it says nothing: an update between opening and end would be noise.
func (w *webhook) message(n *alerting.Notice, d alerting.Delivery) *slack.WebhookMessage {
	var m message
	switch {
	case d.Sent == 0 || n.Status == "resolved":
		m = compose(w.cfg.dress(n), w.chart(n, d), webhookStyle)
	case n.Reply != "":
		m = composeReply(n)
		m.section("re: " + fit(oneLine(n.Headline), slackHeadline))
	default:
		return nil
	}
	off := false
	return &slack.WebhookMessage{
		Text: m.Text, Blocks: &slack.Blocks{BlockSet: m.Blocks}, Username: w.cfg.Username, IconEmoji: w.cfg.IconEmoji,
		UnfurlLinks: &off, UnfurlMedia: &off,
	}
}

func (w *webhook) chart(n *alerting.Notice, d alerting.Delivery) chartRef {
	ref := chartRef{Repeat: d.Unknown}
	if c, alarm := chartOf(n); c != nil && len(c.T) > 0 && w.cfg.ExternalURL != "" {
		from, to := c.T[0]/1000, (c.T[len(c.T)-1]+999)/1000
		ref.Link = strings.TrimSuffix(w.cfg.ExternalURL, "/") + fmt.Sprintf(chartPath, alarm.SeriesID, from, to)
	}
	return ref
}

// post sends the message. unknown reports that it may be there although there was an error.
func (w *webhook) post(ctx context.Context, address string, msg *slack.WebhookMessage) (unknown bool, err error) {
	const doing = "posting to the webhook"
	body, err := json.Marshal(msg)
	if err != nil {
		return false, alerting.Permanent(fmt.Errorf("%s: %w", doing, err))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil || req.URL.Host == "" {
		return false, alerting.Permanent(errors.New(doing + ": the webhook's URL is not an http URL"))
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := w.cfg.HTTPClient.Do(req)
	if err != nil {
		return classify(doing, err)
	}
	defer func() { _ = resp.Body.Close() }()
	said, err := io.ReadAll(io.LimitReader(resp.Body, 200))
	if resp.StatusCode == http.StatusOK {
		return false, nil // the body, "ok", says no more than the status
	}
	if err != nil {
		said = nil
	}
	if after, ok := retryAfter(resp); ok {
		return false, &alerting.RetryAfterError{After: after, Err: errors.New(doing + ": Slack's rate limit is reached")}
	}
	return classifyStatus(doing, resp.StatusCode, saidText(resp.StatusCode, string(said)))
}

func saidText(status int, said string) string {
	word := strings.TrimSpace(said)
	text := fmt.Sprintf("HTTP status %d", status)
	if word == "" || strings.ContainsAny(word, "<> \n") {
		return text // a page of a proxy says nothing
	}
	text += ", Slack says " + word
	if hint := hints[word]; hint != "" {
		text += ": " + hint
	}
	return text
}

// retryAfter is how long a 429 asks to wait, at least a second.
func retryAfter(resp *http.Response) (time.Duration, bool) {
	after, ok := retryafter.Wait(resp, time.Now())
	return max(time.Second, after), ok && resp.StatusCode == http.StatusTooManyRequests
}

// secretParts are the parts of a webhook's address that must not be seen.
func secretParts(address string) []string {
	u, err := url.Parse(address)
	if err != nil || strings.Trim(u.Path, "/") == "" {
		return []string{address}
	}
	parts := []string{address, u.Path}
	if i := strings.LastIndexByte(u.Path, '/'); i >= 0 && len(u.Path)-i > 8 {
		parts = append(parts, u.Path[i+1:])
	}
	return parts
}
