package engine

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/models"
)

func jointDetector(name string) Detector {
	d := testDetector(name)
	d.Model.Kind, d.Join = "joint", []string{"instance"}
	return d
}

// fleet makes a block of machines with so many channels each; a third of the channels of machine 0 break away for two hours on
// day 9, and channels come and go: channel 1 has gaps, channel 2 begins late, channel 3 ends early.
func fleet(detector string, machines, channels, days int) tidewatch.Block {
	const step = 5 * minute
	b := tidewatch.Block{Detector: detector, From: start, Step: step, N: days * int(day/step)}
	for m := range machines {
		for c := range channels {
			ls := labels.FromStrings("__name__", fmt.Sprintf("c%02d", c), "job", "api", "instance", fmt.Sprint("m", m))
			row := tidewatch.Row{Series: tidewatch.Series{ID: tidewatch.SeriesID(detector, ls), Labels: ls}, V: make([]float64, b.N)}
			for i := range row.V {
				k := 100*m + 10*c + 4 // of world's series, one without events
				switch {
				case c >= 1 && c <= 3:
					k = 100*m + 10*c + c
				case m == 0 && c%3 == 0:
					k = 10 * c
				}
				row.V[i] = worldValue(k, i, b.N)
			}
			b.Rows = append(b.Rows, row)
		}
	}
	sortRows(b.Rows)
	return b
}

func TestJointGroupAlarmsOnce(t *testing.T) {
	b := fleet("J", 3, 9, 11)
	c := testCore(t, 2, jointDetector("J"))
	text := string(transcript(t, c, b, 12, false))
	var alarms []string
	for _, l := range strings.Split(text, "\n") {
		if strings.Contains(l, `"To":2`) && strings.Contains(l, `"1"`) {
			alarms = append(alarms, l)
		}
	}
	if len(alarms) != 1 || !strings.Contains(alarms[0], "unlike any before") {
		t.Fatalf("alarms %q of\n%s", alarms, text)
	}
	id := tidewatch.SeriesID("J", labels.FromStrings("instance", "m0"))
	v, _, ok := c.Band(id, b.From, b.End())
	if !ok || v.Series.Labels.String() != `{instance="m0"}` {
		t.Fatalf("the group's series is %v, %v", v.Series, ok)
	}
	if s := c.Status()[0]; s.Series != 3 || s.Members != 27 || s.LeftOut != 0 || c.Series("J") != 27 {
		t.Errorf("%d groups of %d members, %d left out, want 3 of 27, 0", s.Series, s.Members, s.LeftOut)
	}
}

func TestJointResultsDoNotDependOnWorkersOrBlocks(t *testing.T) {
	b := fleet("J", 2, 6, 10)
	want := transcript(t, testCore(t, 1, jointDetector("J")), b, 1, false)
	for _, v := range []struct{ workers, piece int }{{4, 7}, {1, 288}, {2, b.N}} {
		if got := transcript(t, testCore(t, v.workers, jointDetector("J")), b, v.piece, false); !bytes.Equal(want, got) {
			t.Fatalf("%d workers, pieces of %d: another transcript\n%s\nwant\n%s", v.workers, v.piece, got, want)
		}
	}
}

func TestJointSnapshotEqualsNotStopping(t *testing.T) {
	b := fleet("J", 2, 5, 10)
	for _, at := range []int{1, 390, 9*288 + 10} {
		a := testCore(t, 1, jointDetector("J"))
		first := transcript(t, a, cut(b, 0, at), 10, true)
		r := testCore(t, 2, jointDetector("J"))
		if _, err := r.Restore(a.Snapshot(3)); err != nil {
			t.Fatal(err)
		}
		rest := cut(b, at, b.N)
		if want, got := transcript(t, a, rest, 10, true), transcript(t, r, rest, 10, true); !bytes.Equal(want, got) {
			t.Fatalf("restored at %d after %d bytes: \n%s\nwant\n%s", at, len(first), got, want)
		}
		if x, y := a.Snapshot(1), r.Snapshot(1); !bytes.Equal(x.Meta, y.Meta) || !bytes.Equal(x.Shards[0], y.Shards[0]) {
			t.Fatalf("restored at %d, the states differ in the end", at)
		}
	}
}

// TestJointRecords replays the journal's records, in which the labels of known series are left out.
func TestJointRecords(t *testing.T) {
	b := fleet("J", 2, 5, 10)
	a, r := testCore(t, 1, jointDetector("J")), testCore(t, 1, jointDetector("J"))
	for i := 0; i < b.N; i += 6 {
		rec := Record{Now: b.Time(i), Blocks: []tidewatch.Block{cut(b, i, min(i+6, b.N))}}
		read, err := DecodeRecord(rec.Append(nil, a.Known))
		must(t, err)
		for c, rc := range map[*Core]Record{a: rec, r: read} {
			_, err := c.Tick(rc.Now, rc.Blocks)
			must(t, err)
		}
	}
	if x, y := a.Snapshot(1), r.Snapshot(1); !bytes.Equal(x.Shards[0], y.Shards[0]) {
		t.Error("a replay of the records ends in another state")
	}
}

