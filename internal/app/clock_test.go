package app

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/store"
)

// The clock moves back by an hour while an alarm is up: nothing is decided twice, and evaluation goes on when the clock has
// caught up.
func TestClockMovedBack(t *testing.T) {
	want := uninterrupted(t)
	const at = begin + 2*hour + 20*minute
	for name, interrupt := range map[string]func(x *session) *session{
		"running": func(x *session) *session { return x },
		"restart": func(x *session) *session {
			x.crash()
			return x.h.start(x.t)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newQuick(t, broken)
			x := h.start(t)
			x.walkSent(at)
			h.clock.ms.Store(at - hour)
			x = interrupt(x)
			reads := h.src.asked()
			x.walkSent(at - 20*minute)
			if n := h.src.asked() - reads; n != 0 {
				t.Errorf("%d reads of what was decided before", n)
			}
			if v := x.metric("tidewatch_clock_behind_seconds"); v < 1200 || v > 3600 {
				t.Errorf("the clock is %v s behind, want more than 20 minutes", v)
			}
			if err := x.Ready(); err != nil {
				t.Errorf("not ready: %v", err)
			}
			h.logs.once(t, "WARN", "The clock was moved back by")
			x.walkSent(end)
			x.want(0, "tidewatch_clock_behind_seconds")
			if d := cmp.Diff(want.transitions, x.transitions()); d != "" {
				t.Errorf("decisions differ (-undisturbed +disturbed):\n%s", d)
			}
			h.wantServiceMessages(t, "The clock has caught up")
			if texts := h.texts(); len(texts) != 2 || !strings.Contains(texts[0], "Resolved") {
				t.Errorf("messages %q, want the alarm and the clock", texts)
			}
			x.stop()
		})
	}
}

// The clock moves back by an hour while an alarm waits for its group's others: it is told after twice that wait.
func TestTimersAfterClockMovedBack(t *testing.T) {
	h := newQuick(t, broken)
	x := h.start(t)
	waits := func() bool { _, ok := x.core.NextDeadline(); return ok }
	at := begin + 2*hour
	for ; !waits(); at += 5000 {
		x.walk(at)
	}
	x.call(func(ctx context.Context) error {
		clock, now := timerClock{}, h.clock.ms.Load()
		x.fireTimers(ctx, &clock)
		h.clock.ms.Store(now - hour)
		told := func() bool {
			counts, err := x.store.NoticeCounts(ctx)
			return err != nil || len(counts) > 0
		}
		passed := int64(0)
		for ; passed <= hour && !told() && len(h.texts()) == 0; passed += 500 {
			h.clock.ms.Store(now - hour + passed)
			x.fireTimers(ctx, &clock)
		}
		if passed < 30_000 || passed > 61_000 {
			t.Errorf("told after %d ms, want the 30 s of group_wait or up to twice that", passed)
		}
		return nil
	})
	x.stop()
}

// The clock moves back while a detector waits for its next attempt: it does not wait for the old time to come again.
func TestClockMovedBackAfterFailure(t *testing.T) {
	h := newQuick(t, calm)
	h.src.fail(&ingest.Error{Kind: ingest.KindServer, Source: "s", Op: "read", Err: context.DeadlineExceeded})
	x := h.start(t) // it has never been evaluated, so nothing lies ahead
	x.walk(begin + 3*minute)
	h.src.fail(nil)
	h.clock.ms.Store(begin - hour)
	x.walk(begin - hour + 10*minute)
	x.want(1, "tidewatch_detector_up", "Load")
	x.want(1, "tidewatch_source_up", "s")
	x.want(0, "tidewatch_clock_behind_seconds")
	x.stop()
}

// The clock jumps forward by a day, as after a suspended machine: what happened meanwhile is summed up, not paged.
func TestClockMovedForward(t *testing.T) {
	h := newQuick(t, broken)
	x := h.start(t)
	x.walkSent(begin + hour)
	x.h.clock.ms.Store(begin + hour + day)
	x.walkSent(begin + 2*hour + day)
	if texts := h.texts(); len(texts) != 1 || !strings.Contains(texts[0], "found in the past") {
		t.Errorf("messages %q, want a summary", texts)
	}
	if n := len(x.transitions()); n < 2 {
		t.Errorf("%d transitions, want the alarm and its end", n)
	}
	x.stop()
}

