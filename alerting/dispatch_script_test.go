package alerting

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
)

// epoch is when the scenarios begin: Tuesday 3 March 2026, 02:00 in Berlin.
var epoch = time.Date(2026, 3, 3, 1, 0, 0, 0, time.UTC).UnixMilli()

func berlin(t testing.TB) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// testRoute pages for severity page and sends everything of team storage to its channel as well.
func testRoute() *Route {
	eq := func(name, value string) []*labels.Matcher {
		return []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, name, value)}
	}
	return &Route{
		Receiver: "oncall", GroupBy: []string{"cluster", "job"},
		Routes: []*Route{
			{Receiver: "storage", Matchers: eq("team", "storage"), GroupBy: []string{"team"}, Continue: true},
			{Matchers: eq("team", "storage")},
			{Matchers: eq("team", "twice"), Continue: true},
			{Matchers: eq("team", "twice")},
			{Receiver: "office", Matchers: eq("team", "office"), ActiveIntervals: []string{"office hours"}},
			{Receiver: "sleepers", Matchers: eq("team", "sleepy"), MuteIntervals: []string{"night", "weekend"}},
			{Receiver: "slow", Matchers: eq("team", "batch"), GroupWait: 2 * time.Minute, GroupInterval: 10 * time.Minute, RepeatInterval: time.Hour},
		},
	}
}

// testOptions hide alarms in every way; the labels that they look at are those of few scripts.
func testOptions(t *testing.T, loc *time.Location) DispatcherOptions {
	nightly, err := ParseSchedule("cron(30 3 * * *)")
	if err != nil {
		t.Fatal(err)
	}
	return DispatcherOptions{
		Location: loc, ConfigHash: "c0ffee", SilenceWarning: 15 * time.Minute, FlapChanges: 6,
		Inhibit: []InhibitRule{
			{Source: scriptMatchers(t, "alertname=ClusterDown"), Target: scriptMatchers(t, "alertname=~Pod.*|ClusterDown"), Equal: []string{"cluster"}},
			{Source: scriptMatchers(t, "severity=page"), Target: scriptMatchers(t, "severity=warning"), Equal: []string{"alertname", "job"}},
		},
		Mutes: []MuteRule{{Name: "backup", Matchers: scriptMatchers(t, "job=night"), Schedule: nightly, Duration: time.Hour, Location: loc}},
		Intervals: map[string][]TimeInterval{
			"office hours": {{Times: []IntRange{{9 * 60, 17 * 60}}, Weekdays: []IntRange{{1, 5}}, Location: loc}},
			"night":        {{Times: []IntRange{{22 * 60, 1440}}, Location: loc}, {Times: []IntRange{{0, 6 * 60}}, Location: loc}},
			"weekend":      {{Weekdays: []IntRange{{6, 6}, {0, 0}}, Location: loc}},
		},
	}
}

// testSignal makes a signal of alarm "Detector/job" or "Detector/job/team" at a time after epoch; the grid time is 30 s before.
func testSignal(alarm string, at time.Duration, to State, note string, score float64) Signal {
	parts := strings.Split(alarm, "/")
	m := map[string]string{"alertname": parts[0], "cluster": "eu1", "job": parts[1]}
	if len(parts) > 2 {
		m["team"] = parts[2]
	}
	ls := labels.FromMap(m)
	t := epoch + at.Milliseconds()
	id := tidewatch.SeriesID(parts[0], ls)
	s := Signal{
		At: t, ID: AlarmID(parts[0], id), Detector: parts[0], SeriesID: id, Labels: ls, Score: score, Note: note,
		Transition: Transition{T: t - 30_000, From: Alarming, To: to, Rule: RuleNewestReal, Breaches: 3, Of: 5},
	}
	if to == Alarming {
		s.Transition.From = OK
		s.Transition.Since = s.Transition.T - 2*minute
	}
	return s
}

// testView describes any signal, with nothing in it that depends on when it is called.
func testView(loc *time.Location) func(Signal) (AlarmView, bool) {
	return func(s Signal) (AlarmView, bool) {
		if s.Detector == "Forgotten" {
			return AlarmView{}, false
		}
		b := labels.NewBuilder(s.Labels)
		b.Del("alertname")
		value := 0.062
		if s.Stopped && s.Transition.To != OK {
			value = math.NaN()
		}
		return View(Facts{
			ID: s.ID, Detector: s.Detector, SeriesID: s.SeriesID, Labels: b.Labels(), Location: loc, Step: time.Minute,
			Unit: UnitPercent, Transition: s.Transition, State: s.Transition.To, Policy: DefaultPolicy(), Note: s.Note, DataStopped: s.Stopped, Owes: 3,
			Now: tidewatch.Point{T: s.Transition.T, V: value}, Peak: 0.071, AnomalyScore: s.Score,
			Band:    tidewatch.Band{Lower: 0.001, Mid: 0.004, Upper: 0.009},
			Score:   tidewatch.Score{Ready: true, Channel: tidewatch.ChannelBand, Side: 1, Mid: 0.004, Surprise: 6},
			Promise: "≤ 1 false alarm/30 d",
		}), true
	}
}

