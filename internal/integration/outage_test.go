//go:build integration

package integration

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch/internal/slackfake"
)

// TestPrometheusRestarts kills the server under a running Tidewatch and starts it again half a minute later: said once, no alarm
// from the gap, and well again without a hand.
func TestPrometheusRestarts(t *testing.T) {
	t.Parallel()
	everyRelease(t, func(t *testing.T, r release) {
		t.Parallel()
		w := newWorld(t, r, nil, nil)
		d := serve(t, w.config(""))
		trained := d.metric(t, "tidewatch_points_total", "mode", "history")

		w.prom.signal(syscall.SIGKILL)
		eventually(t, time.Minute, "the outage to be seen", func() error {
			if d.metric(t, "tidewatch_source_up", "source", "app") != 0 {
				return errNotYet
			}
			return nil
		})
		time.Sleep(30 * time.Second)
		d.wantLog(t, 1, "level=ERROR", "source failed")
		d.wantLog(t, 1, "level=ERROR")
		if _, err := get("http://" + d.addr + "/-/ready"); err != nil {
			t.Errorf("an outage of the source takes readiness away: %v", err)
		}

		w.prom.start(t)
		eventually(t, time.Minute, "recovery", func() error {
			if d.metric(t, "tidewatch_source_up", "source", "app") != 1 {
				return errNotYet
			}
			return nil
		})
		w.hold(t, 20*time.Second, 0, "after the gap")
		d.wantLog(t, 1, "source is back")
		d.wantLog(t, 1, "level=ERROR")
		if got := d.metric(t, "tidewatch_points_total", "mode", "history"); got != trained {
			t.Errorf("%g points were learnt from history after the outage", got-trained)
		}
		for q, a := range d.alarms(t) {
			if a.State != "OK" {
				t.Errorf("%s is %s after the gap", q, a.State)
			}
		}

		w.app.fault("mail", 60)
		w.waitMessages(t, 1, "a page after the recovery", firing("mail"))
		checkMessages(t, w.messages())
		d.stop(t)
	})
}

// TestKilled kills Tidewatch in the middle of an incident and goes on with the same state: nothing is learnt or sent twice, and
// the message of the incident is edited when it ends.
func TestKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newest(t), nil, nil)
	d := serve(t, w.config(""))
	w.app.fault("search", -60)
	sent := w.waitMessages(t, 1, "the page", firing("search"))
	before := d.alarms(t)["search"]
	decided := d.metric(t, "tidewatch_detector_last_evaluation_timestamp_seconds")

	d.kill()
	d.start(t)
	d.wantLog(t, 1, "state restored")
	if n := d.metric(t, "tidewatch_points_total", "mode", "history"); n != 0 {
		t.Errorf("%g points were learnt from history again", n)
	}
	if got := d.metric(t, "tidewatch_detector_last_evaluation_timestamp_seconds"); got < decided {
		t.Errorf("the newest decision is of %g, before the kill it was of %g", got, decided)
	}
	after := d.alarms(t)["search"]
	if after.State != "ALARM" || after.ID != before.ID || after.SeriesID != before.SeriesID {
		t.Errorf("the alarm is %+v, before the kill it was %+v", after, before)
	}
	w.hold(t, 12*time.Second, 1, "after the restart")

	w.app.fault("search", 0)
	ended := w.waitMessages(t, 1, "the end of the incident", resolved("search"))
	if ended.TS != sent.TS {
		t.Errorf("the end is told by message %s, the incident by %s", ended.TS, sent.TS)
	}
	into := map[string]int{}
	for _, tr := range d.history(t, after.ID) {
		into[tr.From+" to "+tr.To]++
	}
	if into["OK to ALARM"] != 1 || into["ALARM to OK"] != 1 {
		t.Errorf("the history of the alarm has %v, want each change once", into)
	}
	checkMessages(t, w.messages())
	d.wantCalm(t)
}

// TestKilledOften kills Tidewatch again and again while an incident begins and ends, and Slack's first answers are lost: exactly
// one message.
func TestKilledOften(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newest(t), nil, nil)
	d := serve(t, w.config(""))
	storm := func(kills int) {
		for i := range kills {
			time.Sleep(time.Duration(1700+i*977%3100) * time.Millisecond) // between and within ticks
			d.kill()
			d.start(t)
		}
	}
	w.slack.Inject("chat.postMessage", 2, slackfake.AnswerLost())
	w.app.fault("thumbs", 60)
	storm(7)
	w.waitMessages(t, 1, "the page", firing("thumbs"))
	w.app.fault("thumbs", 0)
	storm(7)
	w.waitMessages(t, 1, "the end of the incident", resolved("thumbs"))
	w.hold(t, 8*time.Second, 1, "after the storm")
	checkMessages(t, w.messages())
	d.wantCalm(t)
	d.wantLog(t, 14, "state restored")
}

// TestFirstStart begins with an alarm that is active already, and one that was an hour ago: one summary, no page.
func TestFirstStart(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	w := newWorld(t, newest(t), nil, func(queue string, at int64, v float64) float64 {
		ago := begin.Sub(time.UnixMilli(at))
		if queue == "billing" && ago < 20*time.Minute || queue == "mail" && ago > time.Hour && ago < 70*time.Minute {
			return v + 60
		}
		return v
	})
	w.app.fault("billing", 60)
	d := serve(t, w.config(""))
	m := w.waitMessages(t, 1, "the summary", func(slackfake.Message) error { return nil })
	t.Logf("summary: %s", m.Text)
	if !strings.Contains(m.Text, "found in the past") || !strings.Contains(m.Text, "1 still firing") {
		t.Errorf("the message is no summary with one alarm that holds: %s", m.Text)
	}
	if got := d.metric(t, "tidewatch_notices_total", "kind", "incident"); got != 0 {
		t.Errorf("%g incidents were told of at the first start", got)
	}
	if as := d.alarms(t); as["billing"].State != "ALARM" || as["mail"].State != "OK" {
		t.Errorf("alarms are%s", states(as))
	}
	w.hold(t, 10*time.Second, 1, "after the summary")
}
