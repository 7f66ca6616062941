package alerting

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
)

// exampleFacts are those of the message that the design shows.
func exampleFacts(t testing.TB) Facts {
	at := func(minute int) int64 { return time.Date(2026, 3, 3, 1, minute, 0, 0, time.UTC).UnixMilli() } // 02 h in Berlin
	points := []tidewatch.Point{{T: at(54), V: 0.041}, {T: at(55), V: 0.058}, {T: at(56), V: 0.0623}}
	return Facts{
		ID: "7f3a5bd0c1e2", Detector: "ErrorRatio", SeriesID: 7, Labels: labels.FromStrings("cluster", "eu1", "job", "checkout"),
		Extra: map[string]string{"severity": "page"}, Expr: `sum(rate(errors_total[5m])) / sum(rate(requests_total[5m]))`,
		Annotations: map[string]string{
			"runbook_url": "https://runbooks.example.com/5xx",
			"summary":     `{{ $labels.job }} fails {{ humanizePercentage $value }} of its requests, {{ unit .Expected }} is usual`,
			"broken":      `{{ .Labels.job | nosuch }}`,
		},
		Location: berlin(t), Step: time.Minute,
		Transition: Transition{T: at(56), From: OK, To: Alarming, Rule: RuleNewestReal, Since: at(54), Breaches: 3, Of: 5},
		State:      Alarming, StartsAt: at(54), Policy: DefaultPolicy(), Now: points[2], Peak: 0.071, Breaching: points,
		Score:        tidewatch.Score{Surprise: 7.1, Mid: 0.004, Channel: tidewatch.ChannelBand, Side: 1, Ready: true},
		AnomalyScore: 2.41, Band: tidewatch.Band{Lower: 0.001, Mid: 0.004, Upper: 0.009},
		Explanation: tidewatch.Explanation{
			Terms:   []tidewatch.Term{{Name: "level", Value: 0.005}, {Name: "Tuesday 03:00", Value: -0.001}},
			Seasons: []string{"1d", "1w"}, History: 15 * 86_400_000,
		},
		Promise: "≤ 1 false alarm/30 d",
		Nearby:  []ContextEvent{NewContextEvent(at(54)-40_000, "deploy", "build_info of checkout changed 1.8.2 → 1.8.3", "", labels.FromStrings("job", "checkout"), "eu1")},
	}
}

func TestExampleMessage(t *testing.T) {
	f := exampleFacts(t)
	s := Signal{
		At: f.Transition.T + 30_000, ID: f.ID, Detector: f.Detector, SeriesID: f.SeriesID, Transition: f.Transition,
		Labels: labels.FromStrings("alertname", "ErrorRatio", "cluster", "eu1", "job", "checkout", "severity", "page"), Score: 2.41,
	}
	d := NewDispatcher(&Route{Receiver: "oncall", GroupBy: []string{"cluster", "job"}}, DispatcherOptions{
		Location: f.Location, ConfigHash: "c",
		Links: func(v AlarmView) []Link {
			return []Link{{Text: "Why?", URL: "https://tidewatch.example.com/alarms/" + v.ID}}
		},
	})
	d.Handle(s)
	current := View(f)
	view := func(Signal) (AlarmView, bool) { return current, true }
	notices := d.AdvanceTo(s.At+30_000, view)
	// 27 minutes after it began it is over.
	f.Transition = Transition{T: f.StartsAt + 27*minute, From: Alarming, To: OK, Rule: RuleNewestReal, Breaches: 2, Of: 5}
	f.State, f.EndsAt, f.Now.V = OK, f.Transition.T, 0.005
	s.At, s.Transition, current = f.Transition.T+30_000, f.Transition, View(f)
	d.Handle(s)
	notices = append(notices, d.AdvanceTo(s.At+5*minute, view)...)

	var text strings.Builder
	keys := map[string]int{}
	for _, n := range notices {
		n.At += epoch - time.Date(2026, 3, 3, 1, 57, 0, 0, time.UTC).UnixMilli() // writeNotice counts from epoch
		writeNotice(&text, n, keys)
		for _, l := range n.Links {
			fmt.Fprintf(&text, "    [%s](%s)\n", l.Text, l.URL)
		}
		fmt.Fprintf(&text, "    broken: %s\n", n.Alarms[0].Annotations["broken"])
	}
	golden(t, "example.golden", text.String())

	var canonical strings.Builder
	for _, n := range notices {
		b, err := CanonicalNotice(&n)
		if err != nil {
			t.Fatal(err)
		}
		canonical.Write(append(b, '\n'))
	}
	golden(t, "example.json.golden", canonical.String())
}

