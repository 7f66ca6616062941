package baseline

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/models"
)

const (
	gridStep = 5 * time.Minute
	aDay     = 288 // points
)

// driver feeds a baseline as the engine does.
type driver struct {
	m   models.Model
	k   int64
	out []tidewatch.Score
}

func newDriver(tb testing.TB, s Spec, rows int) *driver {
	tb.Helper()
	m, err := s.Model.New(models.Config{Kind: s.Name, Rows: rows, Step: gridStep, Min: math.Inf(-1), Max: math.Inf(1), Seed: 7})
	if err != nil {
		tb.Fatal(err)
	}
	return &driver{m: m, out: make([]tidewatch.Score, rows)}
}

func (d *driver) time() int64 { return d.k * gridStep.Milliseconds() }

func (d *driver) look(x []float64) []tidewatch.Score {
	d.m.Score(d.time(), x, d.out)
	return d.out
}

func (d *driver) learn(x []float64) {
	d.m.Advance(d.time(), x, nil, nil)
	d.k++
}

// metric is rows channels that share a daily rhythm and have noise of standard deviation 2 of their own.
func metric(k int64, rows int) []float64 {
	x := make([]float64, rows)
	for i := range x {
		c := counter{key: mix(uint64(k)<<8 | uint64(i))}
		noise := (c.unit() + c.unit() + c.unit() - 1.5) * 2 // of variance 1
		x[i] = 100 + float64(i) + 10*math.Sin(2*math.Pi*float64(k)/aDay) + 2*noise
	}
	return x
}

// widths are the numbers of rows that a baseline is tested with.
func widths(s Spec) []int {
	if s.Multivariate {
		return []int{2, 5}
	}
	return []int{1, 3}
}

func each(t *testing.T, test func(t *testing.T, s Spec, rows int)) {
	for _, s := range All() {
		for _, rows := range widths(s) {
			t.Run(fmt.Sprintf("%s/%d", s.Name, rows), func(t *testing.T) { test(t, s, rows) })
		}
	}
}

// TestSpikeStandsOut moves one value far away. Two baselines need more: the robust rules' level is an hour's median, and isolation
// trees see a shingle with one odd value at its end hardly at all; both get eight points. The sum of capped distances gets all
// channels.
func TestSpikeStandsOut(t *testing.T) {
	each(t, func(t *testing.T, s Spec, rows int) {
		points, moved := 1, 1
		switch s.Name {
		case randomSpec.Name:
			t.Skip("knows nothing")
		case robustSpec.Name, forestSpec.Name:
			points = shingle
		case channelSumSpec.Name:
			moved = rows
		}
		for _, move := range []float64{-90, 90} {
			d := newDriver(t, s, rows)
			var noise []float64
			for range 6 * aDay {
				x := metric(d.k, rows)
				if d.look(x); d.k > 4*aDay {
					noise = append(noise, d.out[0].Surprise)
				}
				d.learn(x)
			}
			spike := 0.0
			for range points {
				x := metric(d.k, rows)
				for i := range moved {
					x[i] += move
				}
				spike = max(spike, d.look(x)[0].Surprise)
				d.learn(x)
			}
			slices.Sort(noise)
			if usual := noise[len(noise)*99/100]; spike <= usual {
				t.Errorf("a move by %g has score %g, 99 %% of the noise has less than %g", move, spike, usual)
			}
		}
	})
}

func TestOddInput(t *testing.T) {
	odd := []struct {
		name string
		next func(k int64) float64
	}{
		{"missing", func(int64) float64 { return math.NaN() }},
		{"infinite", func(k int64) float64 { return math.Inf(int(1 - 2*(k%2))) }},
		{"largest", func(k int64) float64 { return math.MaxFloat64 * float64(1-2*(k%2)) }},
		{"smallest", func(int64) float64 { return math.SmallestNonzeroFloat64 }},
		{"flat", func(int64) float64 { return 7 }},
		{"zero", func(int64) float64 { return 0 }},
		{"mixed", func(k int64) float64 {
			return []float64{1, math.NaN(), math.MaxFloat64, 0, math.Inf(-1), -1e300, 5}[mix(uint64(k))%7]
		}},
	}
	each(t, func(t *testing.T, s Spec, rows int) {
		if rows != widths(s)[0] {
			t.Skip("takes long, and tells nothing new")
		}
		for _, o := range odd {
			d, x := newDriver(t, s, rows), make([]float64, rows)
			for k := range int64(6 * aDay) {
				copy(x, metric(k, rows))
				if k < aDay/4 || k >= aDay && k < 2*aDay {
					for i := range x {
						x[i] = o.next(k)
					}
				}
				checkScores(t, o.name, d, x)
				d.learn(x)
			}
			if !d.out[0].Ready {
				t.Fatalf("%s: not ready after six days", o.name)
			}
		}
	})
}

// checkScores checks what holds of every score.
func checkScores(t *testing.T, name string, d *driver, x []float64) {
	t.Helper()
	for i, s := range d.look(x) {
		switch {
		case math.IsNaN(s.Surprise) || s.Surprise < 0 || s.Surprise > most:
			t.Fatalf("%s, point %d, row %d: score of %g is %g, want 0 to %g", name, d.k, i, x[i], s.Surprise, float64(most))
		case !s.Ready && s.Surprise != 0:
			t.Fatalf("%s, point %d, row %d: score is %g before the warm-up is over", name, d.k, i, s.Surprise)
		}
	}
}

