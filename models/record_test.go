package models

import (
	"math"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch"
)

// TestRecordSpeaksOfItsPoints: of noise whose tail is exponential, the record is exceeded about as often as it says.
func TestRecordSpeaksOfItsPoints(t *testing.T) {
	s := settingsOf(t)
	r, record, beyond, all := newCounter(1), float32(1), 0.0, 0.0
	for i := range 400_000 {
		z := -math.Log(1 - r.unit())
		if i > 50_000 {
			all++
			if s.record.of(z/float64(record), s.record.worth(int32(i))) >= s.record.decades {
				beyond++
			}
		}
		s.record.take(&record, z, false)
	}
	if claimed := power10(-s.record.decades); beyond/all > 1.5*claimed || beyond/all < claimed/1.5 {
		t.Errorf("exceeded by %.2g of the points, it says %.2g", beyond/all, claimed)
	}
}

// TestRecordIsNotSetByAnIncident: a hundred times the largest point there was raises the record by a fifth.
func TestRecordIsNotSetByAnIncident(t *testing.T) {
	s := settingsOf(t)
	w := &row{}
	w.learnt, w.noise.record, w.leap = int32(s.dayPoints), 10, 10
	w.remember(s, &judgement{r: 1000, unit: 1, expectation: expectation{residual: 1}})
	if math.Abs(float64(w.noise.record)-12) > 1e-5 {
		t.Errorf("record is %g, want 12", w.noise.record)
	}
}

func TestSupported(t *testing.T) {
	for _, c := range []struct{ surprise, record, want float64 }{
		{3, -1, 3}, // there is no record
		{0, 2, 0},  // what the channels are not surprised at
		{4, 4, 4},  // they agree
		{4, 6, 5},  // the mean
		{4, 3, 3.5},
		{4, 0, 4 * unsupported}, // most of what many points made
	} {
		if got := supported(c.surprise, c.record); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("surprise %g, record %g: %g, want %g", c.surprise, c.record, got, c.want)
		}
		if c.surprise > 0 && math.Abs(wants(c.want, c.record)-c.surprise) > 1e-12 {
			t.Errorf("%g at a record of %g wants %g, not %g", c.want, c.record, wants(c.want, c.record), c.surprise)
		}
	}
}

// TestCrossing finds where a function rises through zero, also where it jumps.
func TestCrossing(t *testing.T) {
	jump := func(z float64) float64 {
		if z < 2.5 {
			return z - 5
		}
		return z
	}
	for _, c := range []struct {
		f    func(float64) float64
		want float64
	}{
		{func(z float64) float64 { return z*z*z - 8 }, 2},
		{func(z float64) float64 { return math.Log1p(z) - 1 }, math.E - 1},
		{jump, 2.5},
	} {
		if got := crossing(c.f, 0, c.f(0), 10, c.f(10)); math.Abs(got-c.want) > 1e-4 {
			t.Errorf("crossing at %g, want %g", got, c.want)
		}
	}
}

// TestStateWithoutARecord restores a state of the format before, whose record the tails tell.
func TestStateWithoutARecord(t *testing.T) {
	c := Config{Kind: "combined", Rows: 1, Step: 5 * time.Minute}
	m, err := newRows(c, seasonalChannels)
	if err != nil {
		t.Fatal(err)
	}
	r, ev := newCounter(1), make([]tidewatch.Event, 1)
	for i := range 4000 {
		m.Advance(int64(i)*m.settings.step, []float64{100 - math.Log(r.unit()/r.unit())}, make([]tidewatch.Verdict, 1), ev)
	}
	old := m.AppendState(nil)
	end := len(old) // there are no jobs, the forest's version, and both records
	old = append(old[:end-17], old[end-16:end-8]...)
	old[1] = withoutFormat
	again, err := newRows(c, seasonalChannels)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.LoadState(old); err != nil {
		t.Fatal(err)
	}
	if got, was := float64(again.one[0].noise.record), float64(m.one[0].noise.record); got < was/1.5 || got > was*1.5 {
		t.Errorf("record is %g, was %g", got, was)
	}
}

func settingsOf(t *testing.T) *settings {
	t.Helper()
	s, err := rowSettings(Config{Kind: "combined", Rows: 1, Step: 5 * time.Minute}, seasonalChannels)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