// One line for each channel and each kind of end: "band" stands only where the band decided.
func TestReasons(t *testing.T) {
	var text strings.Builder
	say := func(name string, change func(*Facts)) {
		f := exampleFacts(t)
		f.Explanation.Statistic, f.Explanation.Limit, f.Explanation.Unit = 9.13, 5, "σ"
		change(&f)
		v := View(f)
		fmt.Fprintf(&text, "%s\n    %s\n    %s\n", name, v.Reason, v.Why)
		if strings.Contains(v.Reason, "the band") != (f.Score.Channel == tidewatch.ChannelBand && f.Transition.To == Alarming && f.Note == "" && f.Transition.Breaches > f.Transition.Missing) {
			t.Errorf("%s: %q says band where that did not decide, or does not where it did", name, v.Reason)
		}
	}
	for c := tidewatch.ChannelNone; c < tidewatch.NumChannels; c++ {
		for _, side := range []int8{-1, 0, 1} {
			say(fmt.Sprintf("channel %s, side %d", c, side), func(f *Facts) { f.Score.Channel, f.Score.Side = c, side })
		}
	}
	say("no statistic", func(f *Facts) { f.Score.Channel, f.Explanation.Statistic = tidewatch.ChannelShift, math.NaN() })
	say("no limit", func(f *Facts) { f.Score.Channel, f.Explanation.Limit = tidewatch.ChannelShift, math.Inf(1) })
	say("received points", func(f *Facts) { f.Transition.Rule = RuleEnoughReal })
	say("few points", func(f *Facts) { f.Transition.Rule, f.Transition.Of = RuleFewEnoughBreach, 3 })
	say("one point", func(f *Facts) {
		f.Transition.Of, f.Transition.Breaches, f.Breaching, f.Policy = 1, 1, f.Breaching[2:], Policy{Datapoints: 1, Of: 1}
	})
	say("some points filled", func(f *Facts) {
		f.Policy.Missing, f.Transition.Rule = MissingBreaching, RuleFilledBreaching
		f.Transition.Missing, f.Transition.Of, f.Breaching = 2, 5, f.Breaching[:1]
	})
	say("all points filled", func(f *Facts) {
		f.Policy.Missing, f.Transition.Rule = MissingBreaching, RuleFilledBreaching
		f.Transition.Missing, f.Transition.Breaches, f.Transition.Of, f.Breaching = 5, 5, 5, nil
	})
	say("many points", func(f *Facts) {
		f.Policy, f.Transition.Of, f.Transition.Breaches = Policy{Datapoints: 6, Of: 9}, 9, 6
		f.Breaching = append(f.Breaching[:3:3], f.Breaching...)
	})
	say("grid of 15 s", func(f *Facts) { f.Step = 15 * time.Second })
	say("recovered", func(f *Facts) { f.Transition.To, f.Transition.Breaches = OK, 2 })
	say("recovered on filled points", func(f *Facts) {
		f.Transition = Transition{From: Alarming, To: OK, Rule: RuleFilledNotBreaching, Breaches: 1, Of: 5, Missing: 3}
		f.Policy.Missing = MissingNotBreaching
	})
	say("no data", func(f *Facts) { f.Transition = Transition{To: InsufficientData, Rule: RuleNoneInsufficient} })
	say("accepted", func(f *Facts) { f.Transition.To, f.Note = OK, NoteRegimeAccepted })
	say("stopped", func(f *Facts) { f.Transition.To, f.Note = InsufficientData, NoteStoppedReporting })
	say("removed", func(f *Facts) { f.Transition.To, f.Note = InsufficientData, NoteDetectorRemoved })
	say("another note", func(f *Facts) { f.Transition.To, f.Note = OK, "set by hand" })
	say("no expectation", func(f *Facts) { f.Score.Mid = math.NaN() })
	say("features", func(f *Facts) {
		f.Score.Channel = tidewatch.ChannelIsolation
		for i := range 7 {
			f.Explanation.Features = append(f.Explanation.Features, tidewatch.Term{Name: fmt.Sprintf("shape%d", i), Value: float64(7 - i)})
		}
	})
	say("many terms", func(f *Facts) {
		for i := range 5 {
			f.Explanation.Terms = append(f.Explanation.Terms, tidewatch.Term{Name: fmt.Sprintf("term%d", i), Value: 0.001})
		}
	})
	golden(t, "reasons.golden", text.String())
}

