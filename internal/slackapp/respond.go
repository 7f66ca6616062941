package slackapp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/slack-go/slack"
)

// reply is what one person sees.
type reply struct {
	Type    string        `json:"response_type"`
	Replace bool          `json:"replace_original"`
	Text    string        `json:"text"`
	Blocks  []slack.Block `json:"blocks,omitempty"`
}

func ephemeral(text string) *reply { return &reply{Type: "ephemeral", Text: text} }

// answerTimeout bounds one answer to a response URL.
const answerTimeout = 10 * time.Second

// respond sends a reply to where Slack waits for it. The address comes in a signed request and is used only if it is Slack's own. It
// is a secret, so errors do not name it.
func (a *App) respond(ctx context.Context, to string, rep *reply, c Credentials) error {
	if to == "" {
		return errors.New("the request gave no response_url")
	}
	u, err := url.Parse(to)
	own, aerr := url.Parse(c.APIURL)
	switch {
	case err != nil || aerr != nil:
		return errors.New("the response_url is no URL")
	case (u.Scheme != "https" || u.Host != "hooks.slack.com") && (u.Scheme != own.Scheme || u.Host != own.Host || u.Host == ""):
		return errors.New("the response_url is not at hooks.slack.com")
	}
	body, err := json.Marshal(rep)
	if err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return errors.New("the response_url makes no request")
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.client().Do(req)
	if err != nil {
		return fmt.Errorf("answering to the response_url: %w", withoutURL(err))
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("answering to the response_url: HTTP status %d", resp.StatusCode)
	}
	return nil
}

// client is the configured one without redirects, which would carry a secret elsewhere.
func (c Credentials) client() *http.Client {
	out := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if c.HTTPClient != nil {
		out.Transport = c.HTTPClient.Transport
	}
	return out
}

// withoutURL is what went wrong without the address, which is a secret.
func withoutURL(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	var ne *net.OpError
	if errors.As(err, &ne) {
		return fmt.Errorf("%s: %w", ne.Op, ne.Err)
	}
	return err
}
