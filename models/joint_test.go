package models_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/models"
)

// ensemble feeds a joint model with rows that share a daily rhythm and a common noise beside their own.
type ensemble struct {
	tb testing.TB
	models.Joiner
	k     int64
	rng   uint64
	x     []float64
	score []tidewatch.Score
	v     []tidewatch.Verdict
	ev    []tidewatch.Event
	make  func() // draws the next point; nil: half of the noise's variance is common to all rows
}

const ensembleStep = 5 * time.Minute

func newEnsemble(tb testing.TB, rows int) *ensemble {
	tb.Helper()
	spec, err := models.Lookup("joint")
	if err != nil {
		tb.Fatal(err)
	}
	m, err := spec.New(models.Config{Kind: "joint", Rows: rows, Step: ensembleStep})
	if err != nil {
		tb.Fatal(err)
	}
	e := &ensemble{tb: tb, Joiner: m.(models.Joiner), rng: 7}
	e.fit(rows)
	return e
}

func (e *ensemble) fit(rows int) {
	e.x, e.score = make([]float64, rows), make([]tidewatch.Score, rows)
	e.v, e.ev = make([]tidewatch.Verdict, rows), make([]tidewatch.Event, rows)
}

func (e *ensemble) uniform() float64 {
	e.rng += 0x9e3779b97f4a7c15
	x := e.rng
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return (float64((x^x>>31)>>11) + 0.5) / (1 << 53)
}

func (e *ensemble) normal() float64 {
	return math.Sqrt(-2*math.Log(e.uniform())) * math.Cos(2*math.Pi*e.uniform())
}

func (e *ensemble) time() int64 { return e.k * ensembleStep.Milliseconds() }

// draw makes the next point: half of the noise's variance is common to all rows.
func (e *ensemble) draw() {
	if e.make != nil {
		e.make()
		return
	}
	day, together := math.Sin(2*math.Pi*float64(e.k)/288), e.normal()
	for i := range e.x {
		e.x[i] = 50 + 10*float64(i) + 8*day + math.Sqrt2*(together+e.normal())
	}
}

// look scores the point as drawn.
func (e *ensemble) look() tidewatch.Score {
	e.Score(e.time(), e.x, e.score)
	return e.score[0]
}

// learn advances past the point, quarantined where it is surprising.
func (e *ensemble) learn() tidewatch.Event {
	e.v[0] = tidewatch.Calm
	if e.look().Surprise >= models.QuarantineSurprise {
		e.v[0] = tidewatch.Quarantined
	}
	e.Advance(e.time(), e.x, e.v, e.ev)
	e.k++
	return e.ev[0]
}

// run learns so many days and returns the largest surprise of the last one.
func (e *ensemble) run(days int) (most float64) {
	for k := range days * 288 {
		e.draw()
		if s := e.look().Surprise; k >= (days-1)*288 {
			most = max(most, s)
		}
		e.learn()
	}
	return most
}

// TestJointAddsUp: what is too small to be seen in any series shows in the sum of many, and more the longer it lasts.
func TestJointAddsUp(t *testing.T) {
	e := newEnsemble(t, 12)
	calm := e.run(12)
	var at [13]float64
	for k := range at {
		e.draw()
		for i := range 6 {
			e.x[i] += 2.5 * 2 * float64(1-2*(i%2)) // 2.5 sigma, to either side
		}
		at[k] = e.look().Surprise
		e.learn()
	}
	if at[3] <= calm || at[3] <= at[0] || at[12] < 3 {
		t.Errorf("surprise is %.2f after one point, %.2f after four, %.2f after thirteen; the noise of a day had up to %.2f", at[0], at[3], at[12], calm)
	}
}

// TestJointDiscountsTheCommonMode: that all series move together is usual here, that they part is not.
func TestJointDiscountsTheCommonMode(t *testing.T) {
	e := newEnsemble(t, 10)
	e.run(12)
	statistic := func(side func(i int) float64) float64 {
		e.draw()
		for i := range e.x {
			e.x[i] += 6 * side(i)
		}
		return e.Explain(e.time(), e.x, 0, 3).Statistic
	}
	together := statistic(func(int) float64 { return 1 })
	apart := statistic(func(i int) float64 { return float64(1 - 2*(i%2)) })
	if apart < 1.3*together {
		t.Errorf("the statistic of moving apart is %.2f, of moving together %.2f", apart, together)
	}
}

