package alerting

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"pgregory.net/rapid"
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
			{Receiver: "slow", Matchers: eq("team", "batch"), GroupWait: 2 * time.Minute, GroupInterval: 10 * time.Minute, RepeatInterval: time.Hour},
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
		Transition: Transition{T: t - 30_000, To: to, Rule: RuleNewestReal, Breaches: 3, Of: 5},
	}
	if to == Alarming {
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
		return View(Facts{
			ID: s.ID, Detector: s.Detector, SeriesID: s.SeriesID, Labels: b.Labels(), Location: loc, Step: time.Minute,
			Unit: UnitPercent, Transition: s.Transition, State: s.Transition.To, Policy: DefaultPolicy(), Note: s.Note,
			Now: tidewatch.Point{T: s.Transition.T, V: 0.062}, Peak: 0.071, AnomalyScore: s.Score,
			Band:    tidewatch.Band{Lower: 0.001, Mid: 0.004, Upper: 0.009},
			Score:   tidewatch.Score{Ready: true, Channel: tidewatch.ChannelBand, Side: 1, Mid: 0.004, Surprise: 6},
			Promise: "≤ 1 false alarm/30 d",
		}), true
	}
}

// A script line is "TIME VERB [alarm [score] [historical] [muted]]"; see the files in testdata/dispatch.
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
			for _, n := range d.AdvanceTo(epoch+at.Milliseconds(), testView(loc)) {
				writeNotice(&out, n, keys)
			}
		case "resume":
			d.Resume(epoch + at.Milliseconds())
		case "remove":
			n := d.End(epoch+at.Milliseconds(), NoteDetectorRemoved, func(s Signal) bool { return s.Detector == f[2] })
			fmt.Fprintf(&out, "%d alarms of %s ended\n", n, f[2])
		case "stats":
			fmt.Fprintf(&out, "stats %+v\n", d.Stats())
		case "restart":
			fresh := NewDispatcher(testRoute(), d.opts)
			if err := fresh.LoadState(d.AppendState(nil)); err != nil {
				t.Fatal(err)
			}
			*d = *fresh
		case "reroute":
			d.SetRoute(&Route{Receiver: "other", GroupBy: []string{"job"}})
		default:
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
		for _, flag := range f[3:] {
			switch flag {
			case "historical":
				s.Historical = true
			case "muted":
				s.Muted = true
			default:
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

func TestDispatcherScenarios(t *testing.T) {
	scripts, err := filepath.Glob("testdata/dispatch/*.script")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, path := range scripts {
		name := strings.TrimSuffix(filepath.Base(path), ".script")
		t.Run(name, func(t *testing.T) {
			script, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			loc := berlin(t)
			d := NewDispatcher(testRoute(), DispatcherOptions{Location: loc, ConfigHash: "c0ffee"})
			golden(t, "dispatch/"+name+".golden", runScript(t, string(script), d, loc))
		})
	}
}

// randomSignals are signals in time order, as an engine would make them: each alarm alternates.
func randomSignals(t *rapid.T) []Signal {
	alarms := []string{"A/shop", "B/shop", "C/cart", "D/cart/storage", "E/night/batch"}
	var out []Signal
	at := time.Duration(0)
	alarming := map[string]bool{}
	for range rapid.IntRange(1, 60).Draw(t, "signals") {
		at += time.Duration(rapid.IntRange(0, 900).Draw(t, "gap")) * time.Second
		name := rapid.SampledFrom(alarms).Draw(t, "alarm")
		to, note := Alarming, ""
		if alarming[name] {
			switch rapid.IntRange(0, 3).Draw(t, "end") {
			case 0:
				to = InsufficientData
			case 1:
				to, note = InsufficientData, NoteStoppedReporting
			default:
				to = OK
			}
		}
		alarming[name] = to == Alarming
		s := testSignal(name, at, to, note, float64(rapid.IntRange(10, 50).Draw(t, "score"))/10)
		s.Muted = rapid.IntRange(0, 9).Draw(t, "muted") == 0
		out = append(out, s)
	}
	return out
}

// replaySignals advances the dispatcher at the given times, restarting it from its state where told to, and returns all
// notices in canonical form.
func replaySignals(t *rapid.T, signals []Signal, stops []int64, restart bool) []byte {
	opts := DispatcherOptions{ConfigHash: "c"}
	d := NewDispatcher(testRoute(), opts)
	var out bytes.Buffer
	for _, stop := range stops {
		for len(signals) > 0 && signals[0].At <= stop {
			d.Handle(signals[0])
			signals = signals[1:]
		}
		for _, n := range d.AdvanceTo(stop, testView(time.UTC)) {
			b, err := CanonicalNotice(&n)
			if err != nil {
				t.Fatal(err)
			}
			out.Write(append(b, '\n'))
		}
		if restart {
			state := d.AppendState(nil)
			d = NewDispatcher(testRoute(), opts)
			if err := d.LoadState(state); err != nil {
				t.Fatal(err)
			}
			if again := d.AppendState(nil); !bytes.Equal(again, state) {
				t.Fatalf("state does not round-trip:\n%s\n%s", state, again)
			}
		}
	}
	return out.Bytes()
}

func TestNoticesDoNotDependOnSteppingOrRestarts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		signals := randomSignals(t)
		end := signals[len(signals)-1].At + (6 * time.Hour).Milliseconds()
		want := replaySignals(t, signals, []int64{end}, false)
		var stops []int64
		for at := epoch; at < end; {
			at += int64(rapid.IntRange(1, 7200).Draw(t, "step")) * 1000
			stops = append(stops, min(at, end))
		}
		if got := replaySignals(t, signals, stops, rapid.Bool().Draw(t, "restart")); !bytes.Equal(got, want) {
			t.Fatalf("stepwise:\n%s\nat once:\n%s", got, want)
		}
	})
}

