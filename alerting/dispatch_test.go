package alerting

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

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
			route, opts := testRoute(), testOptions(t, loc)
			if strings.HasPrefix(name, "cause") {
				route.GroupByCause = new(true)
			}
			if strings.HasPrefix(name, "groups") {
				opts.StormGroups = 3
			}
			d := NewDispatcher(route, opts)
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
		if to == Alarming && rapid.Bool().Draw(t, "has a cause") {
			s.Cause = scriptCause(slices.Compact([]string{name, rapid.SampledFrom(alarms).Draw(t, "with")}), s.At)
		}
		out = append(out, s)
	}
	return out
}

// causeRoute is testRoute, which joins groups by cause.
func causeRoute() *Route {
	r := testRoute()
	r.GroupByCause = new(true)
	return r
}

// replaySignals advances the dispatcher at the given times, restarting it from its state where told to, and returns all
// notices in canonical form.
func replaySignals(t *rapid.T, signals []Signal, stops []int64, restart bool) []byte {
	opts := DispatcherOptions{ConfigHash: "c", StormGroups: 3}
	d := NewDispatcher(causeRoute(), opts)
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
			d = NewDispatcher(causeRoute(), opts)
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
		d := NewDispatcher(causeRoute(), DispatcherOptions{StormGroups: 3})
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

// Ten thousand alarms of one group are one message that counts all of them, and describes no more than it shows.
func TestStormIsCountedExactly(t *testing.T) {
	const n = 10_000
	d := NewDispatcher(testRoute(), DispatcherOptions{})
	for i := range n {
		s := testSignal("Disk/shop", 0, Alarming, "", float64(i%1000))
		s.ID = AlarmID("Disk", uint64(i))
		d.Handle(s)
	}
	described := 0
	view := testView(time.UTC)
	notices := d.AdvanceTo(epoch+minute, func(s Signal) (AlarmView, bool) { described++; return view(s) })
	if len(notices) != 1 || len(notices[0].Alarms) != MaxAlarmViews || notices[0].Omitted != n-MaxAlarmViews || described != MaxAlarmViews {
		t.Fatalf("%d notices, %d alarms described", len(notices), described)
	}
	if v := notices[0].Alarms[0]; v.Score != 999 || !strings.HasPrefix(notices[0].Headline, "10,000 alarms · eu1 · shop") {
		t.Errorf("the worst has score %v, want 999; headline %s", v.Score, notices[0].Headline)
	}
}

func FuzzDispatcherState(f *testing.F) {
	d := NewDispatcher(testRoute(), DispatcherOptions{})
	d.Handle(testSignal("A/shop", 0, Alarming, "", 2))
	h := testSignal("B/shop", 0, Alarming, "", 2)
	h.Historical = true
	d.Handle(h)
	d.AdvanceTo(epoch+minute, testView(time.UTC))
	f.Add(d.AppendState(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		fresh := NewDispatcher(testRoute(), DispatcherOptions{})
		if fresh.LoadState(b) != nil {
			return
		}
		state := fresh.AppendState(nil)
		if err := fresh.LoadState(state); err != nil {
			t.Fatalf("its own state does not load: %v\n%s", err, state)
		}
	})
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