func TestHeadlines(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Facts)
		want   string
	}{
		{"as designed", func(*Facts) {}, "checkout · error ratio 6.2 %, expected 0.1–0.9 % · eu1 · since 02:54 CET"},
		{"one-sided", func(f *Facts) { f.Band.Lower = math.Inf(-1) }, "checkout · error ratio 6.2 %, expected ≤ 0.9 % · eu1 · since 02:54 CET"},
		{"lower side", func(f *Facts) { f.Band.Upper = math.Inf(1) }, "checkout · error ratio 6.2 %, expected ≥ 0.1 % · eu1 · since 02:54 CET"},
		{"flat band", func(f *Facts) { f.Band = tidewatch.Band{} }, "checkout · error ratio 6.2 %, expected 0 % · eu1 · since 02:54 CET"},
		{"no band", func(f *Facts) { f.Band = noBand }, "checkout · error ratio 6.2 % · eu1 · since 02:54 CET"},
		{"not ready", func(f *Facts) { f.Band, f.Score.Ready = tidewatch.Band{}, false }, "checkout · error ratio 6.2 % · eu1 · since 02:54 CET"},
		{"only an expectation", func(f *Facts) { f.Band = noBand; f.Band.Mid = 0.004 }, "checkout · error ratio 6.2 %, expected about 0.4 % · eu1 · since 02:54 CET"},
		{"missing", func(f *Facts) { f.Now.V = math.NaN() }, "checkout · error ratio: no data, expected 0.1–0.9 % · eu1 · since 02:54 CET"},
		{"no labels", func(f *Facts) { f.Labels = labels.EmptyLabels() }, "error ratio 6.2 %, expected 0.1–0.9 % · since 02:54 CET"},
		{"in summer", func(f *Facts) { f.StartsAt += 180 * 86_400_000 }, "checkout · error ratio 6.2 %, expected 0.1–0.9 % · eu1 · since 03:54 CEST"},
		{"over", func(f *Facts) { f.State, f.EndsAt = OK, f.StartsAt+27*minute }, "Resolved 03:21 after 27 min · checkout · error ratio peaked 7.1 %"},
		{"over, of what fell", func(f *Facts) {
			f.State, f.EndsAt, f.Peak, f.Score.Side = OK, f.StartsAt+27*minute, 0.0002, -1
		}, "Resolved 03:21 after 27 min · checkout · error ratio fell to 0.02 %"},
		{"over, of what did not move", func(f *Facts) {
			f.State, f.EndsAt, f.Score.Channel = OK, f.StartsAt+27*minute, tidewatch.ChannelFlat
		}, "Resolved 03:21 after 27 min · checkout · error ratio stood still at 7.1 %"},
		{"over on another day", func(f *Facts) { f.State, f.EndsAt = OK, f.StartsAt+26*60*minute }, "Resolved 04:54 after 26 h · checkout · error ratio peaked 7.1 %"},
	} {
		f := exampleFacts(t)
		c.change(&f)
		if got := Headline([]AlarmView{View(f)}, nil, f.Location); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
	a, b := exampleFacts(t), exampleFacts(t)
	b.Detector, b.StartsAt = "LatencyP99", a.StartsAt-3*60*minute
	group := map[string]string{"cluster": "eu1", "job": "checkout"}
	want := "2 alarms · eu1 · checkout · worst error ratio 6.2 %, expected 0.1–0.9 % · since 2 Mar 23:54 CET"
	if got := Headline([]AlarmView{View(a), View(b)}, group, a.Location); got != want {
		t.Errorf("two alarms:\n got %s\nwant %s", got, want)
	}
	a.EndsAt, a.Note, b.EndsAt, b.Note = a.StartsAt+minute, "set by hand", a.StartsAt+minute, "set by hand"
	want = "Closed 02:55 after 3 h 1 min · 2 alarms · eu1 · checkout · worst error ratio, set by hand"
	if got := Headline([]AlarmView{View(a), View(b)}, group, a.Location); got != want {
		t.Errorf("two alarms ended by hand:\n got %s\nwant %s", got, want)
	}
	b.Note = NoteStoppedReporting
	want = "Resolved 02:55 after 3 h 1 min · 2 alarms · eu1 · checkout · worst error ratio peaked 7.1 %"
	if got := Headline([]AlarmView{View(a), View(b)}, group, nil); got != strings.Replace(want, "02:55", "01:55", 1) {
		t.Errorf("two alarms with different notes, in UTC:\n got %s\nwant %s", got, want)
	}
	if got := Headline(nil, nil, nil); got != "" {
		t.Errorf("no alarms: %q, want nothing", got)
	}
}

