//go:build integration

package integration

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// trained is how much of the 14 days of most files is history when the decided part begins: about as much as the benchmark's
// own probation, and before the first labelled window.
const trained = 2 * dayMs

// promises are the runs of the detection test: the default, the same promise for each series, and a looser one.
var promises = []string{"expect: 1/30d", "expect_per_series: 1/30d", "expect_per_series: 1/7d"}

// TestDetect writes the benchmark into each server and runs the ordinary service over its twelve labelled days, against the
// server's own remote-read and a fake Slack.
func TestDetect(t *testing.T) {
	c := loadNAB(t, time.Now())
	from, to := c.End-14*dayMs+trained+30_000, c.End+30_000
	var verdicts []verdict
	everyRelease(t, func(t *testing.T, r release) {
		p := startProm(t, r, promOptions{})
		p.write(t, c.series())
		for _, promise := range promises {
			w := walk(t, from, to, func(slackURL string) string { return benchConfig(p.readURL(), slackURL, promise) })
			v := judge(c, from, w.onsets)
			v.Server, v.Promise, v.Messages = r.name, promise, len(w.slack.Messages("#oncall"))
			verdicts = append(verdicts, v)
			w.check(t)
			sane(t, v)
			if promise == promises[0] {
				sameInReplay(t, p, from, to, promise, w)
			}
		}
	})
	var b strings.Builder
	if err := printVerdicts(&b, verdicts); err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", &b)
	if err := writeReport(verdicts); err != nil {
		t.Fatal(err)
	}
	for _, v := range verdicts {
		first := verdicts[0]
		for _, w := range verdicts {
			if w.Promise == v.Promise {
				first = w
				break
			}
		}
		first.Server = v.Server
		if d := cmp.Diff(first, v); d != "" {
			t.Errorf("the servers hold the same and were judged differently:\n%s", d)
		}
	}
}

// check holds a run against what must be true of any.
func (w *walked) check(t *testing.T) {
	t.Helper()
	checkMessages(t, w.slack.Messages("#oncall"))
	if w.failed != 0 {
		t.Errorf("%g messages or attempts to send one failed", w.failed)
	}
	if w.log.Len() > 0 {
		t.Errorf("warnings in a calm run:\n%s", &w.log)
	}
	keys := map[string]bool{}
	for _, n := range w.notices {
		var notice struct{ Key string }
		if err := json.Unmarshal([]byte(n), &notice); err != nil {
			t.Fatal(err)
		}
		keys[notice.Key] = true
	}
	if got := len(w.slack.Messages("#oncall")); got != len(keys) {
		t.Errorf("%d messages in Slack for %d incidents", got, len(keys))
	}
	if len(w.onsets) > 0 && w.slack.Calls("upload") == 0 {
		t.Error("alarms and not one chart")
	}
}

// sane is a floor far below what is expected: it tells a broken run from one that is not as good as it could be.
func sane(t *testing.T, v verdict) {
	t.Helper()
	if v.Windows != 30 {
		t.Errorf("%d labelled windows in the decided part, the corpus has 30", v.Windows)
	}
	if v.Found == 0 {
		t.Errorf("%s: no labelled window is found", v.Promise)
	}
	if v.FalsePerSeriesWeek > 1 {
		t.Errorf("%s: %.2f false alarms in a week of a series", v.Promise, v.FalsePerSeriesWeek)
	}
}

// sameInReplay runs the binary's replay over the same server and wants the same decisions and messages, byte for byte.
func sameInReplay(t *testing.T, p *promServer, from, to int64, promise string, w *walked) {
	t.Helper()
	file := writeConfig(t, benchConfig(p.readURL(), "http://slack.invalid/api/", promise))
	out := runTidewatch(t, "replay", "--json", "--config.file="+file, "--from="+stamp(from), "--to="+stamp(to))
	var d decision
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		var x struct{ Transition, Notice json.RawMessage }
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatalf("replay printed %q: %v", line, err)
		}
		if x.Transition != nil {
			d.transitions = append(d.transitions, string(x.Transition))
		} else {
			d.notices = append(d.notices, string(x.Notice))
		}
	}
	if diff := cmp.Diff(w.transitions, d.transitions); diff != "" {
		t.Errorf("replay decides differently (-serve +replay):\n%s", diff)
	}
	if diff := cmp.Diff(w.notices, d.notices); diff != "" {
		t.Errorf("replay would send differently (-serve +replay):\n%s", diff)
	}
}

func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }
