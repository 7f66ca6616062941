package engine

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // scenarios must not depend on the machine's zones

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
)

// TestScenarios runs every script of testdata/scenarios through the whole engine: the default model under the default promise.
// Under -short it runs every third, of those of at most 100 days.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/scenarios/*.txt")
	must(t, err)
	if len(files) < 9 {
		t.Fatalf("%d scenarios, want at least 9", len(files))
	}
	for i, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			s, err := readScenario(file)
			must(t, err)
			if testing.Short() && (i%3 != 1 || s.end-s.begin > 100*day) {
				t.Skip("make test-full runs it")
			}
			s.run(t)
		})
	}
}

// played is what happened in a run: the transitions from judge on and, where a band is asked for, every decided point, of the
// twin as well.
type played struct {
	turns        []turn
	judged, twin []Judged
}

func (s *scenario) run(t *testing.T) {
	o := s.play(t, false)
	for _, c := range s.want.bands {
		if c.kind == "like" && o.twin == nil {
			o.twin = s.play(t, true).judged
		}
	}
	problems, found := s.want.problems(s, o)
	for _, f := range found {
		t.Log(f)
	}
	if len(s.short) > 0 {
		if len(problems) == 0 {
			t.Log("it does not fall short any more: take out `falls short` and `instead`")
			return
		}
		t.Log("falls short:", strings.Join(s.short, "\n"))
		problems, _ = s.instead.problems(s, o)
	}
	if len(problems) > 0 {
		t.Errorf("%s\nthe transitions are\n%s", strings.Join(problems, "\n"), s.list(o.turns))
	}
}

// play runs the scenario, or its twin.
func (s *scenario) play(t *testing.T, twin bool) *played {
	t.Helper()
	o := &played{}
	d := testDetector("scenario")
	d.Location, d.Alarm, d.Model.Step, d.Model.Location = s.detector, s.policy, s.step, s.detector
	if s.kind != "" {
		d.Model.Kind, d.Join = s.kind, []string{}
	}
	opts := Options{Workers: 1}
	if len(s.want.bands) > 0 {
		opts.Watch = func(j Judged) { o.judged = append(o.judged, j) }
	}
	root := &alerting.Route{Receiver: "r"}
	c := NewCore(New(opts), alerting.NewDispatcher(root, alerting.DispatcherOptions{}))
	must(t, c.Configure([]Detector{d}, root, alerting.DispatcherOptions{}))
	b := s.block(d.Name, twin)
	at := int((s.judge - s.begin) / b.Step)
	if _, err := c.Train(cut(b, 0, at)); err != nil {
		t.Fatal(err)
	}
	open := c.Begin(s.judge, d.Name) // alarms that history leaves open
	res, err := c.Tick(b.End(), []tidewatch.Block{cut(b, at, b.N)})
	must(t, err)
	for _, ch := range append(open.Changes, res.Changes...) {
		tr := ch.Transition
		if tr.From == alerting.InsufficientData && tr.To == alerting.OK || s.young > 0 && !s.isYoung(ch.Series) {
			continue // a series has become ready
		}
		o.turns = append(o.turns, turn{to: tr.To, t: tr.T, note: ch.Note})
	}
	return o
}

func clockTime(t int64) string { return time.UnixMilli(t).UTC().Format("Mon 2006-01-02 15:04 UTC") }

// TestScenarioMistakes checks that a script which says something else than it means is not run.
func TestScenarioMistakes(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"begin Tue 2026-03-02 00:00", "does not exist"},
		{"begin Sun 2026-03-29 02:30", "does not exist"}, // the clocks skip it
		{"spike Mon 2026-03-02 00:00 50", "not an amount"},
		{"spike Mon 2026-03-02 00:00 xNaN", "not an amount"},
		{"level Mon 2026-03-02 00:00 +4 for long", "not a duration"},
		{"want ALERT Mon 2026-03-02 00:00 within 3", "not a state"},
		{"want ALARM Mon 2026-03-02 00:00", "is wanted"},
		{"burst Mon 2026-03-02 00:00 +4", "no field"},
		{"cron 25:00 +4 for 1h", "not a time of day"},
		{"want band wide from Mon 2026-03-02 00:00", "cannot be"},
		{"step 5m 6m", "left over"},
	} {
		berlin, err := time.LoadLocation("Europe/Berlin")
		must(t, err)
		s, w := &scenario{}, &words{f: strings.Fields(c.line), zone: berlin}
		if s.field(w); w.err == nil && len(w.f) > 0 {
			w.fail("%q is left over", slices.Clone(w.f))
		}
		if w.err == nil || !strings.Contains(w.err.Error(), c.want) {
			t.Errorf("%s: error is %v, want %q in it", c.line, w.err, c.want)
		}
	}
}
