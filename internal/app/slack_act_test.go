package app

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/api"
	"github.com/tidewatch/tidewatch/internal/slackapp"
	"github.com/tidewatch/tidewatch/internal/slackfake"
)

const signingSecret = "8f742231b10e8888abcd99yyyzzz85a5"

// clicker is a service in an incident whose message has buttons.
type clicker struct {
	*session
	ts string
}

// newClicker walks into the incident; secret is the line of slack_configs that makes messages interactive.
func newClicker(t *testing.T, secret string) *clicker {
	t.Helper()
	h := newQuick(t, broken)
	h.yaml = strings.Replace(quickConfig, "app_token: xoxb-secret", "app_token: xoxb-secret, "+secret, 1)
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.opts.Listeners = []net.Listener{l}
	h.opts.tuneSlack = func(o *slackapp.Options) { o.MinBackoff = time.Millisecond }
	if strings.HasPrefix(secret, "signing") {
		h.slack.Interact("http://"+l.Addr().String()+api.SlackPath, signingSecret)
	}
	x := &clicker{session: h.start(t)}
	x.walkSent(begin + 2*hour + 11*minute)
	m := h.slack.Messages("#oncall")
	if len(m) != 1 {
		t.Fatalf("%d messages, want the incident's", len(m))
	}
	x.ts = m[0].TS
	return x
}

// click presses a button of the incident's message and gives the text of the answer that came, and the message after it.
func (x *clicker) click(what string, times int) (answer slackfake.Shown, message string) {
	x.t.Helper()
	before := len(x.h.slack.Answers())
	a, err := x.h.slack.Click("#oncall", x.ts, what, slackfake.Person, times)
	if err != nil || a.Status != http.StatusOK || a.Took > 3*time.Second {
		x.t.Fatalf("%s: %+v, %v\n%s", what, a, err, x.h.logs.text())
	}
	return x.answered(before), x.message()
}

func (x *clicker) answered(before int) slackfake.Shown {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.t.Context(), 5*time.Second)
	defer cancel()
	for len(x.h.slack.Answers()) == before && ctx.Err() == nil {
		Wall{}.Sleep(ctx, time.Millisecond)
	}
	all := x.h.slack.Answers()
	if len(all) != before+1 {
		x.t.Fatalf("%d answers, want one\n%s", len(all)-before, x.h.logs.text())
	}
	return all[before]
}

func (x *clicker) message() string {
	x.t.Helper()
	x.settle()
	m := x.h.slack.Messages("#oncall")
	return string(m[len(m)-1].Blocks)
}

func (x *clicker) undo(s slackfake.Shown) (slackfake.Shown, string) {
	x.t.Helper()
	before := len(x.h.slack.Answers())
	var bs []struct {
		Accessory struct {
			ID string `json:"action_id"`
		} `json:"accessory"`
	}
	if err := json.Unmarshal(s.Blocks, &bs); err != nil {
		x.t.Fatal(err)
	}
	if _, err := x.h.slack.ClickBlocks("C0000ONCALL", s.Blocks, bs[0].Accessory.ID, slackfake.User{ID: "U0000BEN", Name: "ben"}, 1); err != nil {
		x.t.Fatal(err)
	}
	return x.answered(before), x.message()
}

func has(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%s does not say %q:\n%s", what, p, text)
		}
	}
}

// acts goes through everything that people do; it is the same through the endpoint and through Socket Mode.
func (x *clicker) acts(t *testing.T) {
	t.Helper()
	said, message := x.click("tidewatch-ack", 3)
	has(t, "the answer", said.Text, "You acknowledged")
	has(t, "the message", message, "Acknowledged by anna (slack) at", "Take Ack back")
	said, message = x.click("tidewatch-unack", 1)
	has(t, "the answer", said.Text, "taken back")
	if strings.Contains(message, "Acknowledged by") {
		t.Errorf("the acknowledgement stays: %s", message)
	}
	said, message = x.click("tidewatch-anomaly", 2)
	has(t, "the answer", said.Text, "Noted as an anomaly")
	has(t, "the message", message, "Called an anomaly by anna (slack) at")
	if n := len(x.core.Feedback()); n != 1 {
		t.Errorf("%d verdicts after one click delivered twice", n)
	}
	_, message = x.undo(said)
	if strings.Contains(message, "Called an anomaly") {
		t.Errorf("the verdict stays: %s", message)
	}
	said, message = x.click("Silence 4 h", 2)
	has(t, "the answer", said.Text, "Silenced until", "alertname=")
	has(t, "the message", message, "ilenced by anna until")
	if n := len(x.core.Silences()); n != 1 {
		t.Errorf("%d silences after one click delivered twice", n)
	}
	said, message = x.undo(said)
	has(t, "the answer", said.Text, "The silence is ended")
	if strings.Contains(message, "ilenced by anna") || !said.InPlace {
		t.Errorf("the silence stays: %s", message)
	}
	x.want(4, "tidewatch_slack_interactions_total", "repeated") // ack twice, anomaly and silence once
	for _, span := range []string{"Silence 1 h", "Silence 24 h"} {
		said, message = x.click(span, 1)
		has(t, "the answer", said.Text, "Silenced until")
		has(t, "the message", message, "ilenced by anna until")
		x.undo(said)
	}
	said, message = x.click("tidewatch-not_anomaly", 1)
	has(t, "the answer", said.Text, "Noted as not an anomaly")
	has(t, "the message", message, "Called not an anomaly by anna (slack) at", "ot an anomaly, says anna, until")
	_, message = x.undo(said)
	if strings.Contains(message, "not an anomaly by") {
		t.Errorf("the verdict stays: %s", message)
	}
	x.commands(t)
}

