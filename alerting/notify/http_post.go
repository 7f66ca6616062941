package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/retryafter"
)

// poster posts JSON to one address, once.
type poster struct {
	client *http.Client
	clock  func() time.Time
}

// newPoster takes the client's transport; redirects are not followed, they would carry what is sent elsewhere.
func newPoster(client *http.Client, timeout time.Duration, clock func() time.Time) poster {
	c := http.Client{Timeout: timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if client != nil {
		c.Transport = client.Transport
	}
	if clock == nil {
		clock = time.Now
	}
	return poster{&c, clock}
}

// post sends the body. unknown reports that it may have arrived although there was an error. No error holds the address or
// what the receiver said, either of which may hold a secret.
func (p poster) post(ctx context.Context, doing, address string, body []byte, header http.Header) (unknown bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil || req.URL.Host == "" {
		return false, alerting.Permanent(errors.New(doing + ": the URL is not an http URL"))
	}
	for k, vs := range header {
		req.Header[k] = vs
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Tidewatch")
	resp, err := p.client.Do(req)
	if err != nil {
		return classify(doing, err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again; what it says does not matter
	if resp.StatusCode/100 == 2 {
		return false, nil
	}
	unknown, err = classifyStatus(doing, resp.StatusCode, fmt.Sprintf("HTTP status %d", resp.StatusCode))
	if after, ok := retryafter.Wait(resp, p.clock()); ok && !alerting.IsPermanent(err) {
		var limited *alerting.RetryAfterError
		if errors.As(err, &limited) {
			err = limited.Err
		}
		err = &alerting.RetryAfterError{After: max(time.Second, after), Err: err}
	}
	return unknown, err
}

// addressSecrets are the parts of an address that must not be seen: its path, its query and its user.
func addressSecrets(address string) []string {
	parts := secretParts(address)
	u, err := url.Parse(address)
	if err != nil {
		return parts
	}
	if u.User != nil {
		parts = append(parts, u.User.String())
		if pw, ok := u.User.Password(); ok {
			parts = append(parts, pw)
		}
	}
	for _, vs := range u.Query() {
		parts = append(parts, vs...)
	}
	if u.RawQuery != "" {
		parts = append(parts, u.RawQuery)
	}
	return parts
}

// attemptOnce runs send as one attempt at the notice and keeps the delivery: a version that has arrived is not sent again, an
// outcome that is not known is noted.
func attemptOnce(ctx context.Context, p poster, name string, n *alerting.Notice, d alerting.Delivery,
	send func() (unknown bool, secrets []string, err error),
) (alerting.Delivery, error) {
	if err := ctx.Err(); err != nil {
		return d, fmt.Errorf("%s: %w", name, err)
	}
	if d.Sent >= n.Version && !d.Unknown {
		return d, nil
	}
	began := p.clock().UnixMilli()
	unknown, secrets, err := send()
	if err == nil {
		return alerting.Delivery{Sent: n.Version}, nil
	}
	if unknown && !d.Unknown {
		d.Unknown, d.UnknownSince = true, began
	}
	return d, redact(fmt.Errorf("%s: %w", name, err), secrets...)
}

// trimmed reads an address from where it is kept.
func trimmed(read func() (string, error)) (string, error) {
	s, err := read()
	return strings.TrimSpace(s), err
}
