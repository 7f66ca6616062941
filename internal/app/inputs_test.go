package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/api"
)

// A replay with what people asked the service for says what the service said: later for a silence, and with who looked after it.
func TestReplayWithInputs(t *testing.T) {
	h := newQuick(t, broken)
	cfg, served := h.transcribe(t, nil)
	x := h.start(t)
	x.walkSent(begin + hour)
	if _, err := x.ask(silenceLoad("s0", begin+90*minute)); err != nil { // before the replayed range
		t.Fatal(err)
	}
	x.walkSent(begin + 2*hour - 7*minute)
	if _, err := x.ask(silenceLoad("s1", begin+2*hour+20*minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := (backend{x.Service}).PostEvent(t.Context(), api.Event{
		Time: api.Time(begin + 2*hour - 8*minute), Kind: "deploy", Text: "the release of job0 2.0", Labels: labels.FromStrings("job", "job0"),
	}); err != nil {
		t.Fatal(err)
	}
	x.walkSent(begin + 2*hour + 27*minute)
	incidents := x.core.Incidents()
	for _, c := range []alerting.Control{
		{ID: "a1", Kind: alerting.ControlAcknowledge, Target: incidents[0].Key},
		{ID: "a2", Kind: alerting.ControlUnacknowledge, Target: incidents[0].Key},
		{ID: "a3", Kind: alerting.ControlAcknowledge, Target: incidents[0].Key},
	} {
		c.Actor, c.At = alerting.Actor{Name: "ben", From: "slack"}, 1
		if _, err := x.ask(c); err != nil {
			t.Fatal(err)
		}
	}
	x.walkSent(end)

	h.yaml = strings.Replace(h.yaml, "expect: 1/30d", "expect: 1/7d", 1)
	x.call(x.Reload)
	x.call(x.Reload) // the same again is no change

	from := begin + 100*minute
	inputs, err := ReadInputs(t.Context(), h.opts.DataDir, end) // of a service that runs
	if err != nil {
		t.Fatal(err)
	}
	if inputs, err = throughRecording(t, inputs); err != nil {
		t.Fatal(err)
	}
	if own, err := RecordedInputs(t.Context(), filepath.Join(h.opts.DataDir, recordingDir), end); len(own) != len(inputs) || err != nil {
		t.Errorf("the service's own recording has %d inputs, want %d; %v", len(own), len(inputs), err)
	}
	if !strings.Contains(served.out.String(), "after the release of job0 2.0.") {
		t.Error("no message names the event that was posted")
	}
	x.stop()
	replay := func(from int64, in Inputs) (string, ReplayReport) {
		got := &transcript{t: t, renderer: served.renderer}
		report, err := Replay(t.Context(), ReplayOptions{
			Config: cfg, Source: func(string) (ingest.Source, error) { return h.src, nil }, From: from, To: end, Each: got.add, Inputs: in,
		})
		if err != nil {
			t.Fatal(err)
		}
		return got.out.String(), report
	}
	got, report := replay(begin, inputs)
	if d := cmp.Diff(served.out.String(), got); d != "" {
		t.Errorf("replay differs from serve (-serve +replay):\n%s", d)
	}
	if len(report.Refused) > 0 {
		t.Errorf("refused: %q", report.Refused)
	}
	if r := report.Reconfigured; len(r) != 2 || !strings.Contains(r[0], "has decided from here on") || !strings.Contains(r[1], "from here on: Load: expect changed, learnt state kept") {
		t.Errorf("reconfigured: %q, want the start and the reload", r)
	}
	if _, report = replay(from, inputs); report.Notices != 1 || len(report.Refused) > 0 {
		t.Errorf("from later on: %+v, want one message and nothing refused", report)
	}
	if got, _ = replay(begin, nil); got == served.out.String() {
		t.Error("without the inputs the replay is the same: they tell nothing")
	}
	if _, report = replay(begin, append(inputs[:1:1], inputs[2:]...)); report.Versions == 0 {
		t.Error("nothing is told without the silence")
	}
	if _, report = replay(end-hour, inputs); len(report.Refused) != 3 || !strings.Contains(report.Refused[0], "acknowledge by ben (slack): ") {
		t.Errorf("refused %q, want the three that name an incident from before the range", report.Refused)
	}
}

// throughRecording puts inputs into a recording and reads them back; what was changed there is refused.
func throughRecording(t *testing.T, in Inputs) (Inputs, error) {
	t.Helper()
	dir := t.TempDir()
	if err := WriteInputs(dir, in); err != nil {
		return nil, err
	}
	out, err := RecordedInputs(t.Context(), dir, end)
	names, _ := filepath.Glob(filepath.Join(dir, "*"+inputsSuffix))
	if len(names) != 1 || os.Truncate(names[0], 10) != nil {
		t.Fatalf("files %q, want one", names)
	}
	if _, err := RecordedInputs(t.Context(), dir, end); err == nil || !strings.Contains(err.Error(), "not what its name says") {
		t.Errorf("a file that was cut short: %v", err)
	}
	return out, err
}
