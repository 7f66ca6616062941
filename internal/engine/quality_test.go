package engine

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/quality"
)

const (
	cleanDays = 3
	perDay    = 288
	faultAt   = cleanDays*perDay + 100
)

func qualityDetector() Detector {
	d := testDetector("D")
	d.Model.Min, d.Model.Max = 0, 1e7
	d.Quality = &quality.Expect{Step: d.Model.Step, Min: 0, Max: 1e7, Accept: 48 * time.Hour}
	return d
}

// regions is n series in several time zones, each with noise of 3 %.
func regions(n, days int) tidewatch.Block {
	b := world("D", 0, days)
	for k := range n {
		ls := labels.FromStrings("job", "api", "instance", fmt.Sprint(k))
		row := tidewatch.Row{Series: tidewatch.Series{ID: tidewatch.SeriesID("D", ls), Labels: ls}, V: make([]float64, b.N)}
		for i := range row.V {
			noise := worldValue(5*k+4, i, b.N) - 100 - 20*math.Sin(2*math.Pi*float64(i)/perDay) // ±2
			row.V[i] = float64(k+1) * (100 + 60*math.Sin(2*math.Pi*(float64(i)/perDay+float64(k)/float64(n))) + 1.5*noise)
		}
		b.Rows = append(b.Rows, row)
	}
	sortRows(b.Rows)
	return b
}

// scale multiplies the values of the chosen rows from column at on.
func scale(f float64, at int, rows func(k int) bool) func(*tidewatch.Block) {
	return func(b *tidewatch.Block) {
		for k := range b.Rows {
			for i := at; rows(k) && i < b.N; i++ {
				b.Rows[k].V[i] *= f
			}
		}
	}
}

func all(int) bool               { return true }
func first(n int) func(int) bool { return func(k int) bool { return k < n } }

// relabelled moves the values from column at on to series with other labels.
func relabelled(at, copies int, change func(b *labels.Builder, i int)) func(*tidewatch.Block) {
	return func(b *tidewatch.Block) {
		for _, r := range slices.Clone(b.Rows) {
			for c := range copies {
				lb := labels.NewBuilder(r.Series.Labels)
				change(lb, c)
				ls := lb.Labels()
				row := tidewatch.Row{Series: tidewatch.Series{ID: tidewatch.SeriesID("D", ls), Labels: ls}, V: slices.Clone(r.V)}
				for i := range at {
					row.V[i] = math.NaN()
				}
				b.Rows = append(b.Rows, row)
			}
			if copies == 1 {
				for i := at; i < b.N; i++ {
					r.V[i] = math.NaN()
				}
			}
		}
		sortRows(b.Rows)
	}
}

// faults of the data: what each does to clean data, and the verdict that it must have.
var faults = []struct {
	name  string
	want  quality.Reason
	fault func(*tidewatch.Block)
}{
	{"none", quality.None, func(*tidewatch.Block) {}},
	{"unit x1000", quality.UnitJump, scale(1000, faultAt, all)},
	{"unit x8", quality.UnitJump, scale(8, faultAt, all)},
	{"unit /100", quality.UnitJump, scale(0.01, faultAt, all)},
	{"unit /8", quality.UnitJump, scale(0.125, faultAt, all)},
	{"unit /1000", quality.UnitJump, scale(0.001, faultAt, all)},
	{"unit x100", quality.UnitJump, scale(100, faultAt, all)},
	{"below range", quality.OutOfRange, scale(-1, faultAt, first(2))},
	{"label new", quality.Schema, relabelled(faultAt, 1, func(b *labels.Builder, _ int) { b.Set("zone", "a") })},
	{"label gone", quality.Schema, relabelled(faultAt, 1, func(b *labels.Builder, _ int) { b.Del("job") })},
	{"duplicate", quality.Duplicate, relabelled(faultAt, 2, func(b *labels.Builder, c int) { b.Set("replica", fmt.Sprint(c)) })},
	{"explosion", quality.Cardinality, relabelled(faultAt, 20, func(b *labels.Builder, c int) { b.Set("instance", b.Get("instance")+fmt.Sprint("-", c)) })},
	{"frozen", quality.Constant, func(b *tidewatch.Block) {
		for _, r := range b.Rows {
			for i := faultAt + 1; i < faultAt+60; i++ {
				r.V[i] = r.V[faultAt]
			}
		}
	}},
	{"time zone", quality.TimeShift, func(b *tidewatch.Block) {
		for _, r := range b.Rows {
			copy(r.V[faultAt:], slices.Clone(r.V[faultAt-48:]))
		}
	}},
	{"silence", quality.Stale, func(b *tidewatch.Block) {
		for _, r := range b.Rows {
			for i := faultAt; i < faultAt+20; i++ {
				r.V[i] = math.NaN()
			}
		}
	}},
	{"gaps", quality.Gaps, func(b *tidewatch.Block) {
		for _, r := range b.Rows {
			for i := faultAt; i < faultAt+30; i += 3 {
				r.V[i] = math.NaN()
			}
		}
	}},
}

