package alerting

import (
	"strings"
	"testing"
	"time"
	"unsafe"

	"pgregory.net/rapid"
)

const minute = 60_000

// play steps an alarm through points in the notation of CloudWatch's documentation: 0 fine, X breaching, ! decisive, - missing, the newest
// on the right, one a minute from minute 1. It returns the transitions.
func play(t testing.TB, a *Alarm, points string, p Policy) []Transition {
	t.Helper()
	var out []Transition
	at := a.last
	for _, f := range strings.Fields(points) {
		b, ok := map[string]Breach{"0": Fine, "X": Breaching, "!": Decisive, "-": Missing}[f]
		if !ok {
			t.Fatalf("point %q: want 0, X, ! or -", f)
		}
		at += minute
		if tr, changed := a.Step(at, b, time.Minute, p); changed {
			out = append(out, tr)
		}
	}
	return out
}

// want is "OK", "ALARM", "INSUFFICIENT_DATA" or "retain".
func verdictOf(d Decision) string {
	if d.Retain {
		return "retain"
	}
	return d.State.String()
}

// The 40 cells of CloudWatch's two tables ("How alarm state is evaluated when data is missing").
func TestCloudWatchTable(t *testing.T) {
	type row struct{ points, missing, ignore, breaching, notBreaching string }
	for _, table := range []struct {
		m    int
		rows []row
	}{
		{3, []row{
			{"0 - X - X", "OK", "OK", "OK", "OK"},
			{"0 - - - -", "OK", "OK", "OK", "OK"},
			{"- - - - -", "INSUFFICIENT_DATA", "retain", "ALARM", "OK"},
			{"0 X X - X", "ALARM", "ALARM", "ALARM", "ALARM"},
			{"- - X - -", "ALARM", "retain", "ALARM", "OK"},
		}},
		{2, []row{
			{"0 - X - X", "ALARM", "ALARM", "ALARM", "ALARM"},
			{"0 0 X 0 X", "ALARM", "ALARM", "ALARM", "ALARM"},
			{"0 - X - -", "OK", "OK", "ALARM", "OK"},
			{"- - - - 0", "OK", "OK", "ALARM", "OK"},
			{"- - - X -", "ALARM", "retain", "ALARM", "OK"},
		}},
	} {
		for _, r := range table.rows {
			for treatment, want := range map[Treatment]string{
				MissingMissing: r.missing, Ignore: r.ignore, MissingBreaching: r.breaching, MissingNotBreaching: r.notBreaching,
			} {
				p := Policy{Datapoints: table.m, Of: 3, Missing: treatment}
				var a Alarm
				play(t, &a, r.points, p)
				if got := verdictOf(a.Decide(p)); got != want {
					t.Errorf("%d of 3, %s, %s: %s by %s, want %s", table.m, r.points, treatment, got, a.Decide(p).Rule, want)
				}
			}
		}
	}
}

// Premature: with 3 of 3, these do not alarm at once under missing; the first cell of the table after them does.
func TestPrematureAlarm(t *testing.T) {
	p := Policy{Datapoints: 3, Of: 3, Missing: MissingMissing}
	for points, want := range map[string]Rule{
		"- - - - X": RuleFewAllBreachWait, "- - - X -": RuleFewAllBreachWait, "- - X - -": RuleFewAllBreachOld,
	} {
		var a Alarm
		play(t, &a, points, p)
		d := a.Decide(p)
		if d.Rule != want || d.Retain != (want == RuleFewAllBreachWait) {
			t.Errorf("%s: %+v, want rule %s", points, d, want)
		}
	}
}

// Ignore keeps whatever state there was, for each of the three.
func TestIgnoreRetains(t *testing.T) {
	p := Policy{Datapoints: 3, Of: 3}
	for _, c := range []struct {
		before string
		prior  State
	}{{"", InsufficientData}, {"0 0 0", OK}, {"X X X", Alarming}} {
		for _, then := range []string{"- - - - -", "- - - - - - - X", "- - - - - X - -"} {
			var a Alarm
			play(t, &a, c.before, p)
			if a.State() != c.prior {
				t.Fatalf("%q leads to %s, want %s", c.before, a.State(), c.prior)
			}
			if got := play(t, &a, then, p); len(got) > 0 || a.State() != c.prior {
				t.Errorf("%q, then %q: %v, state %s, want %s retained", c.before, then, got, a.State(), c.prior)
			}
			if d := a.Decide(p); !d.Retain {
				t.Errorf("%q, then %q: rule %s, want one that retains", c.before, then, d.Rule)
			}
		}
	}
}