func TestJointGroupIsBounded(t *testing.T) {
	d := jointDetector("J")
	d.Join = []string{}
	const n = models.MaxJoint + 3
	b := tidewatch.Block{Detector: "J", From: start, Step: 5 * minute, N: 40}
	for k := range n {
		ls := labels.FromStrings("pod", fmt.Sprint(k))
		row := tidewatch.Row{Series: tidewatch.Series{ID: tidewatch.SeriesID("J", ls), Labels: ls}, V: make([]float64, b.N)}
		for i := range row.V {
			row.V[i] = worldValue(10*k+4, i, b.N)
		}
		b.Rows = append(b.Rows, row)
	}
	sortRows(b.Rows)
	c := testCore(t, 1, d)
	_, err := c.Tick(b.End(), []tidewatch.Block{cut(b, 0, 20)})
	must(t, err)
	if s := c.Status()[0]; s.Members != n || s.LeftOut != 3 || s.Series != 1 {
		t.Fatalf("%d series in %d groups, %d left out, want %d in 1, 3", s.Members, s.Series, s.LeftOut, n)
	}
	// after the first member has been gone for an hour, one of those that were left out takes its place
	for i := range b.Rows[0].V[20:] {
		b.Rows[0].V[20+i] = math.NaN()
	}
	_, err = c.Tick(b.End(), []tidewatch.Block{cut(b, 20, 40)})
	must(t, err)
	if s := c.Status()[0]; s.LeftOut != 3 { // the one that is gone, and two
		t.Fatalf("%d left out, want 3", s.LeftOut)
	}
	g := c.engine.find("J").groups[0]
	if i, _ := g.members().find(b.Rows[0].Series.ID); g.members()[i].slot != noSlot {
		t.Error("the series that is gone has kept its place")
	}
}

func TestJointExplanation(t *testing.T) {
	b := fleet("J", 1, 6, 10)
	c := testCore(t, 1, jointDetector("J"))
	res, err := c.Tick(b.End(), []tidewatch.Block{b})
	must(t, err)
	if len(res.Changes) == 0 {
		t.Fatal("no transition")
	}
	for _, ch := range res.Changes { // whatever the expression's unit is
		if ch.View.Unit != "decades" || strings.Contains(ch.View.Why, "Expected") {
			t.Errorf("a group is told in %q, because %q", ch.View.Unit, ch.View.Why)
		}
	}
	e := c.engine.find("J").groups[0].rows[0].few().alarmed.explanation
	sum := 0.0
	for _, f := range e.Features {
		sum += f.Value
	}
	if math.Abs(sum-e.Statistic) > 1e-9*e.Statistic || e.Statistic < e.Limit {
		t.Errorf("features sum to %g, statistic is %g, limit %g", sum, e.Statistic, e.Limit)
	}
	if len(e.Features) != 6 || !slices.Contains([]string{`c00{job="api"}`, `c03{job="api"}`}, e.Features[0].Name) {
		t.Errorf("features are %v", e.Features)
	}
}

func TestJoinNeedsAJointModel(t *testing.T) {
	for _, kind := range []string{"combined", "joint"} {
		d := jointDetector("J")
		d.Model.Kind = kind
		if kind == "joint" {
			d.Join = nil
		}
		if err := New(Options{}).Configure([]Detector{d}); err == nil || !strings.Contains(err.Error(), "join") {
			t.Errorf("%s: error is %v", kind, err)
		}
	}
}

// TestGroupPromiseIsKept is TestPromiseIsKeptWithoutIncidents for groups of six that are judged as one.
func TestGroupPromiseIsKept(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; make test-full runs it")
	}
	const groups, history, days, most = 4, 15, 28, 62 // 99.9 % of a Poisson law of 40
	total := 0
	for _, family := range []string{"white", "ar", "seasonal", "heavy", "counts"} {
		d := jointDetector(family)
		d.Alarm.AtOnce = true
		d.Promise = Promise{Count: 1, Per: 14 * 24 * time.Hour, PerSeries: true}
		c := testCore(t, 0, d)
		b := tidewatch.Block{Detector: d.Name, From: start, Step: 5 * minute, N: (history + days) * 288}
		for k := range 6 * groups {
			ls := labels.FromStrings("__name__", fmt.Sprint("c", k%6), "instance", fmt.Sprint(k/6))
			b.Rows = append(b.Rows, tidewatch.Row{
				Series: tidewatch.Series{ID: tidewatch.SeriesID(d.Name, ls), Labels: ls}, V: families[family](uint64(k), b.N),
			})
		}
		n := alarmsAfter(t, c, b, history*288)
		t.Logf("%-9s %d false alarms where %d are promised", family, n, groups*days/14)
		total += n
	}
	if total > most {
		t.Errorf("%d false alarms where 40 were promised, more than %d", total, most)
	}
}
