package null

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// small measures two promises at five minutes; as short as may be.
func small() Options {
	o := Options{Seed: 3, Families: []string{"white", "bursts"}, Settings: Settings()[:2], Detectors: 1, Days: 2}
	if testing.Short() {
		o.Settings, o.Families, o.Days = o.Settings[1:], o.Families[1:], 1
	}
	return o
}

// TestRunDoesNotDependOnWorkers wants the same report of one worker and of several, and its counts to agree with each other.
func TestRunDoesNotDependOnWorkers(t *testing.T) {
	var first []byte
	for _, workers := range []int{1, 3} {
		o := small()
		o.Workers = workers
		shares := 0.0
		o.Progress = func(share float64) { shares = max(shares, share) }
		rep, err := Run(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if shares != 1 {
			t.Errorf("the progress ends at %g", shares)
		}
		agrees(t, &o, rep)
		var b bytes.Buffer
		if err := rep.JSON(&b); err != nil {
			t.Fatal(err)
		}
		if first != nil && !bytes.Equal(first, b.Bytes()) {
			t.Errorf("%d workers:\n%s\none:\n%s", workers, b.Bytes(), first)
		}
		first = b.Bytes()
	}
}

// agrees checks a report's counts against what was asked for and against each other.
func agrees(t *testing.T, o *Options, rep *Report) {
	t.Helper()
	want := len(o.Settings) * len(o.Families) * o.Detectors * seriesPerDetector * o.Days * 288
	if rep.Points != want {
		t.Errorf("%d points, want %d", rep.Points, want)
	}
	for _, s := range rep.Settings {
		all := s.Families[len(s.Families)-1]
		if all.Name != All || all.Points*len(rep.Settings) != want {
			t.Errorf("the last row is %q with %d points", all.Name, all.Points)
		}
		for i, p := range all.P {
			n := 0
			for _, f := range s.Families[:len(s.Families)-1] {
				n += f.P[i].Observed
			}
			if p.Observed != n || i > 0 && p.Observed > all.P[i-1].Observed {
				t.Errorf("%s: %d points at %g, the families have %d", s.Promise, p.Observed, p.Nominal, n)
			}
		}
		if all.P[0].Observed == 0 {
			t.Errorf("%s: not one point of %d is as rare as one in a hundred", s.Promise, all.Points)
		}
	}
}

// TestInjectedStepsAreFound wants a step of six deviations found at once or nearly so, and the tables to say so.
func TestInjectedStepsAreFound(t *testing.T) {
	s := Settings()[0]
	d, err := s.detector()
	if err != nil {
		t.Fatal(err)
	}
	found := make([]int, 3)
	ran := 0
	if err := delayCases[0].inject(t.Context(), 1, d, 0, found, func(n int) { ran += n }); err != nil {
		t.Fatal(err)
	}
	if want := seriesPerDetector * delayPoints(288); ran != want {
		t.Errorf("%d points run, want %d", ran, want)
	}
	for i, n := range found {
		if n < 1 || n > 5 {
			t.Errorf("step %d: found after %d points, want 1 to 5", i, n)
		}
	}
}

// TestReportIsWritten wants every table in every form.
func TestReportIsWritten(t *testing.T) {
	rep := Report{Commit: "0123456789abcdef", Seed: 1, History: 15, Days: 30, Series: 5}
	f := FamilyReport{Name: "white", Alarms: newRate(10, [][]int{{50, 50}}), Onsets: 4, AlarmBy: []ChannelCount{{"band", 3}, {"shift", 1}}}
	rep.Settings = []SettingReport{{StepSeconds: 60, Promise: "expect: 1/30d", Alarm: "3 of 5", Families: []FamilyReport{f}}}
	rep.Delays = []DelayReport{{StepSeconds: 60, Promise: "expect: 1/30d", Noise: "white", Size: 6, Steps: 9, Found: 1, Median: 1, P95: 3}}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"text":     func(b *bytes.Buffer) error { return rep.Text(b) },
		"Markdown": func(b *bytes.Buffer) error { return rep.Markdown(b) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		words := strings.Fields(strings.NewReplacer("|", " ").Replace(b.String()))
		for _, want := range []string{"0123456789ab,", "step 1m, expect: 1/30d, 3 of 5", "white 10.0 100 10.00 8.14–12.16 0 band 75, shift 25 0.00 over", "1m expect: 1/30d white 6σ 100 % 1 3 9"} {
			if !strings.Contains(strings.Join(words, " "), want) {
				t.Errorf("%s lacks %q:\n%s", name, want, b.String())
			}
		}
	}
	var b bytes.Buffer
	if err := rep.JSON(&b); err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(b.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if back.Settings[0].Families[0].Alarms.Observed != 100 || back.Delays[0].P95 != 3 {
		t.Errorf("read back as %+v", back)
	}
}

// TestPageIsRewritten wants what stands between the marks replaced, and nothing else.
func TestPageIsRewritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	rep := Report{Commit: "0123456789abcdef"}
	if err := os.WriteFile(path, []byte("before\n"+pageBegin+"old\n"+pageEnd+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := rep.RewritePage(path); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := "before\n" + pageBegin + rep.summary() + "\n\n" + pageEnd + "after\n"; string(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
	if err := os.WriteFile(path, []byte("before\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := rep.RewritePage(path); err == nil || !strings.Contains(err.Error(), "lacks the lines") {
		t.Errorf("a page without marks: error %v", err)
	}
}

func TestRunRefuses(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"no detectors":      func(o *Options) { o.Detectors = 0 },
		"no days":           func(o *Options) { o.Days = 0 },
		"an unknown family": func(o *Options) { o.Families = []string{"blue"} },
		"a bad promise":     func(o *Options) { o.Settings = []Setting{{Step: Settings()[0].Step, Promise: "expect: never"}} },
	} {
		o := small()
		change(&o)
		if _, err := Run(t.Context(), o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