// Scenarios as sentences: the points, and the transitions as "minute state rule breaches/of since".
func TestAlarmScenarios(t *testing.T) {
	three := Policy{Datapoints: 3, Of: 5}
	with := func(f func(*Policy)) Policy { p := three; f(&p); return p }
	atOnce := with(func(p *Policy) { p.AtOnce = true })
	for _, c := range []struct {
		name, points string
		p            Policy
		want         string
	}{
		{"a new alarm needs one fine point to be OK", "- 0", three, "2 OK few-real-one-fine 0/1 since 0"},
		{"three of five", "0 0 0 0 0 X X 0 X", three, "1 OK few-real-one-fine 0/1 since 0; 9 ALARM newest-n-real 3/5 since 6"},
		{"back when fewer than three of five breach", "X X X 0 0 0", three, "3 ALARM few-real-enough-breach 3/3 since 1; 6 OK newest-n-real 2/5 since 2"},
		{"a gap is skipped while the range holds five points", "0 0 0 0 0 X - X - X", three, "1 OK few-real-one-fine 0/1 since 0; 10 ALARM enough-real-in-range 3/5 since 6"},
		{"an alarm survives the end of its data", "X X X - - - - - - - - - - - -", three, "3 ALARM few-real-enough-breach 3/3 since 1"},
		{
			"missing leaves ALARM when the data ends", "X X X - - - - - - - - -",
			with(func(p *Policy) { p.Missing = MissingMissing }),
			"3 ALARM few-real-enough-breach 3/3 since 1; 10 INSUFFICIENT_DATA none-real-insufficient-data 0/0 since 0",
		},
		{
			"breaching alarms on absence, and says how much of it was absence", "0 0 0 0 0 - - - - -",
			with(func(p *Policy) { p.Missing = MissingBreaching }),
			"1 OK missing-filled-as-breaching 0/1 since 0; 10 ALARM missing-filled-as-breaching 3/5 since 0",
		},
		{
			"the time before the first point is not missing", "0",
			with(func(p *Policy) { p.Missing = MissingBreaching }), "1 OK missing-filled-as-breaching 0/1 since 0",
		},
		{
			"for holds the alarm back", "0 0 0 0 0 X X X X X", with(func(p *Policy) { p.For = 2 * time.Minute }),
			"1 OK few-real-one-fine 0/1 since 0; 10 ALARM newest-n-real 5/5 since 6",
		},
		{
			"for begins anew when three of five cease to hold", "0 0 0 0 0 X X X 0 0 0 0 X X X X X X",
			with(func(p *Policy) { p.For = 3 * time.Minute }),
			"1 OK few-real-one-fine 0/1 since 0; 18 ALARM newest-n-real 5/5 since 14",
		},
		{
			"keep_firing_for holds the recovery back", "X X X 0 0 0 0 0", with(func(p *Policy) { p.KeepFiringFor = 2 * time.Minute }),
			"3 ALARM few-real-enough-breach 3/3 since 1; 8 OK newest-n-real 0/5 since 0",
		},
		{
			"keep_firing_for begins anew when three of five hold again", "X X X 0 0 0 X X X 0 0 0 0 0 0",
			with(func(p *Policy) { p.KeepFiringFor = 3 * time.Minute }),
			"3 ALARM few-real-enough-breach 3/3 since 1; 15 OK newest-n-real 0/5 since 0",
		},
		{
			"one decisive point alarms, for as long as it is among the newest five", "0 0 0 0 0 ! 0 0 0 0 0", atOnce,
			"1 OK few-real-one-fine 0/1 since 0; 6 ALARM one-decisive 1/5 since 6; 11 OK newest-n-real 0/5 since 0",
		},
		{
			"three of five take over from a decisive point", "0 0 0 0 0 ! X X X X 0 0 0", atOnce,
			"1 OK few-real-one-fine 0/1 since 0; 6 ALARM one-decisive 1/5 since 6; 13 OK newest-n-real 2/5 since 9",
		},
		{
			"a gap behind a decisive point is skipped", "0 0 0 0 0 ! - - 0 0 0 0 0", atOnce,
			"1 OK few-real-one-fine 0/1 since 0; 6 ALARM one-decisive 1/5 since 6; 13 OK newest-n-real 0/5 since 0",
		},
		{"where the policy does not know it, a decisive point is one that breaches", "0 0 0 0 0 ! 0 !", three, "1 OK few-real-one-fine 0/1 since 0"},
	} {
		var a Alarm
		if got := sentences(play(t, &a, c.points, c.p)); got != c.want {
			t.Errorf("%s: %s\n got %s\nwant %s", c.name, c.points, got, c.want)
		}
	}
}

