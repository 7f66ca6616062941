//go:build integration

package integration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch/internal/api"
	"github.com/tidewatch/tidewatch/internal/slackfake"
)

const (
	interactionsMetric = "tidewatch_slack_interactions_total"
	signing            = "8f742231b10e8888abcd99yyyzzz85a5"
)

// people is somebody before the message of an open incident.
type people struct {
	*world
	d  *daemon
	ts string
}

// TestPeopleInSlack presses every button of a message and types every command, as Slack delivers them to the binary: signed to its
// endpoint and through Socket Mode. What it does is shown back in the message and to the person, listed by the API, and taken back again.
func TestPeopleInSlack(t *testing.T) {
	t.Parallel()
	r := releases()[0]
	r.need(t)
	t.Run("endpoint", func(t *testing.T) {
		t.Parallel()
		p := newPeople(t, r, "signing_secret: "+signing)
		p.slack.Interact("http://"+p.d.addr+api.SlackPath, signing)
		p.doEverything(t)
		p.forge(t)
		p.noSecrets(t, signing)
	})
	t.Run("Socket Mode", func(t *testing.T) {
		t.Parallel()
		p := newPeople(t, r, "socket_token: "+slackfake.AppToken)
		eventually(t, 30*time.Second, "a connection", func() error {
			if p.slack.Connections() == 0 {
				return errNotYet
			}
			return nil
		})
		p.doEverything(t)
		for _, payload := range []string{`{"type":"block_actions"}`, `{}`, `[1]`} {
			if _, err := p.slack.Envelope("interactive", []byte(payload)); err != nil {
				t.Error(err)
			}
		}
		p.counted(t, 3, "malformed")
		p.noSecrets(t, slackfake.AppToken)
	})
}

func newPeople(t *testing.T, r release, secret string) *people {
	t.Helper()
	w := newWorld(t, r, nil, nil)
	p := &people{world: w, d: serve(t, strings.Replace(w.config(""), "app_token:", secret+", app_token:", 1))}
	w.app.fault("orders", 60)
	p.ts = w.waitMessages(t, 1, "the page", firing("orders")).TS
	return p
}

// press presses a button, and wants words in the answer, and words that the message has afterwards, or with a "-" before them has not.
func (p *people) press(t *testing.T, button string, answer, message []string) slackfake.Shown {
	t.Helper()
	return p.answered(t, button, answer, message, func() (slackfake.Answer, error) {
		return p.slack.Click("#oncall", p.ts, button, slackfake.Person, 1)
	})
}

// undo presses the button of an answer, as somebody else.
func (p *people) undo(t *testing.T, s slackfake.Shown, answer, message []string) {
	t.Helper()
	var blocks []struct {
		Accessory struct {
			ID string `json:"action_id"`
		}
	}
	if err := json.Unmarshal(s.Blocks, &blocks); err != nil || len(blocks) == 0 {
		t.Fatalf("no button in %s: %v", s.Blocks, err)
	}
	p.answered(t, "undo", answer, message, func() (slackfake.Answer, error) {
		return p.slack.ClickBlocks("C0000ONCALL", s.Blocks, blocks[0].Accessory.ID, slackfake.User{ID: "U0000BEN", Name: "ben"}, 1)
	})
}

func (p *people) answered(t *testing.T, what string, answer, message []string, click func() (slackfake.Answer, error)) (s slackfake.Shown) {
	t.Helper()
	before := len(p.slack.Answers())
	a, err := click()
	if err != nil || a.Status != http.StatusOK || a.Took > 3*time.Second {
		t.Fatalf("%s: %+v, %v", what, a, err)
	}
	eventually(t, 10*time.Second, what+": the answer", func() error {
		all := p.slack.Answers()
		if len(all) != before+1 {
			return errNotYet
		}
		s = all[before]
		return says(s.Text, answer)
	})
	eventually(t, 30*time.Second, what+": the message", func() error {
		return says(string(p.messages()[0].Blocks), message)
	})
	return s
}

// says wants words in a text, or with a "-" before them wants them not.
func says(text string, words []string) error {
	for _, w := range words {
		without, no := strings.CutPrefix(w, "-")
		if strings.Contains(text, without) == no {
			return fmt.Errorf("%q in %s", w, text)
		}
	}
	return nil
}

func list(words ...string) []string { return words }

// listed wants so many silences or verdicts to stand; a verdict that was taken back is listed with who did.
func (p *people) listed(t *testing.T, path string, n int, words ...string) {
	t.Helper()
	text, err := get("http://" + p.d.addr + path)
	if err != nil {
		t.Fatal(err)
	}
	stands := map[string]string{silencesPath: `"state":"active"`, feedbackPath: `"active":true`}[path]
	if got := strings.Count(text, stands); got != n || says(text, words) != nil {
		t.Errorf("%s: %d stand, want %d with %q: %s", path, got, n, words, text)
	}
}

const (
	silencesPath = "/api/v1/silences?state=active"
	feedbackPath = "/api/v1/feedback"
)