// TestJointExplains: the rows' shares sum to the statistic, and those that moved have the largest.
func TestJointExplains(t *testing.T) {
	e := newEnsemble(t, 8)
	e.run(5)
	for k := range 20 {
		e.draw()
		e.x[5] += 40
		s, x := e.look(), e.Explain(e.time(), e.x, 0, 3)
		sum, most := 0.0, 0
		for i, f := range x.Features {
			if sum += f.Value; f.Value > x.Features[most].Value {
				most = i
			}
		}
		if len(x.Features) != 8 || math.Abs(sum-x.Statistic) > 1e-9*x.Statistic || x.Features[most].Name != "5" {
			t.Fatalf("point %d: statistic %g, features %v", k, x.Statistic, x.Features)
		}
		if (x.Statistic > x.Limit) != (s.Surprise > 3) {
			t.Fatalf("point %d: surprise %.3f, but statistic %.3f of %.3f at a surprise of 3", k, s.Surprise, x.Statistic, x.Limit)
		}
		e.learn()
	}
}

// TestJointRowsComeAndGo: rows without a value add nothing, a new row is young, and one that was cleared is new.
func TestJointRowsComeAndGo(t *testing.T) {
	a, b := newEnsemble(t, 5), newEnsemble(t, 5)
	for e := range map[*ensemble]bool{a: true, b: true} {
		e.run(4)
	}
	b.Resize(7)
	b.fit(7)
	for k := range 400 { // two rows that nobody has do not change a bit
		a.draw()
		copy(b.x, a.x)
		b.x[5], b.x[6] = math.NaN(), math.NaN()
		if x, y := a.look(), b.look(); math.Float64bits(x.Surprise) != math.Float64bits(y.Surprise) {
			t.Fatalf("point %d: surprise is %g with five rows, %g with two more that are empty", k, x.Surprise, y.Surprise)
		}
		a.learn()
		b.learn()
	}
	b.Clear(2)
	for k := range 200 { // another series in the slot of row 2, of another size
		a.draw()
		copy(b.x, a.x)
		b.x[2] = 1e6 + 1e3*b.uniform()
		b.x[5], b.x[6] = math.NaN(), math.NaN()
		if s := b.look().Surprise; s > models.QuarantineSurprise {
			t.Fatalf("point %d: surprise is %g", k, s)
		}
		b.learn()
	}
	for k := range 100 { // all are gone
		for i := range b.x {
			b.x[i] = math.NaN()
		}
		if s := b.look(); s.Surprise != 0 || !s.Ready {
			t.Fatalf("point %d without any value has %+v", k, s)
		}
		b.learn()
	}
}

// TestJointRestart: a state of several rows goes into a model made for one.
func TestJointRestart(t *testing.T) {
	for _, days := range []int{1, 3} {
		a := newEnsemble(t, 6)
		a.run(days)
		b := newEnsemble(t, 1)
		if err := b.LoadState(a.AppendState(nil)); err != nil || b.Rows() != 6 {
			t.Fatalf("%d rows, error %v", b.Rows(), err)
		}
		b.fit(6)
		b.k, b.rng = a.k, a.rng
		for k := range 700 {
			a.draw()
			b.draw()
			if k > 300 && k < 320 {
				a.x[0], b.x[0] = 900, 900
			}
			if x, y := a.look(), b.look(); math.Float64bits(x.Surprise) != math.Float64bits(y.Surprise) {
				t.Fatalf("after %d days, point %d: %g, want %g", days, k, y.Surprise, x.Surprise)
			}
			a.learn()
			b.learn()
		}
		if !bytes.Equal(a.AppendState(nil), b.AppendState(nil)) {
			t.Error("the states differ in the end")
		}
	}
}