func TestMissingHasNoScore(t *testing.T) {
	each(t, func(t *testing.T, s Spec, rows int) {
		d, gap := newDriver(t, s, rows), make([]float64, rows)
		for i := range gap {
			gap[i] = math.NaN()
		}
		for range 6 * aDay {
			d.learn(metric(d.k, rows))
		}
		for i, s := range d.look(gap) {
			if s.Surprise != 0 {
				t.Errorf("row %d: a gap has score %g", i, s.Surprise)
			}
		}
	})
}

// TestScoreChangesNothing also shows that no point is scored by a later one: the models are told nothing in advance.
func TestScoreChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, s Spec, rows int) {
		a, b := newDriver(t, s, rows), newDriver(t, s, rows)
		for range 4 * aDay {
			x := metric(a.k, rows)
			wild := metric(a.k+99, rows)
			wild[0] = -1e9
			b.look(wild)
			b.look(x)
			if !same(a.look(x), b.look(x)) {
				t.Fatalf("point %d: scores are %v, after looks at other values %v", a.k, a.out, b.out)
			}
			a.learn(x)
			b.learn(x)
		}
	})
}

// same compares scores bit by bit.
func same(a, b []tidewatch.Score) bool {
	return slices.EqualFunc(a, b, func(a, b tidewatch.Score) bool {
		return math.Float64bits(a.Surprise) == math.Float64bits(b.Surprise) && a.Ready == b.Ready
	})
}

func TestRowsAreIndependent(t *testing.T) {
	for _, s := range All() {
		if s.Multivariate || s.Name == randomSpec.Name || s.Name == forestSpec.Name { // rows have random numbers of their own
			continue
		}
		all, alone := newDriver(t, s, 3), newDriver(t, s, 1)
		for range 5 * aDay {
			x := metric(all.k, 3)
			if !same(all.look(x)[1:2], alone.look(x[1:2])) {
				t.Fatalf("%s, point %d: row 1 of three has %+v, alone %+v", s.Name, all.k, all.out[1], alone.out[0])
			}
			all.learn(x)
			alone.learn(x[1:2])
		}
	}
}

func TestJointScoreIsOnEveryRow(t *testing.T) {
	for _, s := range All() {
		if !s.Multivariate {
			continue
		}
		d := newDriver(t, s, 4)
		for range 3 * aDay {
			x := metric(d.k, 4)
			x[3] = math.NaN() // a channel that is never there
			for i, o := range d.look(x) {
				if o.Surprise != d.out[0].Surprise || o.Ready && i == 0 && o.Surprise == 0 {
					t.Fatalf("%s, point %d: scores are %v", s.Name, d.k, d.out)
				}
			}
			d.learn(x)
		}
	}
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	each(t, func(t *testing.T, s Spec, rows int) {
		d := newDriver(t, s, rows)
		inputs := make([][]float64, 64)
		for k := range inputs {
			inputs[k] = metric(int64(k), rows)
		}
		for range 10 * aDay {
			d.learn(inputs[d.k%64])
		}
		if got := testing.AllocsPerRun(250, func() { // less than a day: pca refits between
			d.look(inputs[d.k%64])
			d.learn(inputs[d.k%64])
		}); got != 0 {
			t.Errorf("a point allocates %g times, want 0", got)
		}
	})
}

func TestWhatBaselinesDoNotHave(t *testing.T) {
	each(t, func(t *testing.T, s Spec, rows int) {
		d := newDriver(t, s, rows)
		band := make([]tidewatch.Band, rows)
		d.m.Band(0, 3, band)
		for _, b := range band {
			if !math.IsNaN(b.Lower) || !math.IsNaN(b.Mid) || !math.IsNaN(b.Upper) {
				t.Errorf("band is %+v, want NaN", b)
			}
		}
		if e := d.m.Explain(0, make([]float64, rows), 0, 3); e.Unit != "" || e.Terms != nil || e.Features != nil {
			t.Errorf("explanation is %+v, want none", e)
		}
		if b := d.m.AppendState([]byte{1}); len(b) != 1 {
			t.Errorf("state is %v, want nothing appended", b)
		}
		if d.m.LoadState(nil) == nil {
			t.Error("a state was loaded that was never stored")
		}
	})
}

func TestNamesAndConfigs(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range All() {
		if s.Name != s.Model.Kind || s.Doc == "" || seen[s.Name] || slices.Contains(models.Kinds(), s.Name) {
			t.Errorf("%q (kind %q, doc %q) is taken, or not the same everywhere", s.Name, s.Model.Kind, s.Doc)
		}
		seen[s.Name] = true
		least := widths(s)[0]
		for _, c := range []models.Config{{Rows: least - 1, Step: gridStep}, {Rows: least, Step: time.Millisecond}} {
			if _, err := s.Model.New(c); err == nil {
				t.Errorf("%s: %d rows on a step of %v give no error", s.Name, c.Rows, c.Step)
			}
		}
		for _, step := range []time.Duration{time.Second, time.Hour, 30 * 24 * time.Hour} {
			m, err := s.Model.New(models.Config{Rows: least, Step: step})
			if err != nil {
				t.Fatal(err)
			}
			m.Advance(0, make([]float64, least), nil, nil)
			m.Score(step.Milliseconds(), make([]float64, least), make([]tidewatch.Score, least))
		}
	}
}

// TestProcessors has enough channels for a decomposition to be spread over processors.
func TestProcessors(t *testing.T) {
	scores := func(processors int) (all []float64) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		const rows = 100
		d := newDriver(t, pcaSpec, rows)
		for range 2*aDay + 10 {
			x := metric(d.k, rows)
			all = append(all, d.look(x)[0].Surprise)
			d.learn(x)
		}
		return all
	}
	one := scores(1)
	if one[len(one)-1] == 0 {
		t.Fatal("nothing was scored")
	}
	if !slices.Equal(one, scores(2)) {
		t.Error("two processors give other scores than one")
	}
}
