package models

import "fmt"

// tails are the calibrations of a row's statistics. Most values are small, so that most bins are never hit: of each tail only those up to
// the last that ever was are kept, all in one place.
type tails struct {
	each   [numTails]tail
	forest uint32 // the version of the forest that the isolation tail was learnt under
	bins   []float32
}

// init makes all tails empty.
func (t *tails) init() { *t = tails{each: empty} }

// empty are tails that have counted nothing, fitted to their priors.
var empty = func() (each [numTails]tail) {
	for k := range each {
		calibration{&each[k], nil, priors[k]}.fit()
	}
	return each
}()

// at is tail k.
func (t *tails) at(k int) calibration {
	a := &t.each[k]
	return calibration{a, t.bins[a.from : a.from+a.held], priors[k]}
}

// learn counts s once in tail k.
func (t *tails) learn(k int, s float64) { t.learnShare(k, s, 1) }

// learnShare counts one value in tail k, of which s is so large a share and the rest is 0.
func (t *tails) learnShare(k int, s float64, share float32) {
	a := &t.each[k]
	if s < tailEdges[1] && a.held > 0 { // as most are
		t.bins[a.from]++
		return
	}
	if bin := binOf(s); bin >= int(a.held) {
		t.hold(k, bin+1)
	}
	t.at(k).learnShare(s, share)
}

// usual reports that the surprise of s in tail k was small when the tail was fitted.
func (t *tails) usual(k int, s float64) bool { return s <= tailEdges[t.each[k].calm] }

// add counts in tail k what was counted elsewhere.
func (t *tails) add(k int, counts *[tailBins]uint16) {
	last := tailBins - 1
	for last >= 0 && counts[last] == 0 {
		last--
	}
	if last >= int(t.each[k].held) {
		t.hold(k, last+1)
	}
	t.at(k).add(counts)
}

// hold makes room for n bins of tail k.
func (t *tails) hold(k, n int) {
	a := &t.each[k]
	more := n - int(a.held)
	bins := make([]float32, 0, len(t.bins)+more) // exactly: a row grows a few times in its life, and keeps what it has got
	end := int(a.from) + int(a.held)
	bins = append(append(bins, t.bins[:end]...), make([]float32, more)...)
	t.bins = append(bins, t.bins[end:]...)
	a.held = uint8(n)
	for i := range t.each[k+1:] {
		t.each[k+1+i].from += uint8(more)
	}
}

// fade lets new points outweigh what the tails have counted, of which the share kept survives.
func (t *tails) fade(kept float32) {
	for k := range t.each {
		t.fadeOne(k, kept)
	}
}

func (t *tails) fadeOne(k int, kept float32) {
	if a := t.at(k); a.total() > 0 {
		a.forget(kept)
		a.fit()
	}
}

func (t *tails) visit(c *codec) {
	total := 0
	for k := range t.each {
		a := &t.each[k]
		c.u8(&a.held)
		c.within("number of bins", float64(a.held), 0, tailBins)
		if c.err != nil {
			return
		}
		a.from = uint8(total)
		total += int(a.held)
	}
	if c.reading {
		t.bins = make([]float32, total)
	}
	for k := range t.each {
		t.at(k).visit(c)
	}
}

// visit encodes all but how many bins are held.
func (a calibration) visit(c *codec) {
	c.f32s(a.bins)
	if c.hits {
		a.sum(c)
	}
	if c.reading {
		a.check(c)
	}
	c.f32(&a.sigma)
	c.f32(&a.shape)
	c.u8(&a.cut)
	if c.hits {
		t := a.tail
		t.calm = a.usual()
	} else {
		c.u8(&a.calm)
	}
	c.within("usual bin", float64(a.calm), 0, tailBins-1)
	c.within("tail scale", float64(a.sigma), 1e-9, 1e9)
	c.within("tail shape", float64(a.shape), minShape, maxShape)
	c.within("tail cut", float64(a.cut), 1, tailBins-1)
}

// check fails where what was read cannot be counts.
func (a calibration) check(c *codec) {
	for i, n := range a.bins {
		c.within("count", float64(n), 0, 1e9)
		if i > 0 && n > a.bins[i-1] {
			c.fail(fmt.Errorf("state's count of a tail grows from %g to %g at bin %d, want one that falls", a.bins[i-1], n, i))
		}
	}
}

// sum makes of a state's hits the counts at or above each bin, and passes over their total, which stood behind them.
func (a calibration) sum(c *codec) {
	for k := len(a.bins) - 2; k >= 0; k-- {
		a.bins[k] += a.bins[k+1]
	}
	var total float32
	c.f32(&total)
}

// lone is a tail that holds all of its bins.
type lone struct {
	tail
	bins [tailBins]float32
}

// with is the tail, calibrated from a prior.
func (l *lone) with(p *prior) calibration { return calibration{&l.tail, l.bins[:], p} }

// newLone is an empty tail, fitted to its prior.
func newLone(p *prior) (l lone) {
	l.with(p).fit()
	return l
}

// renew makes room for what is to be learnt of another expectation. Least of all does what many points showed hold of it.
func (t *tails) renew() {
	t.fade(0.3)
	for _, k := range slowTails {
		t.fadeOne(k, 0.17)
	}
	t.fadeOne(tailAll, 0.17)
}
