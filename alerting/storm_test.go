package alerting

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// stormGroups is in how many groups the alarms of a storm fall.
const stormGroups = 20

// stormSignals are n alarms of different series that are raised within a minute.
func stormSignals(n int) []Signal {
	signals := make([]Signal, n)
	for i := range signals {
		signals[i] = testSignal(fmt.Sprintf("D/job%d", i%stormGroups), time.Duration(int64(i)%minute)*time.Millisecond, Alarming, "", float64(i%97))
		signals[i].ID = AlarmID("D", uint64(i))
	}
	return signals
}

// A storm makes one message for each group, of which each counts its alarms exactly.
func TestStormIsCounted(t *testing.T) {
	n := 50_000
	if testing.Short() {
		n = 5_000
	}
	route := testRoute()
	route.GroupWait = 2 * time.Minute
	d := NewDispatcher(route, DispatcherOptions{})
	for _, s := range stormSignals(n) {
		d.Handle(s)
	}
	notices := d.AdvanceTo(epoch+5*minute, testView(time.UTC))
	if len(notices) != stormGroups {
		t.Fatalf("%d messages, want %d", len(notices), stormGroups)
	}
	each := n / stormGroups
	for i := range notices {
		x := &notices[i]
		if len(x.Alarms) != MaxAlarmViews || x.Omitted != each-MaxAlarmViews {
			t.Errorf("message %d shows %d alarms and leaves out %d, want %d in all", i, len(x.Alarms), x.Omitted, each)
		}
		if body := strings.Join(x.Body, "\n"); !strings.Contains(body, "and "+Thousands(x.Omitted)+" more") {
			t.Errorf("message %d does not say how many it leaves out: %s", i, body)
		}
	}
}

// BenchmarkStorm routes, groups and words 50,000 alarms that are raised within a minute.
func BenchmarkStorm(b *testing.B) {
	const n = 50_000
	signals, view := stormSignals(n), testView(time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		storm(signals, view)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/signal")
}

// BenchmarkManyAlarmsStep is one step of 100,000 alarms.
func BenchmarkManyAlarmsStep(b *testing.B) {
	alarms := make([]Alarm, 100_000)
	at := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		at += minute
		stepAll(alarms, at)
	}
}