// TestJointRegimes: most rows move for good, which is accepted once; they go back, which is seen at once.
func TestJointRegimes(t *testing.T) {
	e := newEnsemble(t, 9)
	e.run(9)
	move := func() {
		e.draw()
		for i := range 6 {
			e.x[i] += 60
		}
	}
	accepted := -1
	for k := range 700 {
		move()
		if e.learn() == tidewatch.RegimeAccepted {
			accepted = k
			break
		}
	}
	if accepted < 2*288 || accepted > 2*288+40 {
		t.Fatalf("accepted at point %d, want it after 48 h", accepted)
	}
	for range 100 {
		if move(); e.look().Surprise >= models.QuarantineSurprise {
			t.Fatalf("the accepted level has surprise %.2f", e.look().Surprise)
		}
		e.learn()
	}
	for k := range 10 {
		e.draw()
		if e.learn() == tidewatch.RegimeReturned {
			return
		}
		if k > 2 {
			t.Fatal("the return to the old level was not seen within three points")
		}
	}
}

// TestJointGetsUsedToWhatLasts: rows that move for a day are told at the beginning, not all day; when others move as well it is told
// again, and when it happens anew as well.
func TestJointGetsUsedToWhatLasts(t *testing.T) {
	e := newEnsemble(t, 9)
	e.run(12)
	const limit = 2.5 // that of calm groups is 2 to 2.4
	shift := func(points int, rows ...int) (alarmed int) {
		for range points {
			e.draw()
			for _, i := range rows {
				e.x[i] += 12
			}
			s := e.look().Surprise
			if s > limit {
				alarmed++
			}
			e.v[0] = tidewatch.Calm
			if s > limit {
				e.v[0] = tidewatch.Quarantined
			}
			e.Advance(e.time(), e.x, e.v, e.ev)
			e.k++
		}
		return alarmed
	}
	first := shift(288, 0, 1)
	if first < 20 || first > 230 {
		t.Errorf("alarmed at %d of 288 points, want the first hours", first)
	}
	if n := shift(60, 0, 1); n > 5 {
		t.Errorf("alarmed at %d of 60 points on the second day", n)
	}
	if n := shift(30, 0, 1, 4, 5, 6); n < 10 {
		t.Errorf("alarmed at %d of 30 points at which three more have moved", n)
	}
	shift(4 * 288)
	if n := shift(60, 0, 1, 2, 3); n < 20 {
		t.Errorf("alarmed at %d of 60 points the next time", n)
	}
}

func TestJointIsBounded(t *testing.T) {
	spec, _ := models.Lookup("joint")
	if _, err := spec.New(models.Config{Kind: "joint", Rows: models.MaxJoint + 1, Step: time.Minute}); err == nil || !strings.Contains(err.Error(), "at most 100") {
		t.Errorf("error is %v", err)
	}
}

func TestJointDoesNotAllocate(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector, under which tests are short, empties pools at random")
	}
	e := newEnsemble(t, 20)
	e.run(4)
	if got := testing.AllocsPerRun(600, func() {
		e.draw()
		e.learn()
	}); got != 0 {
		t.Errorf("a point allocates %g times, want 0", got)
	}
}

func BenchmarkJoint(b *testing.B) {
	for _, rows := range []int{10, 38, 100} {
		b.Run(fmt.Sprintf("%d series", rows), func(b *testing.B) { newEnsemble(b, rows).bench(b) })
	}
}

// bench measures a point of the group.
func (e *ensemble) bench(b *testing.B) {
	rows := len(e.x)
	e.run(4)
	points := make([][]float64, 512)
	for i := range points {
		e.draw()
		points[i] = append([]float64(nil), e.x...)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		copy(e.x, points[i&511])
		e.learn()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/series-point")
	b.ReportMetric(float64(len(e.AppendState(nil)))/float64(rows), "B/series")
}

// TestJointExplainsItsLimit: the limit is the statistic at which the group would have had the surprise.
func TestJointExplainsItsLimit(t *testing.T) {
	e := newEnsemble(t, 9)
	e.run(12)
	for k := range 60 {
		e.draw()
		for i := range 4 {
			e.x[i] += float64(k)
		}
		s := e.look().Surprise
		if s <= 0 {
			e.learn()
			continue
		}
		if x := e.Explain(e.time(), e.x, 0, s); math.Abs(x.Limit-x.Statistic) > 1e-3*x.Statistic && s < 12 {
			t.Fatalf("point %d: a statistic of %g has the surprise %g, whose limit is %g", k, x.Statistic, s, x.Limit)
		}
		e.learn()
	}
}