func TestStepIsRobust(t *testing.T) {
	p := Policy{Datapoints: 3, Of: 5}
	t.Run("a decided point is not decided again", func(t *testing.T) {
		var a Alarm
		play(t, &a, "X X", p)
		before := a
		for _, late := range []int64{2 * minute, minute, -5} {
			if _, ok := a.Step(late, Breaching, time.Minute, p); ok || a != before {
				t.Errorf("a point of %d changed the alarm", late)
			}
		}
	})
	t.Run("points left out are missing", func(t *testing.T) {
		var jumped, walked Alarm
		play(t, &jumped, "X X X", p)
		play(t, &walked, "X X X - - - 0", p)
		jumped.Step(7*minute, Fine, time.Minute, p)
		if jumped != walked {
			t.Errorf("%+v, want %+v", jumped, walked)
		}
		jumped.Step(1e9*minute, Fine, time.Minute, p)
		if jumped.breach != 0 || jumped.real != 1 {
			t.Errorf("after a long gap %+v, want one real point", jumped)
		}
	})
	t.Run("a bad policy is brought within its bounds", func(t *testing.T) {
		for _, bad := range []Policy{{}, {Datapoints: 9, Of: 3}, {Datapoints: -1, Of: -1}, {Datapoints: 99, Of: 99}} {
			if bad.Validate() == nil {
				t.Errorf("%+v is valid", bad)
			}
			var a Alarm
			if got := play(t, &a, strings.Repeat("X ", 70), bad); len(got) != 1 || got[0].To != Alarming {
				t.Errorf("%+v: %v, want one ALARM", bad, got)
			}
		}
	})
}

func TestEnd(t *testing.T) {
	p := Policy{Datapoints: 3, Of: 5}
	for _, c := range []struct {
		before, note string
		want         string
		state        State
	}{
		{"X X X", NoteRegimeAccepted, "9 OK regime-accepted 0/0 since 1", OK},
		{"X X X", NoteStoppedReporting, "9 INSUFFICIENT_DATA stopped-reporting 0/0 since 1", InsufficientData},
		{"X X X", NoteDetectorRemoved, "9 INSUFFICIENT_DATA ended 0/0 since 1", InsufficientData},
		{"X X X", "SET_BY_HAND", "9 OK ended 0/0 since 1", OK},
		{"0 X X", NoteRegimeAccepted, "", OK},
		{"0 0 0", NoteStoppedReporting, "9 INSUFFICIENT_DATA stopped-reporting 0/0 since 0", InsufficientData},
	} {
		var a Alarm
		play(t, &a, c.before, p)
		tr, ok := a.End(9*minute, c.note)
		got := ""
		if ok {
			got = sentences([]Transition{tr})
		}
		if got != c.want || a.State() != c.state {
			t.Errorf("%s, then %s: %q in %s, want %q in %s", c.before, c.note, got, a.State(), c.want, c.state)
		}
		if more := play(t, &a, "X X", p); len(more) > 0 {
			t.Errorf("%s, then %s: the points before it raised the alarm again: %v", c.before, c.note, more)
		}
	}
}