func TestPromiseLine(t *testing.T) {
	for promise, want := range map[string]string{
		"≤ 1 false alarm/30 d":     "Promise ≤ 1 false alarm/30 d · score 2.4 (alarms at 1)",
		"band 3, promises nothing": "Band 3, promises nothing · score 2.4 (alarms at 1)",
		"":                         "Score 2.4 (alarms at 1)",
	} {
		if got := promiseLine(AlarmView{Promise: promise, Score: 2.4}); got != want {
			t.Errorf("%q: %q, want %q", promise, got, want)
		}
	}
}

func TestTitles(t *testing.T) {
	for _, c := range []struct {
		detector string
		ls       []string
		want     string
	}{
		{"ErrorRatio", []string{"job", "checkout", "cluster", "eu1"}, "checkout · error ratio"},
		{"DiskFull", []string{"instance", "db1:9100", "device", "sda", "namespace", "infra"}, "infra · db1:9100 · sda · disk full"},
		{"CPU", []string{"mode", "user", "__name__", "cpu", "alertname", "CPU"}, "mode user · CPU"},
		{"X", []string{"a", "1", "b", "2", "c", "3", "d", "4", "e", "5"}, "a 1 · b 2 · c 3 · d 4 · +1 more label · x"},
		{"X", []string{"a", "1", "b", "2", "c", "3", "d", "4", "e", "5", "f", "6"}, "a 1 · b 2 · c 3 · d 4 · +2 more labels · x"},
	} {
		if got := title(c.detector, labels.FromStrings(c.ls...)); got != c.want {
			t.Errorf("%s %v: %q, want %q", c.detector, c.ls, got, c.want)
		}
	}
	for detector, want := range map[string]string{
		"ErrorRatio": "error ratio", "LatencyP99": "latency p99", "HTTPErrors": "HTTP errors", "node_cpu-busy": "node cpu busy",
		"RequestDrop": "request drop", "": "", "GC": "GC", "go:GCPauses": "go GC pauses", "ÄnderungsRate": "änderungs rate",
	} {
		if got := HumanName(detector); got != want {
			t.Errorf("HumanName(%q) = %q, want %q", detector, got, want)
		}
	}
}

func TestReasonOfAnAlarmThatStands(t *testing.T) {
	f := Facts{Policy: DefaultPolicy(), Transition: Transition{From: OK, To: OK, Breaches: 1, Of: 5}}
	if got, want := View(f).Reason, "Threshold not crossed: 1 out of the last 5 datapoints breached, it takes 3."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestScoreAboveOneIsTold(t *testing.T) {
	for score, want := range map[float64]string{0.4: "0.4", 1: "1", 1.0001: "1.01", 1.04: "1.04", 1.3: "1.3", 12.3: "12.3"} {
		if got := scoreText(score); got != want {
			t.Errorf("score %v is written %s, want %s", score, got, want)
		}
	}
}