// incidents look like faults of the data and are none: they must page.
var incidents = []struct {
	name  string
	fault func(*tidewatch.Block)
}{
	{"x9.7", scale(9.7, faultAt, all)},
	{"x7.6", scale(7.6, faultAt, all)},
	{"/9", scale(1/9., faultAt, all)},
	{"x8 on one of them", scale(8, faultAt, first(1))},
	{"x950", scale(950, faultAt, all)},
	{"/90", scale(1/90., faultAt, all)},
	{"to zero", scale(0, faultAt, all)},
	{"one frozen", func(b *tidewatch.Block) {
		for i := faultAt + 1; i < b.N; i++ {
			b.Rows[0].V[i] = b.Rows[0].V[faultAt]
		}
	}},
	{"half the traffic", scale(0.5, faultAt, all)},
	{"times three", scale(3, faultAt, all)},
}

// broken runs three clean days and then one with a fault, column by column, and says which verdicts there were and which alarms.
func broken(t *testing.T, snap Snapshot, b tidewatch.Block) (found []quality.Reason, alarms []string) {
	t.Helper()
	c := testCore(t, 1, qualityDetector())
	_, err := c.Restore(snap)
	must(t, err)
	for i := cleanDays * perDay; i < b.N; i++ {
		res, err := c.Tick(b.Time(i)+30_000, []tidewatch.Block{cut(b, i, i+1)})
		must(t, err)
		for _, v := range res.Quality {
			if !v.Over {
				t.Logf("column %d: %s, %d of %d: %s", i-faultAt, v.Reason, v.Series, v.Of, v.Text)
				found = append(found, v.Reason)
			} else {
				t.Logf("column %d: %s is over", i-faultAt, v.Reason)
			}
		}
		for _, ch := range res.Changes {
			if ch.Transition.To == alerting.Alarming {
				alarms = append(alarms, fmt.Sprintf("column %d: %s %s", i-faultAt, ch.Series.Labels, ch.View.Reason))
			}
		}
	}
	return found, alarms
}

func cleanSnapshot(t *testing.T, n int) Snapshot {
	t.Helper()
	c := testCore(t, 1, qualityDetector())
	_, err := c.Train(cut(regions(n, cleanDays), 0, cleanDays*perDay))
	must(t, err)
	return c.Snapshot(1)
}

func TestFaultsOfTheDataHaveTheirVerdictsAndNoAlarm(t *testing.T) {
	snap := cleanSnapshot(t, 8)
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			b := regions(8, cleanDays+1)
			f.fault(&b)
			found, alarms := broken(t, snap, b)
			want := []quality.Reason{f.want}
			if f.want == quality.None {
				want = nil
			}
			if !slices.Equal(found, want) {
				t.Errorf("verdicts %v, want %v", found, want)
			}
			if len(alarms) > 0 {
				t.Errorf("%d alarms, the first %s", len(alarms), alarms[0])
			}
		})
	}
}

