package alerting

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// The weekly report comes once at its time, whatever restarts, counts what the week told, and leaves out all but the newest after a
// long stop.
func TestWeeklyReport(t *testing.T) {
	loc := berlin(t)
	opts := testOptions(t, loc)
	opts.Report = ReportSchedule{Receiver: "office", Weekday: time.Monday, At: 9 * time.Hour, Location: loc}
	opts.Promised = map[string]float64{"ErrorRatio": 1.0 / 30}
	d := NewDispatcher(testRoute(), opts)
	script := `
0m ALARM ErrorRatio/checkout 2.4
1m advance
2m ack #1 anna
10m OK ErrorRatio/checkout
15m advance
16m feedback f1 not_anomaly 1m alertname=ErrorRatio #1
20m ALARM ErrorRatio/checkout 2.4
20m ALARM Load/shop 1.5
21m advance
22m feedback f2 not_anomaly 1m alertname=Load @Load/shop
23m silence s1 1h alertname=Disk
24m ALARM Disk/cart 1.5
30m OK Disk/cart
40m advance
`
	runScript(t, script, d, loc)
	first, ok := d.NextDeadline()
	if !ok {
		t.Fatal("nothing is due")
	}
	var got []string
	reports := 0
	for week := range 5 {
		at := epoch + int64(week+1)*7*dayMillis
		for range 2 { // a restart between two calls tells nothing twice
			for _, n := range d.AdvanceTo(at, testView(loc)) {
				if n.Kind == KindReport {
					reports++
					got = append(got, fmt.Sprintf("%s %s %s", n.Key, n.Receiver, n.Headline))
					got = append(got, n.Body...)
				}
			}
			fresh := NewDispatcher(testRoute(), opts)
			if err := fresh.LoadState(d.AppendState(nil)); err != nil {
				t.Fatal(err)
			}
			d = fresh
		}
	}
	if reports != 5 {
		t.Errorf("%d reports in five weeks; the first deadline was %s", reports, time.UnixMilli(first).In(loc))
	}
	golden(t, "report.golden", strings.Join(got[:min(len(got), 12)], "\n")+"\n")
	d.Resume(epoch + 20*7*dayMillis)
	n := 0
	for _, x := range d.AdvanceTo(epoch+20*7*dayMillis, testView(loc)) {
		if x.Kind == KindReport {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d reports after weeks without Tidewatch, want the newest", n)
	}
}

// A schedule that is new or changed tells nothing by itself, and keeps its time of day across the clocks' change.
func TestReportSchedule(t *testing.T) {
	loc := berlin(t)
	r := ReportSchedule{Receiver: "office", Weekday: time.Monday, At: 9 * time.Hour, Location: loc}
	at := time.Date(2026, 3, 18, 12, 0, 0, 0, loc).UnixMilli()
	for _, want := range []string{"Mon 23 Mar 09:00 CET", "Mon 30 Mar 09:00 CEST", "Mon 6 Apr 09:00 CEST"} {
		if at = r.next(at); time.UnixMilli(at).In(loc).Format("Mon 2 Jan 15:04 MST") != want || r.last(at) != at {
			t.Errorf("next is %s, want %s", time.UnixMilli(at).In(loc), want)
		}
	}
	d := NewDispatcher(testRoute(), DispatcherOptions{Report: r})
	d.AdvanceTo(at, nil)
	r.Weekday = time.Sunday
	d.SetOptions(DispatcherOptions{Report: r})
	if ns := d.AdvanceTo(at+minute, nil); len(ns) != 0 {
		t.Errorf("%d notices after a change of the schedule", len(ns))
	}
	if next, ok := d.NextDeadline(); !ok || time.UnixMilli(next).In(loc).Weekday() != time.Sunday {
		t.Errorf("next is %s", time.UnixMilli(next).In(loc))
	}
}