// A script line is "TIME VERB [alarm [score] [historical] [muted] [cause=alarm,alarm…]]", the first of a cause is the one that moved first; see the files in testdata/dispatch.
func runScript(t *testing.T, script string, d *Dispatcher, loc *time.Location) string {
	t.Helper()
	var out strings.Builder
	keys := map[string]int{}
	for i, line := range strings.Split(script, "\n") {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		at, err := time.ParseDuration(f[0])
		if err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		switch f[1] {
		case "advance":
			writeNotices(&out, d.AdvanceTo(epoch+at.Milliseconds(), testView(loc)), keys)
		case "resume":
			d.Resume(epoch + at.Milliseconds())
		case "remove":
			n := d.End(epoch+at.Milliseconds(), NoteDetectorRemoved, func(s Signal) bool { return s.Detector == f[2] })
			fmt.Fprintf(&out, "%d alarms of %s ended\n", n, f[2])
		case "stats":
			fmt.Fprintf(&out, "stats %+v\n", d.Stats())
		case "restart":
			fresh := NewDispatcher(d.root, d.opts)
			if err := fresh.LoadState(d.AppendState(nil)); err != nil {
				t.Fatal(err)
			}
			*d = *fresh
		case "reroute":
			d.SetRoute(&Route{Receiver: "other", GroupBy: []string{"job"}})
		case "warnings":
			for _, w := range d.Warnings() {
				fmt.Fprintf(&out, "%s log: %s\n", f[0], w)
			}
		case "silences":
			writeSilences(&out, d, at)
		case "incidents":
			writeIncidents(&out, d, at, keys)
		default:
			if c, ok := scriptControl(t, f, at, d, keys); ok {
				writeNotices(&out, d.AdvanceTo(c.At, testView(loc)), keys)
				out.WriteString(runControl(f[0], c, d))
				writeNotices(&out, d.AdvanceTo(c.At, testView(loc)), keys)
				continue
			}
			for _, s := range scriptSignals(t, f, at) {
				d.Handle(s)
			}
		}
	}
	return out.String()
}

// scriptSignals are the signals of a line; "storm:25" stands for that many alarms.
func scriptSignals(t *testing.T, f []string, at time.Duration) []Signal {
	t.Helper()
	verbs := map[string]struct {
		to   State
		note string
	}{
		"ALARM": {Alarming, ""}, "OK": {OK, ""}, "NODATA": {InsufficientData, ""},
		"STOPPED": {InsufficientData, NoteStoppedReporting}, "ACCEPTED": {OK, NoteRegimeAccepted},
		"SILENT": {Alarming, ""}, "BACK": {Alarming, ""}, "FEWOK": {OK, ""}, "CARRIED": {OK, ""}, "WAITS": {InsufficientData, ""},
	}
	verb, ok := verbs[f[1]]
	if !ok {
		t.Fatalf("verb %q is unknown", f[1])
	}
	names := []string{f[2]}
	if n, isStorm := strings.CutPrefix(f[2], "storm:"); isStorm {
		count, err := strconv.Atoi(n)
		if err != nil {
			t.Fatal(err)
		}
		names = nil
		for i := range count {
			names = append(names, fmt.Sprintf("Disk%02d/shop", i))
		}
	}
	var out []Signal
	for i, name := range names {
		s := testSignal(name, at, verb.to, verb.note, 1+float64(i%7)/10)
		s.Stopped = f[1] == "SILENT" || f[1] == "FEWOK" || f[1] == "WAITS"
		if rule := map[string]Rule{"SILENT": RuleDataStopped, "BACK": RuleDataBack, "CARRIED": RuleOKCarried}[f[1]]; rule != "" {
			s.Data, s.Transition.From, s.Transition.Rule = true, verb.to, rule
		}
		for _, flag := range f[3:] {
			switch flag {
			case "historical":
				s.Historical = true
			case "muted":
				s.Muted = true
			case "page", "warning":
				b := labels.NewBuilder(s.Labels)
				b.Set("severity", flag)
				s.Labels = b.Labels()
			default:
				if alarms, ok := strings.CutPrefix(flag, "cause="); ok {
					s.Cause = scriptCause(strings.Split(alarms, ","), s.Transition.Since)
					continue
				}
				score, err := strconv.ParseFloat(flag, 64)
				if err != nil {
					t.Fatalf("flag %q is unknown", flag)
				}
				s.Score = score
			}
		}
		out = append(out, s)
	}
	return out
}

// scriptCause is a cause of these alarms.
func scriptCause(alarms []string, onset int64) *SharedCause {
	c := &SharedCause{Onset: onset, Labels: []SharedLabel{{Name: "zone", Value: "b", Quiet: 1}}, P: 0.001}
	for _, a := range alarms {
		c.Members = append(c.Members, testSignal(a, 0, Alarming, "", 0).ID)
	}
	c.First = c.Members[:1]
	return c
}

func writeNotices(out *strings.Builder, ns []Notice, keys map[string]int) {
	for _, n := range ns {
		writeNotice(out, n, keys)
	}
}

// writeNotice writes a notice with its key as #1, #2 … in the order of appearance.
func writeNotice(out *strings.Builder, n Notice, keys map[string]int) {
	if keys[n.Key] == 0 {
		keys[n.Key] = len(keys) + 1
	}
	fmt.Fprintf(out, "%s #%d v%d %s %s %s: %d alarms shown, %d omitted\n",
		time.Duration(n.At-epoch)*time.Millisecond, keys[n.Key], n.Version, n.Kind, n.Receiver, n.Status, len(n.Alarms), n.Omitted)
	fmt.Fprintf(out, "    %s\n", n.Headline)
	for _, l := range n.Body {
		fmt.Fprintf(out, "    | %s\n", l)
	}
	if n.Reply != "" {
		fmt.Fprintf(out, "    > %s\n", n.Reply)
	}
}
