package models

import (
	"math"
	"slices"
)

// noise is the size of what cannot be predicted, as mean absolute values.
type noise struct {
	dev     float64 // mean |e|: deviation from level and season
	long    float64 // mean |r| over the hour's noise: what the short memory leaves, over scaleMemory points
	last    float64 // the last value
	quantum float32 // the smallest step that the metric takes, 0 while unknown
	record  float32 // the largest |r| over the hour's noise, which fades
}

const (
	quantumShare = 0.4    // of a quantum: mean absolute error of guessing a rounded value
	levelShare   = 1e-6   // of the level: below it a change is not worth a message
	tinyNoise    = 1e-12  // where the level is zero as well
	quantumGrows = 1.0005 // a quantum that is never seen again is forgotten
	mostNoise    = 5.0    // times the usual size that one point counts for, in that of all points and of an hour: with two limits the hours' would drift
)

// floor is the least noise that is believed in.
func (o *noise) floor(level float64) float64 {
	return max(quantumShare*float64(o.quantum), levelShare*math.Abs(level), tinyNoise)
}

// deviation is the size of e.
func (o *noise) deviation(level float64) float64 { return max(o.dev, o.floor(level)) }

// residual is the size of r where the hour's relative noise is hour.
func (o *noise) residual(level, hour float64) float64 {
	return max(hour*o.long, o.floor(level))
}

// learn takes the deviation e and the residual r over the hour's noise; both are winsorised.
func (o *noise) learn(s *settings, n int, level, e, r float64) {
	rate := max(1/float64(n), 1/s.scaleMemory)
	floor := o.floor(level)
	o.dev += rate * (min(math.Abs(e), mostNoise*max(o.dev, floor)) - o.dev)
	r = math.Abs(r)
	o.long += rate * (min(r, mostNoise*max(o.long, floor)) - o.long)
}

// step notes the value x and learns how small the metric's steps are.
func (o *noise) step(x float64) {
	d := math.Abs(x - o.last)
	o.last = x
	o.quantum = min(o.quantum*quantumGrows, hugeValue)
	if d > 0 && (o.quantum == 0 || d < float64(o.quantum)) {
		o.quantum = single(d)
	}
}

// init takes robust estimates from the first points, which it reorders, and returns their median.
func (o *noise) init(first []float64) (level float64) {
	*o = noise{last: first[0]}
	moves := make([]float64, 0, len(first))
	for _, x := range first[1:] {
		moves = append(moves, math.Abs(x-o.last))
		o.step(x)
	}
	slices.Sort(first)
	level = first[len(first)/2]
	for i, x := range first {
		first[i] = math.Abs(x - level)
	}
	o.dev = trimmed(first)
	o.long = min(o.dev, trimmed(moves))
	if float64(o.quantum) > max(o.dev, trimmed(moves)) {
		o.quantum = 0 // nothing but absurd values moved
	}
	return level
}

// single is v in single precision, within what a value may be.
func single(v float64) float32 { return float32(min(max(v, -hugeValue), hugeValue)) }

// trimmed is 1.3 times the mean of the smaller 90 %: for a normal sample that is the mean of all.
func trimmed(abs []float64) float64 {
	slices.Sort(abs)
	n := max(1, len(abs)*9/10)
	sum := 0.0
	for _, v := range abs[:n] {
		sum += v
	}
	return 1.3 * sum / float64(n)
}

func (o *noise) visit(c *codec) {
	quantum := float64(o.quantum)
	c.f64(&o.dev, &o.long, &quantum, &o.last)
	o.quantum = single(quantum)
	for _, v := range []float64{o.dev, o.long, quantum} {
		c.within("noise", v, 0, 1e300)
	}
}
