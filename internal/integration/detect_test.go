//go:build integration

package integration

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// trained is how much of the 14 days of most files is history when the decided part begins: about as much as the benchmark's
// own probation, and before the first labelled window.
const trained = 2 * dayMs

// TestDetect writes the benchmark into each server and runs the ordinary service over its twelve labelled days, against the
// server's own remote-read and a fake Slack, with every setting at its default. The binary's replay must decide the same, and so
// must the service on the other server.
func TestDetect(t *testing.T) {
	t.Parallel()
	c := loadNAB(t, time.Now())
	from, to := c.End-14*dayMs+trained+30_000, c.End+30_000
	var mu sync.Mutex
	verdicts := map[string][]verdict{}
	t.Run("servers", func(t *testing.T) {
		everyRelease(t, func(t *testing.T, r release) {
			t.Parallel()
			p := startProm(t, r, promOptions{})
			p.write(t, c.series())
			layouts := []layout{oneForAll, eachMetric, eachSeries} // the last is what the benchmark's own protocol is: each file alone
			if r.name == "2.42" {
				layouts = layouts[2:]
			}
			for _, l := range layouts {
				w := walk(t, from, to, func(slackURL string) string { return benchConfig(c, l, p.readURL(), slackURL) })
				w.check(t)
				v := judge(c, from, w.onsets)
				v.Promised = float64(l.detectors(c)) * float64(to-from) / (30 * dayMs)
				v.Server, v.Detectors, v.Messages = r.name, l.name, len(w.slack.Messages("#oncall"))
				mu.Lock()
				verdicts[r.name] = append(verdicts[r.name], v)
				mu.Unlock()
				if l.name == eachSeries.name {
					sane(t, v)
					sameInReplay(t, writeConfig(t, benchConfig(c, l, p.readURL(), "http://slack.invalid/api/")), from, to, w)
				}
			}
		})
	})
	var all []verdict
	for _, r := range releases() {
		all = append(all, verdicts[r.name]...)
	}
	if t.Failed() || len(all) == 0 {
		return
	}
	var b strings.Builder
	if err := errors.Join(printVerdicts(&b, all), writeReport(all)); err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", &b)
	first, last := all[0], all[len(all)-1]
	first.Server = last.Server
	if d := cmp.Diff(first, last); len(verdicts) > 1 && d != "" {
		t.Errorf("the servers hold the same and were judged differently (-%s +%s):\n%s", all[0].Server, last.Server, d)
	}
}

// TestDetectLive points the binary at the benchmark as it would be on the first day: a fortnight of history, then the wall's
// clock. It is ready after one fetch and sends at most a summary.
func TestDetectLive(t *testing.T) {
	t.Parallel()
	c := loadNAB(t, time.Now())
	r := newest(t)
	p, slack := startProm(t, r, promOptions{}), newSlack(t)
	p.write(t, c.series())
	begin := time.Now()
	d := serve(t, benchConfig(c, eachMetric, p.readURL(), slack.APIURL()))
	samples := 0
	for _, f := range c.Files {
		samples += len(f.Series.samples)
	}
	learnt := d.metric(t, "tidewatch_points_total", "mode", "history")
	t.Logf("ready after %s, %g points learnt of %d samples", time.Since(begin).Round(time.Millisecond), learnt, samples)
	if learnt < 0.9*float64(samples) {
		t.Errorf("%g points were learnt, the server holds %d samples", learnt, samples)
	}
	var data struct {
		Detectors []struct {
			Name, State string
			Series      int
		}
	}
	if err := d.api("/api/v1/detectors", &data); err != nil {
		t.Fatal(err)
	}
	series := 0
	for _, x := range data.Detectors {
		series += x.Series
		if x.State != "running" {
			t.Errorf("detector %s is %s", x.Name, x.State)
		}
	}
	if series != len(c.Files) {
		t.Errorf("%d series are watched, want %d", series, len(c.Files))
	}
	time.Sleep(3 * time.Second)
	ms := slack.Messages("#oncall")
	if len(ms) > 1 || len(ms) == 1 && !strings.Contains(ms[0].Text, "found in the past") {
		t.Errorf("first start: want at most one summary%s", texts(ms))
	}
	d.wantCalm(t)
	d.stop(t)
}

// check holds a run against what must be true of any.
func (w *walked) check(t *testing.T) {
	t.Helper()
	checkMessages(t, w.slack.Messages("#oncall"))
	if w.failed != 0 {
		t.Errorf("%g messages or attempts to send one failed", w.failed)
	}
	for line := range strings.Lines(w.log.String()) {
		if !strings.Contains(line, "reason=stale") { // two of CloudWatch's series are silent for half an hour once
			t.Errorf("a warning in a calm run: %s", line)
		}
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
		t.Error("no labelled window is found")
	}
	if v.FalsePerSeriesWeek > 1 {
		t.Errorf("%.2f false alarms in a week of a series", v.FalsePerSeriesWeek)
	}
}

// sameInReplay runs the binary's replay over the same server and wants the same decisions and messages, byte for byte.
func sameInReplay(t *testing.T, file string, from, to int64, w *walked) {
	t.Helper()
	out := runTidewatch(t, "replay", "--json", "--config.file="+file, "--from="+stamp(from), "--to="+stamp(to))
	var d decision
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		var x struct{ Transition, Notice json.RawMessage } // verdicts on data are neither
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatalf("replay printed %q: %v", line, err)
		}
		switch {
		case x.Transition != nil:
			d.transitions = append(d.transitions, string(x.Transition))
		case x.Notice != nil:
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
