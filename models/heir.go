package models

import "fmt"

// Heir is a Model that does not have to begin with nothing: a series that replaces another, as a pod does in a roll-out, goes on from
// what was learnt of the one before, and one that replaces none borrows its relatives' calibration.
type Heir interface {
	Model
	// Inherit takes over what from, of the same kind and Config and with as many rows, has learnt; what belongs to its last minutes (lags,
	// running sums, an incident) is left behind. The model is young: its noise counts as larger, by widenYoung times itself and by unsure, in
	// the metric's unit, and both fade with the points of the first rung of the ladder. Its level follows what it sees sooner than usual.
	Inherit(from Model, unsure float64) error
	// Borrow gives a model that has learnt nothing the tails of relatives of its kind, as if it had itself seen few of their points.
	Borrow(from []Model)
}

const (
	widenYoung = 1.0   // the share of the noise that is added to that of a young series: at first its band is twice as wide
	borrowed   = 500.0 // points that borrowed tails are worth
)

// Inherit implements Heir.
func (m *rows) Inherit(from Model, unsure float64) error {
	for i := range m.all() {
		m.all()[i].release()
		m.all()[i].init()
	}
	if err := m.LoadState(from.AppendState(nil)); err != nil {
		return fmt.Errorf("inherit: %w", err)
	}
	for i := range m.all() {
		m.all()[i].begin(m.settings, unsure)
	}
	return nil
}

// begin makes the row that of another series, which has just begun.
func (w *row) begin(s *settings, unsure float64) {
	w.course.begin(s, unsure)
	w.evidence.restart()
	w.evidence.run, w.evidence.gap, w.evidence.lastSeason = 0, 0, 0
	if w.seldom != nil {
		w.seldom.episode = nil
	}
	if w.library() != nil {
		w.library().miss()
	}
}

// begin is begin of the course alone.
func (w *course) begin(s *settings, unsure float64) {
	k := w.rarely()
	k.young, k.unsure = int32(s.levelPoints), float32(min(unsure, hugeValue))
	w.short.since, w.trend = 0, 0
	w.short.lags = [arOrder]float32{}
	w.age = min(w.age, int32(s.levelPoints))
}

// widen makes the noise of a young series larger.
func (w *course) widen(s *settings, x *expectation) {
	left, unsure := float64(w.seldom.young)/float64(s.levelPoints), float64(w.seldom.unsure)
	x.dev += float64(left * (float64(widenYoung*x.dev) + unsure))
	x.residual += float64(left * (float64(widenYoung*x.residual) + unsure))
}

// youngRate is the least learning rate of a young series' level: that of a mean over its own points and half as many as youth lasts for.
func (w *course) youngRate(s *settings) float64 {
	if w.seldom == nil || w.seldom.young == 0 {
		return 0
	}
	own := float64(s.levelPoints) - float64(w.seldom.young)
	return 1 / (own + float64(s.levelPoints)/2)
}

// visitYouth encodes the youth of a series, which most have behind them.
func (w *course) visitYouth(c *codec, s *settings) {
	young := w.seldom != nil && w.seldom.young > 0
	if c.bool(&young); !young {
		return
	}
	k := w.rarely()
	c.i32(&k.young)
	c.within("youth", float64(k.young), 1, float64(s.levelPoints))
	c.f32(&k.unsure)
	c.within("doubt", float64(k.unsure), 0, hugeValue)
}

// grow counts a point that a young series has learnt.
func (w *course) grow() {
	if k := w.seldom; k != nil && k.young > 0 {
		if k.young--; k.young == 0 {
			k.unsure = 0
		}
	}
}

// lender is a Model whose tails can be borrowed.
type lender interface {
	// lend adds what the tails have counted at or above each bin.
	lend(sum *[numTails][tailBins]float64)
}

func (m *rows) lend(sum *[numTails][tailBins]float64) {
	for i := range m.all() {
		for k := range sum {
			for b, n := range m.all()[i].tails.at(k).bins {
				sum[k][b] += float64(n)
			}
		}
	}
}

// Borrow implements Heir.
func (m *rows) Borrow(from []Model) {
	var sum [numTails][tailBins]float64
	for _, f := range from {
		if l, ok := f.(lender); ok {
			l.lend(&sum)
		}
	}
	for i := range m.all() {
		for k := range sum {
			m.all()[i].tails.borrow(k, &sum[k])
		}
	}
}

// borrow makes the counts of the empty tail k, at or above each bin, those of others, worth no more than borrowed.
func (t *tails) borrow(k int, counts *[tailBins]float64) {
	held := 0
	for held < tailBins && counts[held] > 0 {
		held++
	}
	if held == 0 {
		return
	}
	t.hold(k, held)
	a, share := t.at(k), min(borrowed/counts[0], 1)
	for b := range a.bins {
		a.bins[b] = float32(share * counts[b])
	}
	a.fit()
}