// The order in which signals of one time are handed in does not matter.
func TestNoticesDoNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		signals := randomSignals(t)
		seen := map[string]bool{}
		var one []Signal
		for _, s := range signals { // one signal of each alarm, all at one time
			if !seen[s.ID] {
				seen[s.ID] = true
				s.At = epoch
				one = append(one, s)
			}
		}
		end := []int64{epoch + (6 * time.Hour).Milliseconds()}
		want := replaySignals(t, one, end, false)
		shuffled := rapid.Permutation(one).Draw(t, "order")
		if got := replaySignals(t, shuffled, end, false); !bytes.Equal(got, want) {
			t.Fatalf("shuffled:\n%s\nin order:\n%s", got, want)
		}
	})
}

// Every version of a message follows the one before, and what is resolved stays so.
func TestVersionsAreConsecutive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := NewDispatcher(testRoute(), DispatcherOptions{})
		signals := randomSignals(t)
		for _, s := range signals {
			d.Handle(s)
		}
		version, resolved, last := map[string]int{}, map[string]bool{}, int64(0)
		for _, n := range d.AdvanceTo(signals[len(signals)-1].At+(24*time.Hour).Milliseconds(), testView(time.UTC)) {
			if n.Version != version[n.Key]+1 || resolved[n.Key] || n.At < last {
				t.Fatalf("%s version %d at %d after version %d, resolved %v, at %d", n.Key, n.Version, n.At, version[n.Key], resolved[n.Key], last)
			}
			version[n.Key], resolved[n.Key], last = n.Version, n.Status == "resolved", n.At
		}
		if next, ok := d.NextDeadline(); ok != (d.Stats().OpenIncidents > 0) {
			t.Fatalf("next deadline %d, %v with %d open incidents", next, ok, d.Stats().OpenIncidents)
		}
	})
}

