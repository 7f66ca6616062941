package models

import "math"

// Constants of the slow channels.
const (
	cusumSlack = 0.5 // in mean deviations: smaller shifts are not summed up
	cusumCap   = 30  // in mean CUSUMs: no shift is remembered beyond, so that its end is seen
	devClip    = 6   // one point counts for at most so many mean deviations
	flatFree   = 2   // equal values in a row that mean nothing
	flatCap    = 30  // a line that is flat for longer is no more surprising
	maxRun     = 4096
)

// meanRates are the weights of a new point in the sustained means over about 4, 16 and 64 points (EWMA chart, Roberts 1959).
var meanRates = [3]float64{2.0 / 5, 2.0 / 17, 2.0 / 65}

// evidence holds what the slow channels have gathered. It moves with every point; its sizes learn from calm points only.
type evidence struct {
	mean     [3]float64           // EWMAs of e over the mean |e|
	size     [3]float64           // mean |mean|
	last     [lasting - 1]float64 // e over the mean |e| of the points before, newest first, not clipped
	lasts    float64              // what the newest points have all been away from the expectation: the least e of them, or 0
	lastSize float64              // mean |lasts|
	up, down float64              // two-sided CUSUM of e over the mean |e| (Page 1954)
	cusum    float64              // mean of the larger one
	spread   float64              // mean |z| over about 16 points
	unrest   float64              // mean |log spread|
	energy   float64              // mean |z| over about 4 points
	// co-movement of the series and its profile over about 32 points
	xy, xx, yy float64
	lastSeason float64
	lastDev    float64 // e over the mean |e| of the point before
	run        int32   // equal values in a row
	gap        int32   // missing values in a row
	quiet      int32   // calm-looking points in a row during an episode
}

func (v *evidence) init() {
	*v = evidence{lastSize: 0.3, size: [3]float64{0.6, 0.4, 0.25}, cusum: 1, spread: 1, unrest: 0.2, energy: 1}
}

// moved is the evidence with one more point: u is e over the mean |e|, z is |r| over its usual size, dx and dy the steps of
// the series and its profile.
func (v *evidence) moved(u, z float64, same bool, season, dx float64) evidence {
	n := *v
	n.lasts = least(u, v.last[:])
	copy(n.last[1:], v.last[:])
	n.last[0] = min(max(u, -1e6), 1e6)
	u = min(max(u, -devClip), devClip)
	for i, rate := range meanRates {
		n.mean[i] += rate * (u - n.mean[i])
	}
	limit := cusumCap * max(v.cusum, 0.1)
	n.up = min(max(0, n.up+u-cusumSlack), limit)
	n.down = min(max(0, n.down-u-cusumSlack), limit)
	z = min(z, 5)
	n.spread += (z - n.spread) / 16
	n.energy += (z - n.energy) / 4
	n.run++
	if !same {
		n.run = 0
	}
	n.run = min(n.run, maxRun)
	dy := season - v.lastSeason
	n.xy += (float64(dx*dy) - n.xy) / 32
	n.xx += (float64(dx*dx) - n.xx) / 32
	n.yy += (float64(dy*dy) - n.yy) / 32
	n.lastSeason, n.lastDev, n.gap = season, u, 0
	return n
}

// lasting is how many points in a row a deviation lasts to count as one.
const lasting = 4

// least is the smallest of u and all before it in absolute value, with its sign; 0 where they are not all on one side. Unlike a
// mean it is not moved by a single point, and it does not have to be clipped.
func least(u float64, before []float64) float64 {
	s, m := sign(u), math.Abs(u)
	for _, b := range before {
		if sign(b) != s {
			return 0
		}
		m = min(m, math.Abs(b))
	}
	return m * float64(s)
}

// sustained is the largest EWMA, or what has lasted, in units of its usual size, and its sign.
func (v *evidence) sustained() (s float64, side int8) {
	s, side = math.Abs(v.lasts)/v.lastSize, sign(v.lasts)
	for i, m := range v.mean {
		if q := math.Abs(m) / v.size[i]; q > s {
			s, side = q, sign(m)
		}
	}
	return s, side
}

// shift is the larger CUSUM in units of its usual size, and its side.
func (v *evidence) shift() (s float64, side int8) {
	if v.up >= v.down {
		return v.up / v.cusum, 1
	}
	return v.down / v.cusum, -1
}

// logSpread says how far the noise is from its usual size: 0 where it has it.
func (v *evidence) logSpread() float64 { return math.Log(max(v.spread, 0.01)) }

// correlation says how the series' steps follow the profile's, in [-1, 1].
func (v *evidence) correlation() float64 {
	if v.xx <= 0 || v.yy <= 0 {
		return 0
	}
	return min(max(v.xy/math.Sqrt(v.xx*v.yy), -1), 1)
}

// learn updates the usual sizes; logSpread is its own.
func (v *evidence) learn(rate, logSpread float64) {
	for i := range v.size {
		v.size[i] += rate * (min(math.Abs(v.mean[i]), 6*v.size[i]) - v.size[i])
		v.size[i] = max(v.size[i], 0.02)
	}
	v.lastSize += rate * (min(math.Abs(v.lasts), 6*v.lastSize) - v.lastSize)
	v.lastSize = max(v.lastSize, 0.05)
	v.cusum += rate * (min(max(v.up, v.down), 6*v.cusum) - v.cusum)
	v.cusum = max(v.cusum, 0.05)
	v.unrest += rate * (min(math.Abs(logSpread), 6*v.unrest) - v.unrest)
	v.unrest = max(v.unrest, 0.02)
}

// settle forgets what an episode has summed up, once its end is seen.
func (v *evidence) settle() {
	for i := range v.mean {
		v.mean[i] = min(max(v.mean[i], -v.size[i]), v.size[i])
	}
	v.up, v.down = min(v.up, v.cusum), min(v.down, v.cusum)
}

// restart forgets all sums: the level has been moved.
func (v *evidence) restart() {
	v.last, v.lasts = [lasting - 1]float64{}, 0
	v.mean, v.up, v.down, v.spread, v.energy, v.lastDev = [3]float64{}, 0, 0, 1, 1, 0
}

func (v *evidence) visit(c *codec) {
	for i := range v.mean {
		c.f64(&v.mean[i], &v.size[i])
		c.within("size of a mean", v.size[i], 0.01, 1e6)
	}
	for i := range v.last {
		c.f64(&v.last[i])
	}
	c.f64(&v.lasts, &v.lastSize)
	c.within("size of what lasts", v.lastSize, 0.01, 1e6)
	c.f64(&v.up, &v.down, &v.cusum, &v.spread, &v.unrest, &v.energy, &v.xy, &v.xx, &v.yy, &v.lastSeason, &v.lastDev)
	c.within("size of the CUSUM", v.cusum, 0.01, 1e6)
	c.within("unrest", v.unrest, 0.01, 1e6)
	c.within("spread", v.spread, 0, 10)
	c.i32(&v.run, &v.gap, &v.quiet)
}

func sign(v float64) int8 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}
