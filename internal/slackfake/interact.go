package slackfake

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// User is who clicks or types.
type User struct{ ID, Name string }

// Person is the user where a test does not care who it is.
var Person = User{ID: "U0000ANNA", Name: "anna"}

// Answer is what came back for an interaction: from the app's endpoint, or in the acknowledgement of an envelope.
type Answer struct {
	Status int // of HTTP; 200 for an envelope that was acknowledged
	Body   string
	Took   time.Duration
}

// Shown is what an app answered through a response_url: visible to one person only unless InChannel.
type Shown struct {
	Text      string          `json:"text"`
	Blocks    json.RawMessage `json:"blocks"`
	Type      string          `json:"response_type"`
	InPlace   bool            `json:"replace_original"`
	Deletes   bool            `json:"delete_original"`
	InChannel bool            `json:"-"`
}

// Interact sets where the workspace delivers interactions of people: the app's endpoint and the secret that signs requests. With
// an empty url they go through Socket Mode.
func (s *Server) Interact(endpoint, signingSecret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endpoint, s.signing = endpoint, signingSecret
}

// Answers are what was sent to response URLs, oldest first.
func (s *Server) Answers() []Shown {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Shown(nil), s.shown...)
}

// Click presses the button of a message whose action_id is given, or chooses the option with that text, and delivers it so many
// times, as Slack does when it does not hear of the first delivery. It returns the last answer.
func (s *Server) Click(channel, ts, what string, who User, times int) (Answer, error) {
	payload, err := s.blockActions(channel, ts, what, who)
	if err != nil {
		return Answer{}, err
	}
	return s.deliver("interactive", url.Values{"payload": {string(payload)}}, payload, times)
}

// ClickBlocks is Click on blocks that only one person sees, for example those of an answer.
func (s *Server) ClickBlocks(channel string, blocks json.RawMessage, what string, who User, times int) (Answer, error) {
	payload, err := s.clicked(channel, "1.000001", blocks, what, who)
	if err != nil {
		return Answer{}, err
	}
	return s.deliver("interactive", url.Values{"payload": {string(payload)}}, payload, times)
}

// Command types a slash command.
func (s *Server) Command(channel, command, text string, who User, times int) (Answer, error) {
	id, hook := s.next()
	f := map[string]string{
		"command": command, "text": text, "user_id": who.ID, "user_name": who.Name, "channel_id": channel, "channel_name": channel,
		"team_id": "T0000FAKE", "api_app_id": "A0000FAKE", "trigger_id": id, "response_url": hook,
	}
	form := url.Values{}
	for k, v := range f {
		form.Set(k, v)
	}
	payload, err := json.Marshal(f)
	if err != nil {
		return Answer{}, err
	}
	return s.deliver("slash_commands", form, payload, times)
}

func (s *Server) blockActions(channel, ts, what string, who User) ([]byte, error) {
	s.mu.Lock()
	c := s.find(channel)
	var blocks json.RawMessage
	id := channel
	if c != nil {
		id = c.ID
		if m, _ := c.at(ts); m != nil {
			blocks = m.Blocks
		}
	}
	s.mu.Unlock()
	if blocks == nil {
		return nil, fmt.Errorf("no message %s in channel %s", ts, channel)
	}
	return s.clicked(id, ts, blocks, what, who)
}

// clicked is the payload of a click.
func (s *Server) clicked(channel, ts string, blocks json.RawMessage, what string, who User) ([]byte, error) {
	var bs []object
	if err := json.Unmarshal(blocks, &bs); err != nil {
		return nil, fmt.Errorf("reading blocks: %w", err)
	}
	var action object
	for _, b := range bs {
		elements, _ := b["elements"].([]any)
		for _, e := range append(elements, b["accessory"]) {
			if el, ok := e.(object); ok && action == nil {
				action = pressed(el, what)
			}
		}
	}
	if action == nil {
		return nil, fmt.Errorf("no button or option %q in %s", what, blocks)
	}
	id, hook := s.next()
	action["action_ts"], action["block_id"] = id, "tidewatch"
	return json.Marshal(object{
		"type": "block_actions", "team": object{"id": "T0000FAKE", "domain": "fake"}, "api_app_id": "A0000FAKE",
		"user":      object{"id": who.ID, "username": who.Name, "name": who.Name, "team_id": "T0000FAKE"},
		"container": object{"type": "message", "message_ts": ts, "channel_id": channel}, "trigger_id": id,
		"channel": object{"id": channel, "name": "oncall"}, "message": object{"type": "message", "ts": ts},
		"response_url": hook, "actions": []object{action},
	})
}

// pressed is the action of an element if it is the one that is meant.
func pressed(e object, what string) object {
	switch {
	case e["type"] == "button" && e["action_id"] == what:
		return object{"type": "button", "action_id": what, "value": e["value"], "text": e["text"]}
	case e["type"] == "static_select":
		options, _ := e["options"].([]any)
		for _, v := range options {
			o, _ := v.(object)
			if text, _ := o["text"].(object); text["text"] == what {
				return object{"type": "static_select", "action_id": e["action_id"], "selected_option": o, "placeholder": e["placeholder"]}
			}
		}
	}
	return nil
}

// next is an identity that nothing has had, and the address for answers to it.
func (s *Server) next() (id, hook string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, _ = s.stamp()
	return id, s.URL() + "/actions/T0000FAKE/" + id + "/responsesecret"
}

func (s *Server) deliver(kind string, form url.Values, payload []byte, times int) (a Answer, err error) {
	s.mu.Lock()
	endpoint, secret := s.endpoint, s.signing
	s.mu.Unlock()
	for range times {
		if endpoint == "" {
			a, err = s.Envelope(kind, payload)
		} else {
			a, err = Post(endpoint, secret, time.Now(), []byte(form.Encode()))
		}
		if err != nil {
			return a, err
		}
	}
	return a, nil
}

// Post sends a signed request as Slack does, as if it were made at now.
func Post(endpoint, signingSecret string, now time.Time, body []byte) (Answer, error) {
	stamp := strconv.FormatInt(now.Unix(), 10)
	req, err := http.NewRequest(http.MethodPost, endpoint, bytes.NewReader(body)) //nolint:noctx // the client has a time-out
	if err != nil {
		return Answer{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Slack-Request-Timestamp", stamp)
	req.Header.Set("X-Slack-Signature", Sign(signingSecret, stamp, body))
	began := time.Now()
	resp, err := (&http.Client{Timeout: 10 * time.Second}).Do(req)
	if err != nil {
		return Answer{}, err
	}
	said, err := io.ReadAll(resp.Body)
	return Answer{resp.StatusCode, string(said), time.Since(began)}, errors.Join(err, resp.Body.Close())
}

// Sign is X-Slack-Signature, version 0.
func Sign(secret, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "v0:%s:%s", stamp, body) // it never fails
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// serveResponse takes what an app sends to a response URL.
func (s *Server) serveResponse(w http.ResponseWriter, r *http.Request) {
	f := s.begin("response_url")
	if f.before(s, w, r) {
		return
	}
	var m Shown
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&m); err != nil {
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	}
	if len(m.Blocks) > 0 {
		if e := (&checker{}).check(m.Blocks); e != nil {
			http.Error(w, e.Code, http.StatusBadRequest)
			return
		}
	}
	m.InChannel = m.Type == "in_channel"
	s.mu.Lock()
	s.shown = append(s.shown, m)
	s.mu.Unlock()
	if f.after(s, w, r) {
		return
	}
	_, _ = io.WriteString(w, "ok")
}
