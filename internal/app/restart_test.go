package app

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ending is how a session ended: what people saw, what was decided, what was learnt.
type ending struct {
	slack       string
	transitions []string
	state       []byte
}

func (x *session) ending(edits bool) ending {
	x.t.Helper()
	x.settle()
	return ending{x.h.slackState(x.t, edits), x.transitions(), x.snapshotBytes()}
}

func (a ending) same(t *testing.T, b ending) {
	t.Helper()
	if d := cmp.Diff(a.slack, b.slack); d != "" {
		t.Errorf("Slack differs (-uninterrupted +interrupted):\n%s", d)
	}
	if d := cmp.Diff(a.transitions, b.transitions); d != "" {
		t.Errorf("decisions differ (-uninterrupted +interrupted):\n%s", d)
	}
	if !bytes.Equal(a.state, b.state) {
		t.Errorf("what was learnt differs: %d and %d bytes", len(a.state), len(b.state))
	}
}

// wantNothingLearntAnew checks that no history was read.
func (x *session) wantNothingLearntAnew() {
	x.t.Helper()
	if n := x.metric("tidewatch_points_total", "history"); n > 0 {
		x.t.Errorf("%v points of history were learnt again", n)
	}
}

const end = begin + 6*hour

// uninterrupted is the run that every interrupted one is measured by.
func uninterrupted(t *testing.T) ending {
	t.Helper()
	h := newQuick(t, broken)
	x := h.start(t)
	x.walkSent(end)
	got := x.ending(true)
	if n := x.metric("tidewatch_training_series", "TRAINED_INSUFFICIENT_DATA"); !(n > 0) {
		t.Errorf("%v series are judged, by the metric", n)
	}
	x.stop()
	if len(h.slack.Messages("#oncall")) != 1 || len(h.slack.Messages("#oncall")[0].Replies) != 1 {
		t.Fatalf("the incident is not one message with one reply:\n%s", got.slack)
	}
	return got
}

func TestRestartInTheMiddleOfAnIncident(t *testing.T) {
	want := uninterrupted(t)
	for name, interrupt := range map[string]func(*session){"stop": (*session).stop, "crash": (*session).crash} {
		// Before the fault, while its first points breach, while it is open, and after it has ended.
		for _, at := range []int64{begin + 30*minute, begin + 2*hour + 11*minute, begin + 2*hour + 25*minute, begin + 5*hour} {
			if name == "stop" && at != begin+2*hour+25*minute { // a crash finds less
				continue
			}
			t.Run(name, func(t *testing.T) {
				h := newQuick(t, broken)
				x := h.start(t)
				x.walkSent(at)
				before := x.snapshotBytes()
				interrupt(x)
				reads := h.src.asked()

				x = h.start(t)
				if !bytes.Equal(before, x.snapshotBytes()) {
					t.Error("the state after the restart is not the state before it")
				}
				x.walkSent(end)
				want.same(t, x.ending(true))
				d := x.config().Detectors[0]
				if got, ticks := h.src.asked()-reads, int((newestDue(d, end)-newestDue(d, at))/(5*minute)); got != ticks {
					t.Errorf("%d reads after the restart, want one for each of %d ticks", got, ticks)
				}
				x.wantNothingLearntAnew()
				x.stop()
			})
		}
	}
}

// Crashes at every tick of the run, one after the other, each with the state of the crash before.
func TestManyCrashes(t *testing.T) {
	want := uninterrupted(t)
	h := newQuick(t, broken)
	x := h.start(t)
	for at := begin + 20*minute; at < end; at += 40 * minute {
		x.walkSent(at)
		x.crash()
		x = h.start(t)
	}
	x.walkSent(end)
	want.same(t, x.ending(true))
	x.stop()
}

// A crash while messages wait: what was decided is sent after the restart, once.
func TestCrashWithMessagesWaiting(t *testing.T) {
	want := uninterrupted(t)
	h := newQuick(t, broken)
	h.slackPatience(time.Second) // for so long an attempt that the crash cut short is left alone
	h.slack.Inject("", 1_000_000, cut)
	x := h.start(t)
	x.walk(begin + 3*hour)
	x.crash()
	h.slack.ClearFaults()
	x = h.start(t)
	x.walkSent(end)
	got := x.ending(true)
	want.slack, got.slack = "", ""
	want.same(t, got)
	if ms := h.slack.Messages("#oncall"); len(ms) != 1 || len(ms[0].Replies) != 1 {
		t.Errorf("%d messages, want one with one reply:\n%s", len(ms), h.slackState(t, true))
	}
	x.stop()
}

