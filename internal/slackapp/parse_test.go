package slackapp

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch/alerting/notify"
	"github.com/tidewatch/tidewatch/internal/slackfake"
)

// Slack's own example: https://docs.slack.dev/authentication/verifying-requests-from-slack.
const (
	exampleSecret = "8f742231b10e8888abcd99yyyzzz85a5"
	exampleStamp  = 1531420618
	exampleSum    = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
	exampleBody   = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&" +
		"user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2F" +
		"T1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)

func TestVerify(t *testing.T) {
	stamp := strconv.Itoa(exampleStamp)
	at := func(d time.Duration) time.Time { return time.Unix(exampleStamp, 0).Add(d) }
	for _, tc := range []struct {
		name, secret, stamp, sum, body string
		now                            time.Time
		want                           error
	}{
		{"Slack's example", exampleSecret, stamp, exampleSum, exampleBody, at(0), nil},
		{"the second secret", "old", stamp, exampleSum, exampleBody, at(0), errForged},
		{"five minutes old", exampleSecret, stamp, exampleSum, exampleBody, at(replayWindow), nil},
		{"replayed later", exampleSecret, stamp, exampleSum, exampleBody, at(replayWindow + time.Second), errStale},
		{"from the future", exampleSecret, stamp, exampleSum, exampleBody, at(-replayWindow - time.Second), errStale},
		{"replayed with a new time", exampleSecret, strconv.Itoa(exampleStamp + 600), exampleSum, exampleBody, at(600 * time.Second), errForged},
		{"another body", exampleSecret, stamp, exampleSum, exampleBody + "&x=1", at(0), errForged},
		{"no signature", exampleSecret, stamp, "", exampleBody, at(0), errForged},
		{"no hexadecimal", exampleSecret, stamp, "v0=zz", exampleBody, at(0), errForged},
		{"another version", exampleSecret, stamp, "v1=" + exampleSum[3:], exampleBody, at(0), errForged},
		{"cut off", exampleSecret, stamp, exampleSum[:20], exampleBody, at(0), errForged},
		{"no time", exampleSecret, "", exampleSum, exampleBody, at(0), errForged},
		{"an absurd time", exampleSecret, "9223372036854775807", slackfake.Sign(exampleSecret, "9223372036854775807", []byte(exampleBody)), exampleBody, at(0), errStale},
		{"an empty secret signs nothing", "", stamp, slackfake.Sign("", stamp, []byte(exampleBody)), exampleBody, at(0), errForged},
	} {
		h := http.Header{"X-Slack-Request-Timestamp": {tc.stamp}, "X-Slack-Signature": {tc.sum}}
		if err := verify([]string{tc.secret}, h, []byte(tc.body), tc.now); err != tc.want { //nolint:errorlint // they are given as they are
			t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
		}
	}
}

const click = `{"type":"block_actions","team":{"id":"T1"},"user":{"id":"U1","username":"anna"},"container":{"message_ts":"1.2","channel_id":"C1"},
	"response_url":"https://hooks.slack.com/actions/T1/1/x","actions":[{"action_id":"tidewatch-ack","action_ts":"3.4","value":"1 ack k1 7"}]}`

func TestParseForm(t *testing.T) {
	form := func(payload string) string { return url.Values{"payload": {payload}}.Encode() }
	for _, tc := range []struct{ name, body, want string }{
		{"a click", form(click), "ack k1 7"},
		{"a choice", form(strings.Replace(click, `"value":"1 ack k1 7"`, `"selected_option":{"value":"1 silence k1 7 4h0m0s"}`, 1)), "silence k1 7"},
		{"a command", exampleBody, "command"},
		{"a check of the certificate", "ssl_check=1&token=x", "nothing that Tidewatch offers"},
		{"a modal", form(`{"type":"view_submission"}`), "nothing that Tidewatch offers"},
		{"another app's button", form(strings.Replace(click, "tidewatch-ack", "other", 1)), "nothing that Tidewatch offers"},
		{"nothing", "", "neither payload nor command"},
		{"no form", "%zz", "no form"},
		{"no JSON", form("{"), "not the JSON"},
		{"a list", form("[]"), "not the JSON"},
		{"no type", form("{}"), "no type"},
		{"no actions", form(`{"type":"block_actions","user":{"id":"U1"}}`), "0 actions"},
		{"nobody", form(strings.Replace(click, `"id":"U1"`, `"id":""`, 1)), "no user.id"},
		{"no value", form(strings.Replace(click, "1 ack k1 7", "", 1)), "not an action"},
		{"an unknown deed", form(strings.Replace(click, "1 ack", "1 reboot", 1)), "none that Tidewatch offers"},
		{"a bad id", form(strings.Replace(click, "k1", "k/1", 1)), "an id of 3 characters"},
		{"a negative version", form(strings.Replace(click, "k1 7", "k1 -7", 1)), "bad version"},
		{"a silence for ever", form(strings.Replace(click, "1 ack k1 7", "1 silence k1 7 99999h", 1)), "at most"},
		{"a command of nobody", "command=%2Ftidewatch&trigger_id=1", "without user_id"},
		{"a command of no text", "command=%2Ftidewatch&trigger_id=1&user_id=%FF", "without user_id"},
		{"a click of a space", form(strings.Replace(click, `"id":"U1"`, `"id":" "`, 1)), "no user.id"},
	} {
		r, err := parseForm([]byte(tc.body))
		var got string
		switch {
		case err != nil:
			got = err.Error()
		case r.action != nil:
			got = r.action.Value()
		default:
			got = "command"
		}
		if !strings.Contains(got, tc.want) {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// A repeated delivery has the id of the first; another click of the same person has not.
func TestRequestIDs(t *testing.T) {
	id := func(payload string) string {
		r, err := parsePayload([]byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		return r.id
	}
	if id(click) != id(strings.Replace(click, "/x", "/y", 1)) || id(click) == id(strings.Replace(click, "3.4", "3.5", 1)) {
		t.Error("ids do not tell deliveries from clicks")
	}
}

func TestParseSilence(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"alertname=Load job=checkout 4h rolling out", `{alertname="Load",job="checkout"} 4h0m0s rolling out`},
		{`job=~"a|b" team!="x y" 1d`, `{job=~"a|b",team!="x y"} 24h0m0s `},
		{`{job=“a”, x!~b.*} 30m 2h of work`, `{job="a",x!~"b.*"} 30m0s 2h of work`},
		{"4h", "matchers before the duration are missing"},
		{"job=a", "duration is missing"},
		{"", "duration is missing"},
		{"checkout 4h", `"checkout" is neither`},
		{"job=~( 4h", "not a regular expression"},
		{"job=a 0s", "ends at once"},
		{"=a 4h", "is neither"},
		{"job!a 4h", "none of the operators"},
	} {
		ms, d, comment, err := parseSilence(tc.text)
		got := ms.String() + " " + d.String() + " " + comment
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, tc.want) {
			t.Errorf("%q: %s, want %s", tc.text, got, tc.want)
		}
	}
}

func FuzzParseForm(f *testing.F) {
	f.Add([]byte(exampleBody))
	f.Add([]byte(url.Values{"payload": {click}}.Encode()))
	f.Add([]byte("payload=%7B%22type%22%3A%22block_actions%22%2C%22actions%22%3A%5Bnull%5D%7D"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := parseForm(body)
		if err != nil {
			return
		}
		if r.id == "" || r.by.Name == "" || len(r.by.Name) > 256 {
			t.Errorf("a request of nobody: %+v", r)
		}
		if r.action != nil {
			if again, err := notify.ParseAction(r.action.Value()); err != nil || again != *r.action {
				t.Errorf("%+v does not read back: %+v, %v", r.action, again, err)
			}
			return
		}
		ms, d, _, err := parseSilence(r.text)
		if err == nil && (len(ms) == 0 || d <= 0) {
			t.Errorf("%q became an empty silence", r.text)
		}
	})
}