// TestWithheldPointsTeachNothing compares the models after a fault of three hours with those of a twin that never had the withheld points,
// byte for byte.
func TestWithheldPointsTeachNothing(t *testing.T) {
	snap := cleanSnapshot(t, 8)
	for k, f := range faults {
		if testing.Short() && k%5 != 1 {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			clean, b := regions(8, cleanDays+1), regions(8, cleanDays+1)
			f.fault(&b)
			endFault(&b, clean, faultAt+36)
			c, held := testCore(t, 1, qualityDetector()), 0
			_, err := c.Restore(snap)
			must(t, err)
			twin := regions(0, cleanDays+1)
			for _, r := range b.Rows {
				twin.Rows = append(twin.Rows, tidewatch.Row{Series: r.Series, V: slices.Clone(r.V)})
			}
			for i := cleanDays * perDay; i < b.N; i++ {
				_, err := c.Tick(b.Time(i)+30_000, []tidewatch.Block{cut(b, i, i+1)})
				must(t, err)
				for _, r := range twin.Rows {
					if g := c.engine.detectors[0].group(r.Series.ID); g != nil && !math.IsNaN(r.V[i]) {
						if why, _ := g.rows[0].data.Held(); why != quality.None {
							r.V[i] = math.NaN()
							held++
						}
					}
				}
			}
			if (held > 0) != (f.want.Withholds() && f.want != quality.Schema) { // labels that changed are of values that are right
				t.Fatalf("%d points are withheld for %s", held, f.want)
			}
			d := qualityDetector()
			d.Quality = nil
			other := testCore(t, 1, d)
			_, err = other.Restore(snap)
			must(t, err)
			for i := cleanDays * perDay; i < b.N; i++ {
				_, err := other.Tick(b.Time(i)+30_000, []tidewatch.Block{cut(twin, i, i+1)})
				must(t, err)
			}
			for _, r := range clean.Rows {
				got, want := c.engine.detectors[0].group(r.Series.ID), other.engine.detectors[0].group(r.Series.ID)
				if !bytes.Equal(got.model.AppendState(nil), want.model.AppendState(nil)) {
					t.Errorf("%s is not the twin's", r.Series.Labels)
				}
			}
		})
	}
}

// endFault makes a block the clean one from column at on.
func endFault(b *tidewatch.Block, clean tidewatch.Block, at int) {
	for _, r := range b.Rows {
		i := slices.IndexFunc(clean.Rows, func(c tidewatch.Row) bool { return c.Series.ID == r.Series.ID })
		for c := at; c < b.N; c++ {
			r.V[c] = math.NaN()
			if i >= 0 {
				r.V[c] = clean.Rows[i].V[c]
			}
		}
	}
}

func TestIncidentsAreNotTakenForFaultsOfTheData(t *testing.T) {
	snap := cleanSnapshot(t, 8)
	for _, f := range incidents {
		t.Run(f.name, func(t *testing.T) {
			b := regions(8, cleanDays+1)
			f.fault(&b)
			found, alarms := broken(t, snap, b)
			for _, r := range found {
				if r.Withholds() {
					t.Errorf("verdict %s", r)
				}
			}
			if len(alarms) == 0 {
				t.Error("no alarm")
			}
		})
	}
}

// qualityWorld has two faults of the data on day 4: verdicts must not depend on how they are come by.
func qualityWorld() tidewatch.Block {
	b := regions(8, cleanDays+1)
	scale(1000, faultAt, all)(&b)
	for i := faultAt + 60; i < faultAt+84; i += 2 {
		b.Rows[7].V[i] = math.NaN()
	}
	return b
}

func verdicts(t *testing.T, c *Core, b tidewatch.Block, from, piece int) (out []string) {
	t.Helper()
	for i := from; i < b.N; i += piece {
		j := min(i+piece, b.N)
		res, err := c.Tick(b.Time(j-1)+30_000, []tidewatch.Block{cut(b, i, j)})
		must(t, err)
		for _, v := range res.Quality {
			out = append(out, fmt.Sprint(v.T, v.Over, v.Reason, v.Since, v.Of, v.Text))
		}
	}
	return out
}

// TestASourceThatIsNewIsNoFault has history reach back to before the first sample, as on a Prometheus that was just installed.
func TestASourceThatIsNewIsNoFault(t *testing.T) {
	b := regions(40, 3)
	for _, r := range b.Rows {
		for i := range 2 * perDay {
			r.V[i] = math.NaN()
		}
	}
	c := testCore(t, 1, qualityDetector())
	_, err := c.Train(cut(b, 0, 2*perDay))
	must(t, err)
	if got := verdicts(t, c, b, 2*perDay, 1); len(got) > 0 {
		t.Errorf("verdicts %q, want none", got)
	}
}

func TestVerdictsDoNotDependOnBlocksOrRestarts(t *testing.T) {
	b := qualityWorld()
	from := cleanDays * perDay
	snap := cleanSnapshot(t, 8)
	run := func(piece int) []string {
		c := testCore(t, 1, qualityDetector())
		_, err := c.Restore(snap)
		must(t, err)
		return verdicts(t, c, b, from, piece)
	}
	want := run(1)
	if len(want) < 3 {
		t.Fatalf("only %q", want)
	}
	for _, piece := range []int{7, perDay} {
		if got := run(piece); !slices.Equal(got, want) {
			t.Errorf("%d columns at a time: %q, want %q", piece, got, want)
		}
	}
	at := faultAt + 1 // in doubt
	c, again := testCore(t, 1, qualityDetector()), testCore(t, 1, qualityDetector())
	_, err := c.Restore(snap)
	must(t, err)
	got := verdicts(t, c, cut(b, 0, at), from, 1)
	_, err = again.Restore(c.Snapshot(2))
	must(t, err)
	if got = append(got, verdicts(t, again, b, at, 1)...); !slices.Equal(got, want) {
		t.Errorf("with a restart: %q, want %q", got, want)
	}
}