// commands tries what people write.
func (x *clicker) commands(t *testing.T) {
	t.Helper()
	alarm := x.core.Incidents()[0].Alarms[0]
	for text, want := range map[string][]string{
		"status":                 {"1 detectors over 3 series", "1 open incidents"},
		"explain " + alarm[:8]:   {"alarm " + alarm, "decided by"},
		"last":                   {"Load", "still going on"},
		"feedback":               {"No feedback stands"},
		"explain zz":             {"Not done", "which alarm?"},
		"dance":                  {"There is no `dance`", "/tidewatch status"},
		"silence job=job0 never": {"Not done", "right would be"},
	} {
		a, err := x.h.slack.Command("#oncall", "/tidewatch", text, slackfake.Person, 1)
		if err != nil || a.Status != http.StatusOK {
			t.Errorf("%s: %+v, %v", text, a, err)
		}
		has(t, "/tidewatch "+text, strings.ReplaceAll(a.Body, `\u003c`, "<"), want...)
	}
}

// endsAndIsJudged calls the shift expected, which ends the incident, judges the message that says so, and takes the first verdict back.
func (x *clicker) endsAndIsJudged(t *testing.T) {
	t.Helper()
	expected, message := x.click("tidewatch-expected", 1)
	has(t, "the answer", expected.Text, "Noted as expected")
	has(t, "the message", message, "Called expected by anna (slack) at")
	x.walkSent(begin + 2*hour + 31*minute)
	message = x.message()
	has(t, "the message of the end", message, "Closed", "called expected by anna (slack): the shift is the new normal")
	for _, gone := range []string{"tidewatch-ack", "tidewatch-silence"} {
		if strings.Contains(message, gone) {
			t.Errorf("a message that is over offers %s", gone)
		}
	}
	replies := len(x.h.slack.Messages("#oncall")[0].Replies)
	said, message := x.click("tidewatch-anomaly", 2)
	has(t, "the answer", said.Text, "Noted as an anomaly")
	has(t, "the message that is over", message, "Closed", "Called an anomaly by anna (slack) at", `"type":"image"`)
	if n := len(x.h.slack.Messages("#oncall")[0].Replies); n != replies || len(x.h.slack.Messages("#oncall")) != 1 {
		t.Errorf("a verdict afterwards adds to the thread or the channel: %d replies, were %d", n, replies)
	}
	x.undo(said)
	x.want(0, "tidewatch_slack_interactions_total", "malformed")
}

func TestPeopleActThroughTheEndpoint(t *testing.T) {
	x := newClicker(t, "signing_secret: "+signingSecret)
	x.acts(t)
	x.endsAndIsJudged(t)
	endpoint := "http://" + x.h.opts.Listeners[0].Addr().String() + api.SlackPath
	body := []byte(url.Values{"payload": {`{"type":"block_actions"}`}}.Encode())
	for _, tc := range []struct {
		result, secret string
		at             time.Time
		body           []byte
		want           int
	}{
		{"forged", "another", time.Now(), body, http.StatusUnauthorized},
		{"stale", signingSecret, time.Now().Add(-6 * time.Minute), body, http.StatusUnauthorized},
		{"malformed", signingSecret, time.Now(), body, http.StatusBadRequest},
		{"malformed", signingSecret, time.Now(), make([]byte, slackapp.MaxBody+1), http.StatusBadRequest},
	} {
		before := x.metric("tidewatch_slack_interactions_total", tc.result)
		a, err := slackfake.Post(endpoint, tc.secret, tc.at, tc.body)
		if err != nil || a.Status != tc.want {
			t.Errorf("%s: %+v, %v", tc.result, a, err)
		}
		x.want(before+1, "tidewatch_slack_interactions_total", tc.result)
	}
	x.leaks(t)
	x.stop()
}

func TestPeopleActThroughSocketMode(t *testing.T) {
	x := newClicker(t, "socket_token: "+slackfake.AppToken)
	x.connected(t)
	x.acts(t)
	for _, reason := range []string{"refresh_requested", ""} {
		x.h.slack.Disconnect(reason)
		x.connected(t)
	}
	a, err := x.h.slack.Command("#oncall", "/tidewatch", "silence job=job0 30m testing", slackfake.Person, 1)
	if err != nil {
		t.Fatal(err)
	}
	has(t, "the acknowledgement", a.Body, "Silenced until", "job=", "ephemeral")
	if !slices.ContainsFunc(x.core.Silences(), func(s alerting.Silence) bool { return s.Comment == "testing" }) {
		t.Errorf("silences %+v", x.core.Silences())
	}
	x.leaks(t)
	x.stop()
}

func (x *clicker) connected(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for x.h.slack.Connections() == 0 {
		if ctx.Err() != nil {
			t.Fatal("no Socket Mode connection\n", x.h.logs.text())
		}
		Wall{}.Sleep(ctx, time.Millisecond)
	}
}

// leaks looks for secrets in everything that has gone out.
func (x *clicker) leaks(t *testing.T) {
	t.Helper()
	out := x.h.logs.text() + x.h.slackState(t, true)
	for _, s := range x.h.slack.Answers() {
		out += s.Text + string(s.Blocks)
	}
	for _, s := range x.core.Silences() {
		b, _ := json.Marshal(s)
		out += string(b)
	}
	for _, secret := range []string{signingSecret, slackfake.AppToken, "xoxb-secret", "responsesecret", "ticket="} {
		if strings.Contains(out, secret) {
			t.Errorf("%s has gone out", secret)
		}
	}
}
