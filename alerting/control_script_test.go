package alerting

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// scriptControl is the control of a script line, which takes effect after all that was due then:
//
//	TIME silence ID FOR MATCHERS [COMMENT…]       create, or edit where ID names one; "ID@IN" begins later, after IN
//	TIME expire ID
//	TIME ack|unack #INCIDENT WHO [COMMENT…]
//	TIME feedback ID VERDICT FOR MATCHERS [@ALARM|#INCIDENT]
//	TIME retract ID
func scriptControl(t *testing.T, f []string, at time.Duration, d *Dispatcher, keys map[string]int) (c Control, ok bool) {
	t.Helper()
	c = Control{ID: strings.Join(f, " "), At: epoch + at.Milliseconds(), Actor: Actor{Name: "anna", From: "api"}}
	switch f[1] {
	case "silence":
		c.Kind, c.Comment = ControlSilence, strings.Join(f[5:], " ")
		id, in, _ := strings.Cut(f[2], "@")
		c.Silence = &SilenceSpec{Matchers: scriptMatchers(t, f[4])}
		if d.silences[id] != nil {
			c.Silence.ID, c.ID = id, id+"'"
		} else {
			c.ID = id
		}
		if in != "" {
			c.Silence.StartsAt = c.At + scriptSpan(t, in)
		}
		c.Silence.EndsAt = max(c.At, c.Silence.StartsAt) + scriptSpan(t, f[3])
	case "expire":
		c.Kind, c.Target = ControlExpireSilence, f[2]
	case "ack", "unack":
		c.Kind = map[string]ControlKind{"ack": ControlAcknowledge, "unack": ControlUnacknowledge}[f[1]]
		c.Target, c.Actor.Name, c.Comment = scriptKey(keys, f[2]), f[3], strings.Join(f[4:], " ")
	case "feedback":
		c.Kind, c.ID = ControlFeedback, f[2]
		c.Feedback = &Feedback{
			Verdict: FeedbackVerdict(f[3]), ExpiresAt: c.At + scriptSpan(t, f[4]), Matchers: scriptMatchers(t, f[5]),
			Judged: []Judged{{Alarm: "a1"}},
		}
		if strings.HasPrefix(f[len(f)-1], "#") {
			c.Feedback.Incident = scriptKey(keys, f[len(f)-1])
		}
		if alarm, ok := strings.CutPrefix(f[len(f)-1], "@"); ok {
			c.Feedback.Judged[0].Alarm = testSignal(alarm, at, OK, "", 0).ID
		}
	case "retract":
		c.Kind, c.Target = ControlRetractFeedback, f[2]
	default:
		return c, false
	}
	return c, true
}

func runControl(at string, c Control, d *Dispatcher) string {
	id, err := d.Control(c)
	switch {
	case errors.Is(err, ErrConflict):
		return fmt.Sprintf("%s refused: %v\n", at, err)
	case errors.Is(err, ErrNoSuchTarget):
		return fmt.Sprintf("%s not found: %v\n", at, err)
	case err != nil:
		return fmt.Sprintf("%s invalid: %v\n", at, err)
	case c.Kind == ControlSilence:
		return fmt.Sprintf("%s silence %s\n", at, id)
	}
	return ""
}

func scriptKey(keys map[string]int, ref string) string {
	for key, n := range keys {
		if fmt.Sprintf("#%d", n) == ref {
			return key
		}
	}
	return ref
}

func scriptSpan(t *testing.T, s string) int64 {
	t.Helper()
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d.Milliseconds()
}

// scriptMatchers reads a=b,c!=d,e=~f,g!~h.
func scriptMatchers(t *testing.T, s string) (ms Matchers) {
	t.Helper()
	for _, part := range strings.Split(s, ",") {
		i := strings.IndexAny(part, "=!")
		op := part[i : i+1]
		if two := part[i:min(i+2, len(part))]; two == "!=" || two == "=~" || two == "!~" {
			op = two
		}
		typ := map[string]labels.MatchType{
			"=": labels.MatchEqual, "!=": labels.MatchNotEqual, "=~": labels.MatchRegexp, "!~": labels.MatchNotRegexp,
		}[op]
		ms = append(ms, labels.MustNewMatcher(typ, part[:i], part[i+len(op):]))
	}
	return ms
}

// writeSilences lists the silences with their states and edits.
func writeSilences(out *strings.Builder, d *Dispatcher, at time.Duration) {
	rel := func(ms int64) time.Duration { return time.Duration(ms-epoch) * time.Millisecond }
	for _, s := range d.Silences() {
		fmt.Fprintf(out, "%s silence %s %s %s, %s to %s, by %s: %s\n", at, s.ID, s.State(epoch+at.Milliseconds()), s.Matchers,
			rel(s.StartsAt), rel(s.EndsAt), s.Author, s.Comment)
		for _, e := range s.Edits {
			fmt.Fprintf(out, "    %s %s by %s: %s, %s to %s: %s\n", rel(e.At), e.What, e.Author, e.Matchers, rel(e.StartsAt), rel(e.EndsAt), e.Comment)
		}
	}
}

func writeIncidents(out *strings.Builder, d *Dispatcher, at time.Duration, keys map[string]int) {
	for _, in := range d.Incidents() {
		fmt.Fprintf(out, "%s incident #%d of %s: posted %t, %d alarms, %d hidden, acknowledged %t\n", at, keys[in.Key], in.Receiver, in.Posted,
			len(in.Alarms), in.Hidden, in.Acknowledgement != nil)
	}
}

func TestControlJSON(t *testing.T) {
	c := Control{
		ID: "c1", At: epoch, Actor: Actor{Name: "anna", From: "slack"}, Kind: ControlSilence, Comment: "deploy",
		Silence: &SilenceSpec{Matchers: scriptMatchers(t, "job=shop,team=~a|b,x!=y,z!~q.*"), EndsAt: epoch + 1},
	}
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	f := Control{
		ID: "c2", At: epoch, Actor: Actor{Name: "ben", From: "cli"}, Kind: ControlFeedback, Feedback: &Feedback{
			Verdict: FeedbackExpected, Matchers: scriptMatchers(t, "job=shop"), ExpiresAt: epoch + 5,
			Judged: []Judged{{Alarm: "63a8", Labels: labels.FromStrings("job", "shop"), Data: JudgedData{From: 1, Step: 2, Y: floats{1, 2}}}},
		},
	}
	f.Feedback.Judged[0].Hash = f.Feedback.Judged[0].Data.Hash()
	b2, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "control.json.golden", string(b)+"\n"+string(b2)+"\n")
	for _, text := range [][]byte{b, b2} {
		var back Control
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		again, err := json.MarshalIndent(back, "", "  ")
		if err != nil || !bytes.Equal(again, text) {
			t.Errorf("a control changed on its way through JSON: %v\n%s", err, again)
		}
	}
}

func regexMatcher(name, value string) *labels.Matcher {
	return labels.MustNewMatcher(labels.MatchRegexp, name, value)
}