// What is in ALARM at the very first start is summed up once; it never pages, also not when it ends or after a restart.
func TestAlarmsActiveAtFirstStart(t *testing.T) {
	h := newQuick(t, func(k int, t int64) float64 {
		if at := t - begin; k < 2 && at >= -40*minute && at < hour {
			return calm(k, t) + 100
		}
		return calm(k, t)
	})
	x := h.start(t)
	x.walkSent(begin + 30*minute)
	check := func(when string) {
		t.Helper()
		if texts := h.texts(); len(texts) != 1 || !strings.Contains(texts[0], "2 alarms found in the past") {
			t.Errorf("%s: messages %q, want one summary", when, texts)
		}
	}
	check("while they are up")
	x.crash()
	x = h.start(t)
	x.walkSent(end)
	check("at the end")
	if st := x.core.Status()[0]; st.States[2] != 0 {
		t.Errorf("%d alarms are still up", st.States[2])
	}
	x.stop()
}

// A rhythm in local time does not alarm because the clocks change.
func TestClocksChange(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	office := func(k int, ms int64) float64 {
		at := time.UnixMilli(ms).In(berlin)
		v := 100 + (calm(k, ms)-calmMean(ms))*2
		if h := at.Hour(); h >= 8 && h < 18 {
			v += 80
		}
		return v
	}
	for name, change := range map[string]time.Time{
		"forward": time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC),
		"back":    time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC),
	} {
		t.Run(name, func(t *testing.T) {
			alarms := func(zone string) int {
				h := newQuick(t, office)
				h.src.series = 1
				h.yaml = strings.NewReplacer("history: 1d", "history: 20d", "Europe/Berlin", zone).Replace(quickConfig)
				h.clock.ms.Store(change.Add(-12*time.Hour + 30*time.Second).UnixMilli())
				x := h.start(t)
				x.walk(change.Add(40 * time.Hour).UnixMilli())
				n := 0
				x.call(func(ctx context.Context) error {
					rows, _, err := x.store.Transitions(ctx, store.TransitionQuery{})
					for _, r := range rows {
						if r.To == "ALARM" {
							n++
						}
					}
					return err
				})
				x.stop()
				return n
			}
			if n := alarms("Europe/Berlin"); n != 0 {
				t.Errorf("%d alarms because the clocks changed", n)
			}
			if name == "back" {
				return // the counter-test once
			}
			if n := alarms("UTC"); n == 0 {
				t.Error("no alarms either where the detector does not know the zone: the test shows nothing")
			}
		})
	}
}

// calmMean is calm without its noise.
func calmMean(t int64) float64 { return 100 + 20*math.Sin(2*math.Pi*float64(t)/float64(day)) }

// A series that moves from one replica to another is the same series: nothing is learnt anew, nothing alarms.
func TestReplicaFailover(t *testing.T) {
	single := newPrometheus(t, broken, end, replica{})
	a, b := labels.FromStrings("replica", "a"), labels.FromStrings("replica", "b")
	const failover = begin + 2*hour + 50*minute
	pair := newPrometheus(t, broken, end, replica{labels: a, until: failover}, replica{labels: b, from: failover - 20*minute})
	run := func(p *promServer, settings string) (ending, int) {
		h := newQuick(t, nil)
		h.remote(p.URL+"/api/v1/read", settings)
		x := h.start(t)
		x.walkSent(end)
		defer x.stop()
		return x.ending(true), x.core.Status()[0].Series
	}
	want, _ := run(single, "")
	got, series := run(pair, ", drop_labels: [replica]")
	if series != 3 {
		t.Errorf("%d series, want 3", series)
	}
	want.same(t, got)
	if len(want.transitions) != 2 {
		t.Errorf("transitions %q, want an alarm and its end", want.transitions)
	}
}
