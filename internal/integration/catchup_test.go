//go:build integration

package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch/internal/slackfake"
)

// TestCatchUp stops the service for half a day, in which the benchmark's metrics go wrong and are well again or not. Started again
// it decides what it has missed, tells of it in one summary and pages nobody.
func TestCatchUp(t *testing.T) {
	t.Parallel()
	c := loadNAB(t, time.Now())
	p := startProm(t, newest(t), promOptions{})
	p.write(t, c.series())
	config := func(slackURL string) string { return benchConfig(c, eachSeries, p.readURL(), slackURL) }
	from, to := c.End-14*dayMs+trained+30_000, c.End+30_000

	whole := walk(t, from, to, config)
	missed := onset{}
	for _, o := range whole.onsets { // an alarm of the uninterrupted run in the middle of the pause
		if o.Raised > from+dayMs {
			missed = o
			break
		}
	}
	if missed.File == "" {
		t.Fatal("the uninterrupted run raised no alarm to miss")
	}
	stop, resume := missed.Began-6*3600_000-missed.Began%fiveMinutes+30_000, missed.Raised+6*3600_000+30_000
	w := walkWithPause(t, from, stop, resume, config)
	var pages, summaries []slackfake.Message
	for _, m := range w.slack.Messages("#oncall") {
		if strings.Contains(m.Text, "found in the past") {
			summaries = append(summaries, m)
		} else {
			pages = append(pages, m)
		}
	}
	before := 0
	for _, o := range whole.onsets {
		if o.Raised < stop {
			before++
		}
	}
	t.Logf("%s missed at %s; then:%s", missed.File, stamp(missed.Raised), texts(summaries))
	if len(summaries) != 1 {
		t.Errorf("%d summaries of what was missed, want one", len(summaries))
	}
	if len(pages) > before {
		t.Errorf("%d pages, before the pause there were %d alarms:%s", len(pages), before, texts(pages))
	}
	if fmt.Sprint(whole.until(resume)) != fmt.Sprint(w.onsets) {
		t.Errorf("alarms with a pause:\n%v\nwithout:\n%v", w.onsets, whole.until(resume))
	}
	w.check(t)
}

// until are the onsets up to a time, their ends after it not known yet.
func (d *decision) until(t int64) []onset {
	var out []onset
	for _, o := range d.onsets {
		if o.Raised > t {
			break
		}
		if o.Ended > t {
			o.Ended = 0
		}
		out = append(out, o)
	}
	return out
}
