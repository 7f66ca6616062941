package outbox

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/alerting/notify"
	"github.com/tidewatch/tidewatch/internal/slackfake"
)

// Twenty incidents or more that wait for one channel are told in one message; each has its own from its next change on, unless that is
// its end. What was told before, and what is below the threshold, is told one by one.
func TestDigest(t *testing.T) {
	slack := slackfake.New(slackfake.Options{Token: "xoxb-secret"})
	defer slack.Close()
	bot, err := notify.NewSlack(notify.SlackConfig{
		Name: "oncall", Channel: "#oncall", APIURL: slack.APIURL(), Token: func() (string, error) { return "xoxb-secret", nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t)
	r.set(t, map[string]alerting.Notifier{"a": bot})
	tell := func(key string, version int, status, headline string, score float64) {
		n := &alerting.Notice{
			Key: key, Version: version, Kind: alerting.KindIncident, Receiver: "oncall", Status: status, At: epoch.UnixMilli() + int64(version), StartsAt: epoch.UnixMilli(), Timezone: "UTC",
			Headline: headline, Body: []string{"x"}, Alarms: []alerting.AlarmView{{ID: key, Score: score}},
		}
		if status == "resolved" {
			n.Reply = headline
		}
		queueNotice(t, r.store, n, "a")
	}
	tell("early", 1, "firing", "early", 1)
	r.drain(t)
	tell("early", 2, "firing", "early, changed", 1)
	for i := range 25 {
		tell(fmt.Sprintf("k%02d", i), 1, "firing", fmt.Sprintf("incident %02d", i), float64(i))
	}
	made, err := r.digest(t.Context(), r.currentQueues()[0])
	if err != nil || !made {
		t.Fatalf("made %t: %v", made, err)
	}
	if again, err := r.digest(t.Context(), r.currentQueues()[0]); err != nil || again { // as after a crash before anything was sent
		t.Fatalf("made again %t: %v", again, err)
	}
	r.drain(t)
	texts := func() (out []string) {
		for _, m := range slack.Messages("#oncall") {
			out = append(out, m.Text)
		}
		return out
	}
	got := strings.Join(texts(), "\n")
	if got != "🟠 early, changed\n🔴 25 incidents with 25 alarms at once, in one message" {
		t.Errorf("got %s", got)
	}
	blocks := string(slack.Messages("#oncall")[1].Blocks)
	for _, want := range []string{"• incident 24\\n• incident 23", "and 5 more"} {
		if !strings.Contains(blocks, want) {
			t.Errorf("the digest lacks %q: %s", want, blocks)
		}
	}
	r.Sleep(t.Context(), time.Hour)
	tell("k07", 2, "resolved", "incident 07 is over", 1)
	tell("k08", 2, "firing", "incident 08 has grown", 1)
	tell("k08", 3, "resolved", "incident 08 is over", 1)
	r.drain(t)
	if got := strings.Join(texts()[2:], "\n"); got != "" {
		t.Errorf("told although they are over: %s", got)
	}
	tell("k09", 2, "firing", "incident 09 has grown", 1)
	r.drain(t)
	if got := strings.Join(texts()[2:], "\n"); got != "🟠 incident 09 has grown" {
		t.Errorf("then: %s", got)
	}
	for i := range 25 { // they all change
		tell(fmt.Sprintf("k%02d", i), 9, "firing", fmt.Sprintf("incident %02d goes on", i), float64(i))
	}
	r.drain(t)
	if got := strings.Join(texts()[3:], "\n"); got != "🔴 24 incidents with 24 alarms at once, in one message" {
		t.Errorf("those that stand in a digest change: %s", got)
	}
	for i := range 25 { // and are over, while another begins
		tell(fmt.Sprintf("k%02d", i), 10, "resolved", fmt.Sprintf("incident %02d is over", i), float64(i))
	}
	tell("late", 1, "firing", "late", 1)
	began := r.Clock()
	r.drain(t)
	if got, took := strings.Join(texts()[4:], "\n"), r.Clock().Sub(began); got != "🟠 late" || took > 5*time.Second {
		t.Errorf("then, after %v: %s", took, got)
	}
}