func TestNextDeadline(t *testing.T) {
	d := NewDispatcher(testRoute(), DispatcherOptions{})
	want := func(when string, at time.Duration) {
		t.Helper()
		got, ok := d.NextDeadline()
		if got -= epoch; !ok || got != at.Milliseconds() {
			t.Errorf("%s: next deadline after %d ms, %v; want %s", when, got, ok, at)
		}
	}
	if _, ok := d.NextDeadline(); ok {
		t.Error("an empty dispatcher has a deadline")
	}
	d.Handle(testSignal("A/shop", 2*time.Minute, Alarming, "", 2))
	d.Handle(testSignal("B/cart", time.Minute, Alarming, "", 2))
	want("with signals waiting", time.Minute)
	d.AdvanceTo(epoch+time.Minute.Milliseconds(), testView(time.UTC))
	want("with a group waiting", 90*time.Second)
	d.AdvanceTo(epoch+(90*time.Second).Milliseconds(), testView(time.UTC))
	want("with a signal before the tick", 2*time.Minute)
	d.AdvanceTo(epoch+(3*time.Minute).Milliseconds(), testView(time.UTC))
	want("with both groups told", 390*time.Second)
}

// New options show in the next notice; the key of an open incident stays.
func TestSetOptions(t *testing.T) {
	d := NewDispatcher(testRoute(), DispatcherOptions{ConfigHash: "old"})
	d.Handle(testSignal("A/shop", 0, Alarming, "", 2))
	first := d.AdvanceTo(epoch+minute, testView(time.UTC))
	d.SetOptions(DispatcherOptions{ConfigHash: "new", Location: berlin(t), Links: func(AlarmView) []Link { return []Link{{Text: "Why?"}} }})
	d.Handle(testSignal("A/shop", 2*time.Minute, OK, "", 2))
	second := d.AdvanceTo(epoch+10*minute, testView(time.UTC))
	if len(first) != 1 || len(second) != 1 || first[0].Key != second[0].Key {
		t.Fatalf("%+v\n%+v, want two versions of one notice", first, second)
	}
	if n := second[0]; n.Timezone != "Europe/Berlin" || len(n.Links) != 1 || !strings.HasPrefix(n.Headline, "Resolved 02:01") {
		t.Errorf("%s, links %v, %s; want the new options", n.Timezone, n.Links, n.Headline)
	}
}

func TestDispatcherStateIsChecked(t *testing.T) {
	d := NewDispatcher(testRoute(), DispatcherOptions{})
	d.Handle(testSignal("A/shop", 0, Alarming, "", 2))
	before := d.AppendState(nil)
	for name, state := range map[string]string{
		"not JSON": "gob", "no members": `{"version":1,"incidents":[{"key":"k","interval":1}]}`,
		"no interval": `{"version":1,"incidents":[{"key":"k","members":[{}]}]}`, "version": `{"version":9}`,
		"pending": `{"version":1,"summaries":[{"receiver":"x","pending":["lost"]}]}`,
	} {
		if err := d.LoadState([]byte(state)); err == nil {
			t.Errorf("%s: no error", name)
		}
		if !bytes.Equal(d.AppendState(nil), before) {
			t.Errorf("%s: the dispatcher has changed", name)
		}
	}
}

func BenchmarkDispatcherStorm(b *testing.B) {
	const n = 10_000
	signals := make([]Signal, n)
	for i := range signals {
		signals[i] = testSignal(fmt.Sprintf("D/job%d", i%50), 0, Alarming, "", float64(i%97))
		signals[i].ID = AlarmID("D", uint64(i))
	}
	view := testView(time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		if got := storm(signals, view); got != 50 {
			b.Fatalf("%d notices, want 50", got)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/signal")
}

func storm(signals []Signal, view func(Signal) (AlarmView, bool)) int {
	d := NewDispatcher(testRoute(), DispatcherOptions{})
	for _, s := range signals {
		d.Handle(s)
	}
	return len(d.AdvanceTo(epoch+minute, view))
}