func TestPendingAndSince(t *testing.T) {
	p := Policy{Datapoints: 3, Of: 5, For: 2 * time.Minute}
	var a Alarm
	play(t, &a, "0 0 X X X", p)
	if since, ok := a.Pending(); !ok || since != 5*minute || a.Since() != 0 {
		t.Errorf("pending since %d, %v; alarming since %d; want 5 min, true, 0", since, ok, a.Since())
	}
	play(t, &a, "X X", p)
	if _, ok := a.Pending(); ok || a.Since() != 3*minute || !a.Breached(0) || a.Breached(5) || a.Breached(-1) || a.Breached(64) {
		t.Errorf("alarming since %d, want 3 min and the newest five points breached", a.Since())
	}
}

func TestRulesExplainThemselves(t *testing.T) {
	for r := range ruleText {
		if s := r.Explain(); !strings.HasSuffix(s, ".") || s == string(r) {
			t.Errorf("%s: %q is not a sentence", r, s)
		}
	}
	if got := Rule("unheard-of").Explain(); got != "unheard-of" {
		t.Errorf("an unknown rule explains itself as %q", got)
	}
}

func TestAlarmStateRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Policy{
			Datapoints: 2, Of: 4, For: time.Duration(rapid.IntRange(0, 3).Draw(t, "for")) * time.Minute,
			KeepFiringFor: time.Duration(rapid.IntRange(0, 3).Draw(t, "keep")) * time.Minute,
			Missing:       Treatment(rapid.IntRange(0, 3).Draw(t, "missing")), AtOnce: rapid.Bool().Draw(t, "at once"),
		}
		points := rapid.SliceOfN(rapid.IntRange(0, 3), 0, 90).Draw(t, "points")
		stop := rapid.IntRange(0, len(points)).Draw(t, "stop")
		var whole Alarm
		for i, b := range points[:stop] {
			whole.Step(int64(i)*minute, Breach(b), time.Minute, p)
		}
		state := whole.AppendState([]byte("before"))[len("before"):]
		var restored Alarm
		if err := restored.LoadState(state); err != nil {
			t.Fatal(err)
		}
		for i, b := range points[stop:] {
			at := int64(stop+i) * minute
			want, wantOK := whole.Step(at, Breach(b), time.Minute, p)
			if got, ok := restored.Step(at, Breach(b), time.Minute, p); got != want || ok != wantOK {
				t.Fatalf("point %d: %+v after a restart, want %+v", stop+i, got, want)
			}
		}
	})
}

func TestAlarmStateIsChecked(t *testing.T) {
	good := (&Alarm{seen: 3, state: OK}).AppendState(nil)
	if len(good) != AlarmStateSize {
		t.Fatalf("state is %d bytes, want %d", len(good), AlarmStateSize)
	}
	damage := func(i int, v byte) []byte { b := append([]byte(nil), good...); b[i] = v; return b }
	for name, b := range map[string][]byte{
		"empty": nil, "short": good[:10], "long": append(append([]byte(nil), good...), 0), "version": damage(0, 9),
		"points": damage(41, 65), "state": damage(42, 3), "mark": damage(43, 2), "decisive": damage(44, 65),
	} {
		a := Alarm{last: 7}
		if err := a.LoadState(b); err == nil || a != (Alarm{last: 7}) {
			t.Errorf("%s: error %v, alarm %+v; want an error and the alarm as it was", name, err, a)
		}
	}
}

// An alarm is part of every series' bytes.
func TestAlarmIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(Alarm{}); size > 64 {
		t.Errorf("an Alarm takes %d bytes, want at most 64", size)
	}
}

func TestStepDoesNotAllocate(t *testing.T) {
	var a Alarm
	at := int64(0)
	if n := testing.AllocsPerRun(1000, func() {
		at += minute
		a.Step(at, Breach(at/minute%3), time.Minute, Policy{Datapoints: 3, Of: 5})
	}); n != 0 {
		t.Errorf("Step allocates %v times", n)
	}
}

func BenchmarkAlarmStep(b *testing.B) {
	b.ReportAllocs()
	alarms := make([]Alarm, 10_000)
	at := int64(0)
	for b.Loop() {
		at += minute
		stepAll(alarms, at)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(alarms)), "ns/alarm")
}

func stepAll(alarms []Alarm, at int64) {
	for i := range alarms {
		alarms[i].Step(at, Breach((at/minute+int64(i))%7%3), time.Minute, Policy{Datapoints: 3, Of: 5})
	}
}
