package engine

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
)

func ownDetector() Detector {
	d := testDetector("D")
	d.Own, d.ModelHash = true, "own"
	return d
}

// TestOwnForests: what is decided with them depends neither on blocks, workers nor restarts, and each series has another.
func TestOwnForests(t *testing.T) {
	if testing.Short() {
		t.Skip("numbers, which the race detector makes slow: make test-full has them")
	}
	b := world("D", 2, 11)
	whole := testCore(t, 1, ownDetector())
	at := 9*288 + 10 // in the middle of the break
	head := transcript(t, whole, cut(b, 0, at), 24, false)
	snap := whole.Snapshot(2)
	tail := transcript(t, whole, cut(b, at, b.N), 12, false)

	again := testCore(t, 2, ownDetector())
	if _, err := again.Restore(snap); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(snap, again.Snapshot(2)); d != "" {
		t.Error("snapshot of a restored core differs:", d)
	}
	if d := cmp.Diff(string(tail), string(transcript(t, again, cut(b, at, b.N), 288, false))); d != "" {
		t.Errorf("after a restart (-want +got):\n%s", d)
	}
	other := testCore(t, 3, ownDetector())
	if d := cmp.Diff(string(head)+string(tail), string(transcript(t, other, b, 100, false))); d != "" {
		t.Errorf("in other blocks (-want +got):\n%s", d)
	}
	if d := cmp.Diff(other.Snapshot(2).Shards, whole.Snapshot(2).Shards); d != "" {
		t.Error("state after other blocks differs:", d)
	}

	d := whole.engine.find("D")
	seen := map[uint64]bool{d.family.shared.Version(): true}
	for _, g := range d.groups {
		v := d.judgedWith(g).Version()
		if seen[v] {
			t.Errorf("series %016x has the forest %016x of another", g.id(), v)
		}
		seen[v] = true
	}
	for _, ch := range whole.engine.detectors[0].groups {
		if a := ch.rows[0].few().alarmed; a != nil && !seen[a.shared] {
			t.Errorf("an alarm names the forest %016x, which nobody has", a.shared)
		}
	}
}

// TestOwnForestIsNotTaughtByAnIncident compares the samples after a break with those of a run in which its points are missing.
func TestOwnForestIsNotTaughtByAnIncident(t *testing.T) {
	b := world("D", 1, 10) // series 0 breaks away on day 9
	quiet := world("D", 1, 10)
	for i := 9 * 288; i < 9*288+24; i++ {
		quiet.Rows[0].V[i] = math.NaN()
	}
	const after = 9*288 + 24
	samples := func(b tidewatch.Block) []uint64 {
		c := testCore(t, 1, ownDetector())
		transcript(t, c, cut(b, 0, after), 288, false)
		p := c.engine.find("D").groups[0].own().cur
		p.shrink()
		return p.hash
	}
	if d := cmp.Diff(samples(quiet), samples(b)); d != "" {
		t.Errorf("the break is among the samples (-without it +with it):\n%s", d)
	}
}

// TestOwnForestsAreCounted: there are MaxOwn places, and it is known for how many series there is none.
func TestOwnForestsAreCounted(t *testing.T) {
	c := testCore(t, 2, ownDetector())
	if _, err := c.Train(world("D", MaxOwn+80, 1)); err != nil {
		t.Fatal(err)
	}
	live := 0
	for _, g := range c.engine.find("D").groups {
		if g.rows[0].ready && g.rows[0].seen > c.Decided("D")-goneAfter.Milliseconds() {
			live++
		}
	}
	held, out := c.OwnForests("D")
	if held != MaxOwn || out < 1 || held+out < live {
		t.Errorf("%d have a place and %d have not, of %d live series; want %d and the others", held, out, live, MaxOwn)
	}
}

// TestOwnForestGoesToTheHeir: a pod that replaces another is judged with its forest.
func TestOwnForestGoesToTheHeir(t *testing.T) {
	const n = 6 * 288
	b := world("D", 1, 7)
	old, heir := b.Rows[0].V, make([]float64, b.N)
	for i := range heir {
		heir[i] = math.NaN()
		if i >= n {
			heir[i], old[i] = old[i], math.NaN()
		}
	}
	for i, v := range [][]float64{old, heir} {
		ls := labels.FromStrings("job", "api", "pod", []string{"api-5b7c9d8f6-x2x4z", "api-5b7c9d8f6-q8w9k"}[i])
		row := tidewatch.Row{Series: tidewatch.Series{ID: tidewatch.SeriesID("D", ls), Labels: ls}, V: v}
		if b.Rows = append(b.Rows, row); i == 0 {
			b.Rows = b.Rows[1:]
		}
	}
	sortRows(b.Rows)
	c := testCore(t, 1, ownDetector())
	transcript(t, c, b, 36, false)
	d := c.engine.find("D")
	for _, g := range d.groups {
		if r := &g.rows[0]; (r.few().origin != nil) != (g.own() != nil && g.own().shared != nil) || r.few().replaced == (r.few().origin != nil) {
			t.Errorf("%s: replaced %t, heir %t, own forest %t", r.series.Labels, r.few().replaced, r.few().origin != nil, g.own() != nil)
		}
	}
}

// TestOwnForestIsNamed: an explanation says that the forest is the series' own.
func TestOwnForestIsNamed(t *testing.T) {
	c := testCore(t, 1, ownDetector())
	if _, err := c.Train(world("D", 1, 4)); err != nil {
		t.Fatal(err)
	}
	g := c.engine.find("D").groups[0]
	for ch, want := range map[tidewatch.Channel]bool{tidewatch.ChannelIsolation: true, tidewatch.ChannelBand: false} {
		if e := g.named(ch, tidewatch.Explanation{Unit: "x"}); strings.Contains(e.Unit, "own forest") != want {
			t.Errorf("%v: unit %q", ch, e.Unit)
		}
	}
	bad := ownDetector()
	bad.Model.Kind = "seasonal"
	if err := c.Configure([]Detector{bad}, &alerting.Route{Receiver: "r"}, alerting.DispatcherOptions{}); err == nil {
		t.Error("seasonal has a forest of its own")
	}
}
