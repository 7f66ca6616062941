package bench

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/models"
)

// spy is a model that notes what it is given; its score is the sum of the values that are there.
type spy struct {
	models.Model
	scored, learnt [][]float64
}

func (s *spy) Score(_ int64, x []float64, out []tidewatch.Score) {
	s.scored = append(s.scored, append([]float64(nil), x...))
	sum := 0.0
	for _, v := range x {
		if !math.IsNaN(v) {
			sum += v
		}
	}
	for i := range out {
		out[i] = tidewatch.Score{Surprise: sum, Ready: true}
	}
}

func (s *spy) Advance(_ int64, x []float64, _ []tidewatch.Verdict, _ []tidewatch.Event) {
	s.learnt = append(s.learnt, append([]float64(nil), x...))
}

func TestJoinerFillsTheChannelsThatHaveNotAppeared(t *testing.T) {
	inner := &spy{}
	spec := joined(models.Spec{Kind: "spy", New: func(c models.Config) (models.Model, error) {
		if c.Rows != 3 {
			t.Errorf("made for %d rows, want 3", c.Rows)
		}
		return inner, nil
	}}, 3)
	m, err := spec.New(models.Config{Rows: 1})
	if err != nil || !spec.Joint {
		t.Fatalf("joint %v, %v", spec.Joint, err)
	}
	j, ok := m.(models.Joiner)
	if !ok || j.Rows() != 3 {
		t.Fatalf("not a Joiner of 3 rows: %T", m)
	}
	j.Resize(2)
	j.Clear(1)
	out := []tidewatch.Score{{}, {Surprise: 9}, {Surprise: 9}}
	ev := []tidewatch.Event{tidewatch.RegimeAccepted, tidewatch.RegimeAccepted}
	j.Score(0, []float64{1, 2}, out)
	j.Advance(0, []float64{1, 2}, make([]tidewatch.Verdict, 2), ev)
	if d := cmp.Diff([]tidewatch.Score{{Surprise: 3, Ready: true}, {}, {}}, out); d != "" {
		t.Errorf("scores: %s", d)
	}
	want := [][]float64{{1, 2, math.NaN()}}
	same := cmp.Comparer(func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) })
	if d := cmp.Diff(want, inner.scored, same) + cmp.Diff(want, inner.learnt, same); d != "" || ev[0] != tidewatch.NoEvent {
		t.Errorf("%s, events %v", d, ev)
	}
	broken := joined(models.Spec{New: func(models.Config) (models.Model, error) { return nil, errors.New("no") }}, 2)
	if _, err := broken.New(models.Config{}); err == nil {
		t.Error("the baseline's error is lost")
	}
}