// doEverything presses every button and types every command. The last button is Expected, which ends the incident.
func (p *people) doEverything(t *testing.T) {
	t.Helper()
	p.press(t, "tidewatch-ack", list("You acknowledged"), list("Acknowledged by anna (slack) at"))
	p.press(t, "tidewatch-unack", list("taken back"), list("-Acknowledged by"))
	for _, span := range []string{"1", "4", "24"} {
		s := p.press(t, "Silence "+span+" h", list("Silenced until", "queue="), list("ilenced by anna until"))
		p.listed(t, silencesPath, 1, `"by":"anna (slack)"`)
		p.undo(t, s, list("The silence is ended"), list("-ilenced by anna"))
		p.listed(t, silencesPath, 0)
	}
	for _, v := range []struct{ verdict, name string }{{"anomaly", "an anomaly"}, {"not_anomaly", "not an anomaly"}} {
		s := p.press(t, "tidewatch-"+v.verdict, list("Noted as "+v.name), list("Called "+v.name+" by anna (slack) at"))
		p.listed(t, feedbackPath, 1, `"verdict":"`+v.verdict+`"`, "anna")
		p.undo(t, s, list("The verdict is taken back"), list("-Called "+v.name))
		p.listed(t, feedbackPath, 0, `"retracted_by":"ben (slack)"`)
	}
	p.commands(t)
	s := p.press(t, "tidewatch-expected", list("Noted as expected"), list("Called expected by anna (slack) at"))
	p.listed(t, feedbackPath, 1, `"verdict":"expected"`)
	eventually(t, time.Minute, "the end of what is expected", func() error { return says(p.messages()[0].Text, list("✅")) })
	p.undo(t, s, list("The verdict is taken back"), list("-Called expected"))
	p.listed(t, feedbackPath, 0)
	checkMessages(t, p.messages()[:1])
	if n := p.d.metric(t, interactionsMetric, "result", "refused"); n != 1 {
		t.Errorf("%g requests were refused, want the one that named no alarm", n)
	}
}

// commands types every command.
func (p *people) commands(t *testing.T) {
	t.Helper()
	id := p.d.alarms(t)["orders"].ID
	for _, c := range []struct {
		text  string
		words []string
	}{
		{"status", list("1 detectors over 5 series", "1 open incidents", "0 active silences")},
		{"explain " + id[:8], list("alarm "+id, "decided by", "orders")},
		{"explain zz", list("Not done", "which alarm?")},
		{"last", list("QueueDepth", "orders", "still going on")},
		{"silence queue=mail 30m looking into it", list("Silenced until", "mail")},
		{"feedback", list("No feedback stands")},
		{"help", list("/tidewatch status")},
		{"dance", list("There is no `dance`")},
	} {
		a, err := p.slack.Command("#oncall", "/tidewatch", c.text, slackfake.Person, 1)
		if err != nil || a.Status != http.StatusOK || says(a.Body, append(c.words, "ephemeral")) != nil {
			t.Errorf("/tidewatch %s: %v, %+v, want %q", c.text, err, a, c.words)
		}
	}
	p.listed(t, silencesPath, 1, "looking into it", "anna (slack)")
}

// forge sends what Slack never would.
func (p *people) forge(t *testing.T) {
	t.Helper()
	endpoint := "http://" + p.d.addr + api.SlackPath
	form := func(payload string) []byte { return []byte(url.Values{"payload": {payload}}.Encode()) }
	for _, c := range []struct {
		result, secret string
		at             time.Time
		body           []byte
		status         int
	}{
		{"forged", "another", time.Now(), form(`{"type":"block_actions"}`), http.StatusUnauthorized},
		{"forged", "", time.Now(), []byte("command=%2Ftidewatch&text=status"), http.StatusUnauthorized},
		{"stale", signing, time.Now().Add(-6 * time.Minute), form(`{"type":"block_actions"}`), http.StatusUnauthorized},
		{"stale", signing, time.Now().Add(6 * time.Minute), form(`{"type":"block_actions"}`), http.StatusUnauthorized},
		{"malformed", signing, time.Now(), form(`{"type":"block_actions"}`), http.StatusBadRequest},
		{"malformed", signing, time.Now(), form(`{`), http.StatusBadRequest},
		{"malformed", signing, time.Now(), []byte("%zz"), http.StatusBadRequest},
		{"malformed", signing, time.Now(), make([]byte, 4<<20), http.StatusBadRequest},
	} {
		before := p.d.metric(t, interactionsMetric, "result", c.result)
		a, err := slackfake.Post(endpoint, c.secret, c.at, c.body)
		if err != nil || a.Status != c.status {
			t.Errorf("%s: %+v, %v, want %d", c.result, a, err, c.status)
		}
		p.counted(t, before+1, c.result)
	}
	p.replay(t)
}

// replay delivers a command again, signed and within the window: it has no second effect.
func (p *people) replay(t *testing.T) {
	t.Helper()
	if _, err := p.slack.Command("#oncall", "/tidewatch", "silence queue=search 30m twice", slackfake.Person, 2); err != nil {
		t.Error(err)
	}
	p.counted(t, 1, "repeated")
	p.listed(t, silencesPath, 2, "twice")
}

func (p *people) counted(t *testing.T, want float64, result string) {
	t.Helper()
	eventually(t, 10*time.Second, "a count of what is "+result, func() error {
		if got := p.d.metric(t, interactionsMetric, "result", result); got != want {
			return fmt.Errorf("%s{result=%q} is %g, want %g", interactionsMetric, result, got, want)
		}
		return nil
	})
}

// noSecrets wants none in anything that was said, and no error in the log.
func (p *people) noSecrets(t *testing.T, secret string) {
	t.Helper()
	p.d.stop(t)
	p.d.wantCalm(t)
	said := p.d.log.String()
	for _, a := range p.slack.Answers() {
		said += a.Text + string(a.Blocks)
	}
	for _, m := range p.messages() {
		for _, x := range append([]slackfake.Message{m}, m.Replies...) {
			said += x.Text + string(x.Blocks)
		}
	}
	for _, s := range []string{secret, token, "responsesecret"} {
		if strings.Contains(said, s) {
			t.Errorf("%s has been said", s)
		}
	}
}
