package slackapp

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/alerting/notify"
)

// request is one thing that a person did in Slack.
type request struct {
	id      string // the same for every delivery of it
	by      alerting.Actor
	respond string         // where to answer later: a secret
	action  *notify.Action // of a button; nil for a command
	text    string         // behind the slash command
}

// errIgnored marks what is in order but asks for nothing, for example a payload of another kind.
var errIgnored = errors.New("nothing that Tidewatch offers")

// parseForm reads the body of a request: a slash command, or a payload.
func parseForm(body []byte) (*request, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, errors.New("the body is no form")
	}
	switch {
	case form.Has("payload"):
		return parsePayload([]byte(form.Get("payload")))
	case form.Get("ssl_check") == "1":
		return nil, errIgnored
	case !form.Has("command"):
		return nil, errors.New("the body has neither payload nor command")
	}
	return parseCommand(form.Get)
}

// parseSocketCommand reads the payload of an envelope slash_commands.
func parseSocketCommand(payload []byte) (*request, error) {
	var f map[string]any
	if err := json.Unmarshal(payload, &f); err != nil {
		return nil, errors.New("the command is no JSON object")
	}
	return parseCommand(func(name string) string {
		s, _ := f[name].(string)
		return s
	})
}

func parseCommand(get func(string) string) (*request, error) {
	if !userID.MatchString(get("user_id")) || get("trigger_id") == "" {
		return nil, errors.New("a command without user_id or trigger_id")
	}
	return &request{
		id: requestID("command", get("team_id"), get("user_id"), get("trigger_id")), by: actor(get("user_name"), get("user_id")),
		respond: get("response_url"), text: get("text"),
	}, nil
}

// interaction is the part of Slack's payload that is used.
type interaction struct {
	Type string `json:"type"`
	Team struct {
		ID string `json:"id"`
	} `json:"team"`
	User struct {
		ID       string `json:"id"`
		Username string `json:"username"`
		Name     string `json:"name"`
	} `json:"user"`
	Container struct {
		MessageTS string `json:"message_ts"`
		ChannelID string `json:"channel_id"`
	} `json:"container"`
	ResponseURL string `json:"response_url"`
	Actions     []struct {
		ActionID string `json:"action_id"`
		ActionTS string `json:"action_ts"`
		Value    string `json:"value"`
		Selected struct {
			Value string `json:"value"`
		} `json:"selected_option"`
	} `json:"actions"`
}

// parsePayload reads an interaction. Its errors do not repeat what the payload holds.
func parsePayload(payload []byte) (*request, error) {
	var p interaction
	if err := json.Unmarshal(payload, &p); err != nil {
		return nil, errors.New("the payload is not the JSON that Slack sends")
	}
	switch {
	case p.Type == "":
		return nil, errors.New("the payload has no type")
	case p.Type != "block_actions":
		return nil, errIgnored
	case len(p.Actions) != 1:
		return nil, fmt.Errorf("the payload has %d actions, want 1", len(p.Actions))
	case !userID.MatchString(p.User.ID) || p.Actions[0].ActionTS == "":
		return nil, errors.New("the payload has no user.id or no action_ts")
	}
	act := p.Actions[0]
	if !strings.HasPrefix(act.ActionID, "tidewatch-") {
		return nil, errIgnored
	}
	value := act.Value
	if value == "" {
		value = act.Selected.Value
	}
	a, err := notify.ParseAction(value)
	if err != nil {
		return nil, fmt.Errorf("the action's value: %w", err)
	}
	name := p.User.Username
	if name == "" {
		name = p.User.Name
	}
	return &request{
		id: requestID("action", p.Team.ID, p.User.ID, p.Container.ChannelID, p.Container.MessageTS, act.ActionID, act.ActionTS, value),
		by: actor(name, p.User.ID), respond: p.ResponseURL, action: &a,
	}, nil
}

// userID is what Slack's ids of people look like, with room: U012AB3CD is one, W012AB3CD is one of an organisation.
var userID = regexp.MustCompile(`^[A-Za-z0-9]{1,100}$`)

// maxActor is how many bytes a name may have to be shown; Slack's own limit is lower.
const maxActor = 100

// actor is the person with this id, by name where the name can be shown.
func actor(name, id string) alerting.Actor {
	name = strings.Join(strings.Fields(strings.ToValidUTF8(name, "")), " ")
	if name == "" || len(name) > maxActor {
		name = id
	}
	return alerting.Actor{Name: name, From: "slack", ID: id}
}

// requestID names a request by what identifies it.
func requestID(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		_, _ = fmt.Fprintf(h, "%d:%s", len(p), p) // it never fails
	}
	return "slack-" + hex.EncodeToString(h.Sum(nil))[:24]
}