func TestDamagedSnapshot(t *testing.T) {
	want := uninterrupted(t)
	h := newQuick(t, broken)
	x := h.start(t)
	x.walkSent(begin + 2*hour + 20*minute)
	x.fault("snapshot", x.snapshot())
	x.walkSent(begin + 3*hour)
	x.stop() // leaves a second snapshot
	snaps := h.files(t, "snapshots/*")
	if len(snaps) != 2 {
		t.Fatalf("%d snapshots, want 2", len(snaps))
	}
	flip(t, largest(t, snaps[1]))
	h.logs.clear()

	x = h.start(t)
	h.logs.once(t, "WARN", "damaged", filepath.Base(snaps[1]))
	x.want(1, "tidewatch_store_damaged_total", "snapshot")
	if n := len(h.files(t, "damaged/*")); n != 1 {
		t.Errorf("%d things set aside, want 1", n)
	}
	x.walkSent(end)
	want.same(t, x.ending(true))
	x.wantNothingLearntAnew()
	x.stop()
}

// With no snapshot left, everything is learnt anew from the source, and what is in ALARM is summed up, not paged.
func TestBothSnapshotsDamaged(t *testing.T) {
	h := newQuick(t, broken)
	x := h.start(t)
	x.walkSent(begin + 2*hour + 25*minute)
	x.stop()
	for _, s := range h.files(t, "snapshots/*") {
		flip(t, largest(t, s))
	}
	x = h.start(t)
	x.walkSent(end)
	x.want(2, "tidewatch_store_damaged_total", "snapshot")
	if n := x.metric("tidewatch_points_total", "history"); n < 3*288 {
		t.Errorf("%v points were learnt again, want a day of three series", n)
	}
	texts := h.texts()
	if len(texts) < 2 || !strings.Contains(texts[1], "found in the past") {
		t.Errorf("messages %q, want the page and then a summary", texts)
	}
	for _, m := range texts[1:] {
		if strings.Contains(m, "since 04:00") {
			t.Errorf("%s: paged twice", m)
		}
	}
	x.stop()
}

func TestDamagedJournalTail(t *testing.T) {
	want := uninterrupted(t)
	for name, damage := range map[string]func(*testing.T, string){"cut": cutTail, "bit flip": flipTail, "garbage": appendGarbage} {
		t.Run(name, func(t *testing.T) {
			h := newQuick(t, broken)
			x := h.start(t)
			x.walkSent(begin + 2*hour + 50*minute)
			x.crash()
			journals := h.files(t, "journal/*.journal")
			if len(journals) == 0 {
				t.Fatal("there is no journal")
			}
			damage(t, journals[len(journals)-1])
			h.logs.clear()
			x = h.start(t)
			h.logs.once(t, "WARN", "Journal tail damaged", "bytes=")
			x.want(1, "tidewatch_store_damaged_total", "journal")
			x.walkSent(end)
			want.same(t, x.ending(true))
			x.stop()
		})
	}
}

// largest is the largest file below dir.
func largest(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	best, size := "", int64(-1)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Size() > size {
			best, size = filepath.Join(dir, e.Name()), info.Size()
		}
	}
	return best
}

// change rewrites a file.
func change(t *testing.T, path string, f func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, f(b), 0o600); err != nil {
		t.Fatal(err)
	}
}

func flip(t *testing.T, path string) {
	t.Helper()
	change(t, path, func(b []byte) []byte { b[len(b)/2] ^= 4; return b })
}

func cutTail(t *testing.T, path string) {
	t.Helper()
	change(t, path, func(b []byte) []byte { return b[:len(b)-7] })
}

func flipTail(t *testing.T, path string) {
	t.Helper()
	change(t, path, func(b []byte) []byte { b[len(b)-9] ^= 1; return b })
}

func appendGarbage(t *testing.T, path string) {
	t.Helper()
	change(t, path, func(b []byte) []byte { return append(b, "no record"...) })
}

// A start after a stop in good order finds all in the snapshot and writes no other; one that had to do with the journal does.
func TestStartWritesASnapshotWhereTheJournalHeldMore(t *testing.T) {
	h := newQuick(t, calm)
	x := h.start(t)
	x.walkSent(begin + 30*minute)
	x.stop()
	kept := h.files(t, "snapshots/*")
	x = h.start(t)
	if d := cmp.Diff(kept, h.files(t, "snapshots/*")); d != "" {
		t.Errorf("after a stop (-before +after the start):\n%s", d)
	}
	before := x.snapshotBytes()
	x.crash() // with a record of the start alone
	kept = h.files(t, "snapshots/*")
	x = h.start(t)
	if !bytes.Equal(before, x.snapshotBytes()) {
		t.Error("the state after the crash is not the state before it")
	}
	if now := h.files(t, "snapshots/*"); filepath.Base(now[len(now)-1]) <= filepath.Base(kept[len(kept)-1]) {
		t.Errorf("after a crash there are %q, want one after %q", now, kept)
	}
	x.walk(begin + 40*minute)
	x.stop()
}
