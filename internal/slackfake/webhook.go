package slackfake

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// serveWebhook is an incoming webhook: it can only post, and answers in plain text.
func (s *Server) serveWebhook(w http.ResponseWriter, r *http.Request) {
	a, err := webhookArgs(r)
	fault := s.begin("webhook")
	if fault.before(s, w, r) {
		return
	}
	code, text := s.postWebhook(r.PathValue("secret"), a, err)
	if fault.after(s, w, r) {
		return
	}
	if code == http.StatusTooManyRequests {
		tooMany(s, w, time.Second)
		return
	}
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, text)
}

// webhookArgs reads the payload: a JSON body, or a form with a JSON field "payload".
func webhookArgs(r *http.Request) (args, error) {
	a, err := parseArgs(r)
	if payload := a["payload"]; err == nil && payload != "" {
		a = args{}
		err = a.addJSON(strings.NewReader(payload))
	}
	return a, err
}

func (s *Server) postWebhook(secret string, a args, err error) (status int, answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var c *channelLog
	for _, id := range s.order {
		if s.chans[id].hook() == secret {
			c = s.chans[id]
		}
	}
	switch {
	case c == nil:
		return http.StatusNotFound, "no_service"
	case c.Archived:
		return http.StatusGone, "channel_is_archived"
	case err != nil:
		return http.StatusBadRequest, "invalid_payload"
	}
	m, e := s.compose(a)
	if e != nil {
		return http.StatusBadRequest, e.Code
	}
	if e := s.limit(c); e != nil {
		return http.StatusTooManyRequests, e.Code
	}
	m.Webhook, m.Metadata = true, nil
	if _, e := c.add(s, m, a["thread_ts"]); e != nil {
		return http.StatusBadRequest, e.Code
	}
	return http.StatusOK, "ok"
}