func TestJointGroupsLeaveWithheldSeriesOut(t *testing.T) {
	d := qualityDetector()
	d.Model.Kind, d.Join = "joint", []string{"job"}
	c := testCore(t, 1, d)
	b := qualityWorld()
	_, err := c.Train(cut(b, 0, cleanDays*perDay))
	must(t, err)
	for i := cleanDays * perDay; i < b.N; i++ {
		res, err := c.Tick(b.Time(i)+30_000, []tidewatch.Block{cut(b, i, i+1)})
		must(t, err)
		for _, ch := range res.Changes {
			if ch.Transition.To == alerting.Alarming {
				t.Fatalf("column %d: %s", i-faultAt, ch.View.Reason)
			}
		}
	}
	if open := c.Quality("D"); len(open) == 0 || open[0].Reason != quality.UnitJump || open[0].Series != 8 {
		t.Errorf("open verdicts %+v, want a unit_jump of 8 series", open)
	}
}

// TestPointsThatComeLate reads a few points again, as the service does now and then.
func TestPointsThatComeLate(t *testing.T) {
	b := regions(8, 1)
	early := regions(8, 1)
	for _, r := range early.Rows {
		for i := 55; i < perDay; i += 10 {
			r.V[i] = math.NaN() // not there yet when it is decided
		}
	}
	c := testCore(t, 1, qualityDetector())
	var reasons []string
	for i := range b.N {
		block := cut(early, i, i+1)
		if i%30 == 29 {
			block = cut(b, i-5, i+1)
		}
		res, err := c.Tick(b.Time(i)+30_000, []tidewatch.Block{block})
		must(t, err)
		for _, v := range res.Quality {
			reasons = append(reasons, v.Reason.String())
		}
	}
	if !slices.Contains(reasons, "late") {
		t.Errorf("verdicts %q, want late among them", reasons)
	}
	if v, _, _ := c.Band(b.Rows[0].Series.ID, b.Time(85), b.Time(85)); !math.IsNaN(v.Y[0]) {
		t.Errorf("a late point changed a decided one to %v", v.Y)
	}
}

// TestVerdictsGoToRoutesThatAskForThem posts one message and edits it when the verdict is over.
func TestVerdictsGoToRoutesThatAskForThem(t *testing.T) {
	asks := &alerting.Route{Receiver: "owners", Matchers: []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, StateLabel, DataQuality)}}
	for _, v := range []struct {
		name string
		root *alerting.Route
		want []string
	}{
		{"nobody asks", &alerting.Route{Receiver: "oncall", Routes: []*alerting.Route{{Receiver: "api", Matchers: []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, "job", "api")}}}}, nil},
		{"owners ask", &alerting.Route{Receiver: "oncall", Routes: []*alerting.Route{asks}}, []string{
			"owners firing Data quality · d · out of range · since 08:20 UTC",
			"owners resolved Data is good again · d · out of range was over 09:30 UTC after 1 h 10 min",
		}},
	} {
		t.Run(v.name, func(t *testing.T) {
			d := qualityDetector()
			c := testCore(t, 1, d)
			must(t, c.Configure([]Detector{d}, v.root, alerting.DispatcherOptions{}))
			b := regions(8, cleanDays+1)
			_, err := c.Train(cut(b, 0, cleanDays*perDay))
			must(t, err)
			for i := faultAt; i < faultAt+5; i++ {
				b.Rows[0].V[i] = -5000
			}
			var got []string
			for i := cleanDays * perDay; i < faultAt+40; i++ {
				res, err := c.Tick(b.Time(i)+30_000, []tidewatch.Block{cut(b, i, i+1)})
				must(t, err)
				for _, n := range res.Notices {
					got = append(got, n.Receiver+" "+n.Status+" "+n.Headline)
				}
			}
			if !slices.Equal(got, v.want) {
				t.Errorf("notices %q, want %q", got, v.want)
			}
		})
	}
}
