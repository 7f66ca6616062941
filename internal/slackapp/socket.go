package slackapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	maxBackoff   = time.Minute
	pingEvery    = 20 * time.Second
	quietFor     = 60 * time.Second // a connection that says nothing for so long is dead
	writeTimeout = 5 * time.Second
)

// RunSockets keeps a Socket Mode connection for each app with a token until ctx ends.
func (a *App) RunSockets(ctx context.Context) {
	var wg sync.WaitGroup
	for _, c := range a.opts.Apps() {
		if c.SocketToken != nil {
			wg.Go(func() { a.keep(ctx, c) })
		}
	}
	wg.Wait()
}

// keep connects again whenever the connection ends: at once where Slack asks for it, else after a pause that grows.
func (a *App) keep(ctx context.Context, c Credentials) {
	pause := a.opts.MinBackoff
	for ctx.Err() == nil {
		hello, err := a.connect(ctx, c)
		if hello {
			pause = a.opts.MinBackoff
		}
		if err == nil || ctx.Err() != nil {
			continue
		}
		a.log.Warn("Socket Mode is not connected; trying again", "app", c.Name, "in", pause, "err", err)
		wait := time.NewTimer(pause/2 + rand.N(pause/2+1)) //nolint:gosec // jitter
		select {
		case <-ctx.Done():
		case <-wait.C:
		}
		wait.Stop()
		pause = min(2*pause, maxBackoff)
	}
}

// link is one connection.
type link struct {
	conn *websocket.Conn
	mu   sync.Mutex // held while writing
}

// connect makes a connection and serves it until it ends. hello: it was good. No error: Slack asked for a new one.
func (a *App) connect(ctx context.Context, c Credentials) (hello bool, err error) {
	token, err := c.SocketToken()
	if err != nil {
		return false, fmt.Errorf("reading the app-level token: %w", err)
	}
	address, err := openConnection(ctx, c, token)
	if err != nil {
		return false, fmt.Errorf("apps.connections.open: %w", hide(err, token))
	}
	d := websocket.Dialer{HandshakeTimeout: answerTimeout, Proxy: http.ProxyFromEnvironment}
	conn, resp, err := d.DialContext(ctx, address, nil)
	if resp != nil {
		_ = resp.Body.Close()
	}
	if err != nil {
		return false, fmt.Errorf("dialling Socket Mode: %w", hide(withoutURL(err), address, token))
	}
	l := &link{conn: conn}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	a.wg.Go(func() { l.tend(ctx) })
	hello, err = a.read(ctx, l, c)
	if hello {
		a.connected.Dec()
	}
	return hello, hide(err, address, token)
}

// tend pings, and closes the connection when ctx ends.
func (l *link) tend(ctx context.Context) {
	t := time.NewTicker(pingEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			_ = l.conn.Close()
			return
		case <-t.C:
			_ = l.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTimeout)) // a dead connection shows when it is read
		}
	}
}

// envelope is one message of Slack's.
type envelope struct {
	Type    string          `json:"type"`
	Reason  string          `json:"reason"`
	ID      string          `json:"envelope_id"`
	Payload json.RawMessage `json:"payload"`
	Answers bool            `json:"accepts_response_payload"`
}

func (a *App) read(ctx context.Context, l *link, c Credentials) (hello bool, err error) {
	alive := func() { _ = l.conn.SetReadDeadline(time.Now().Add(quietFor)) }
	ping := l.conn.PingHandler()
	l.conn.SetPingHandler(func(s string) error { alive(); return ping(s) })
	l.conn.SetPongHandler(func(string) error { alive(); return nil })
	l.conn.SetReadLimit(MaxBody)
	for {
		alive()
		_, text, err := l.conn.ReadMessage()
		if err != nil {
			return hello, fmt.Errorf("the connection ended: %w", withoutURL(err))
		}
		var e envelope
		if json.Unmarshal(text, &e) != nil {
			a.results.WithLabelValues(resultMalformed).Inc()
			a.log.Warn("Slack sent what is no envelope", "app", c.Name, "bytes", len(text))
			continue
		}
		switch {
		case e.Type == "hello" && !hello:
			hello = true
			a.connected.Inc()
			a.log.Info("Socket Mode is connected", "app", c.Name)
		case e.Type == "disconnect" && e.Reason == "link_disabled":
			return hello, errors.New("the app has Socket Mode disabled; enable it under Socket Mode in the app's settings")
		case e.Type == "disconnect":
			a.log.Debug("Slack asks for a new connection", "app", c.Name)
			return hello, nil
		case e.ID != "":
			a.wg.Go(func() { a.deliver(ctx, l, e, c) })
		}
	}
}

// deliver does what an envelope asks for and acknowledges it. What could not be taken is not acknowledged: Slack delivers it again.
func (a *App) deliver(ctx context.Context, l *link, e envelope, c Credentials) {
	var req *request
	err := errIgnored
	switch e.Type {
	case "interactive":
		req, err = parsePayload(e.Payload)
	case "slash_commands":
		req, err = parseSocketCommand(e.Payload)
	}
	var rep *reply
	switch {
	case errors.Is(err, errIgnored):
		a.results.WithLabelValues(resultIgnored).Inc()
	case err != nil:
		a.results.WithLabelValues(resultMalformed).Inc()
		a.log.Warn("Slack sent a malformed envelope", "app", c.Name, "err", err)
	default:
		if rep, err = a.serve(ctx, req, c); err != nil {
			a.log.Warn("an envelope is left to be delivered again", "app", c.Name, "err", err)
			return
		}
	}
	ack := map[string]any{"envelope_id": e.ID}
	if rep != nil && e.Answers {
		ack["payload"] = rep
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	if err := l.conn.WriteJSON(ack); err != nil {
		a.log.Debug("an envelope could not be acknowledged; Slack delivers it again", "app", c.Name, "err", withoutURL(err))
	}
}

// openConnection asks Slack where to connect. The address holds a ticket, which is a secret.
func openConnection(ctx context.Context, c Credentials, token string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.APIURL+"apps.connections.open", http.NoBody)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := c.client().Do(req)
	if err != nil {
		return "", withoutURL(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var said struct {
		OK    bool   `json:"ok"`
		URL   string `json:"url"`
		Error string `json:"error"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 64<<10)).Decode(&said); err != nil {
		return "", fmt.Errorf("HTTP status %d without the JSON that Slack answers", resp.StatusCode)
	}
	if !said.OK {
		return "", fmt.Errorf("refused with %q; socket_token_file needs an app-level token (xapp-…) with the scope connections:write", said.Error)
	}
	u, err := url.Parse(said.URL)
	if err != nil || u.Scheme != "wss" && (u.Scheme != "ws" || !strings.HasPrefix(c.APIURL, "http://")) {
		return "", errors.New("the answer has no wss address")
	}
	return said.URL, nil
}

// hide takes secrets out of an error's text.
func hide(err error, secrets ...string) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "<secret>")
		}
	}
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}
