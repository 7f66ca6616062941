package engine

import (
	"testing"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
)

// TestOnePointDecides has a single point far outside: it alarms where the policy lets one decide, under a limit of its own that
// is never below the other, and nowhere else.
func TestOnePointDecides(t *testing.T) {
	for _, c := range []struct {
		name    string
		atOnce  bool
		band    float64
		decides bool
	}{{"at once", true, 0, true}, {"m of n", false, 0, false}, {"band", true, 4, false}} {
		d := testDetector("spike")
		d.Alarm.AtOnce = c.atOnce
		if c.band > 0 {
			d.Promise = Promise{Band: c.band}
		}
		b := world("spike", 4, 12)
		for i := range b.Rows {
			for k := range b.Rows[i].V {
				b.Rows[i].V[k] = 50 + gauss(uint64(i), uint64(k))
			}
		}
		at := b.N - 20
		b.Rows[1].V[at] = 500
		e := New(Options{})
		must(t, e.Configure([]Detector{d}))
		if _, err := e.learn(cut(b, 0, at)); err != nil {
			t.Fatal(err)
		}
		changes, _, _, err := e.Run(cut(b, at, b.N))
		must(t, err)
		l := e.Status()[0].Limit
		if c.decides != (l.Lone >= l.Surprise && l.Lone > 0) {
			t.Errorf("%s: limits %.2f and %.2f for a single point", c.name, l.Surprise, l.Lone)
		}
		if !c.decides {
			if len(changes) != 0 {
				t.Errorf("%s: %d transitions, want none", c.name, len(changes))
			}
			continue
		}
		if len(changes) != 2 {
			t.Fatalf("%s: %d transitions, want ALARM and OK", c.name, len(changes))
		}
		on, off := changes[0].Transition, changes[1].Transition
		if on.To != alerting.Alarming || on.T != b.Time(at) || on.Rule != alerting.RuleDecisive || changes[0].Series.ID != b.Rows[1].Series.ID {
			t.Errorf("%s: %+v of %v, want ALARM at %d", c.name, on, changes[0].Series.Labels, b.Time(at))
		}
		if off.To != alerting.OK || off.T != b.Time(at+5) {
			t.Errorf("%s: %+v, want OK at %d", c.name, off, b.Time(at+5))
		}
	}
}

// TestSinglePointsSurviveASnapshot stops in the middle of history: the counts of single points go on from where they were.
func TestSinglePointsSurviveASnapshot(t *testing.T) {
	d := testDetector("x")
	d.Alarm.AtOnce = true
	b := world("x", 5, 12)
	whole, restored := testCore(t, 0, d), testCore(t, 0, d)
	if _, err := whole.Train(cut(b, 0, b.N/2)); err != nil {
		t.Fatal(err)
	}
	if _, err := restored.Restore(whole.Snapshot(2)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*Core{whole, restored} {
		if _, err := c.Train(cut(b, b.N/2, b.N)); err != nil {
			t.Fatal(err)
		}
	}
	if a, r := whole.Status()[0].Limit, restored.Status()[0].Limit; a != r || a.Lone == 0 {
		t.Errorf("limit %+v after a restart, want %+v", r, a)
	}
}

// TestPromiseIsKeptWithSinglePoints is TestPromiseIsKeptWithoutIncidents where a single point may decide.
func TestPromiseIsKeptWithSinglePoints(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; make test-full runs it")
	}
	const promised, most = 10, 21
	total := 0
	for _, family := range []string{"white", "ar", "seasonal", "heavy", "counts"} {
		n := 0
		for seed := range uint64(2) {
			n += onsetsWith(t, family, seed, 5, 30, Promise{Count: 1, Per: 30 * 24 * time.Hour}, true)
		}
		t.Logf("%-9s %d false alarms in 2 detector-months", family, n)
		total += n
	}
	if total > most {
		t.Errorf("%d false alarms where %d were promised, more than %d", total, promised, most)
	}
}
