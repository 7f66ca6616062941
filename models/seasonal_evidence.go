package models

import "math"

// Constants of the slow channels.
const (
	cusumSlack = 0.5 // in mean deviations: smaller shifts are not summed up
	cusumCap   = 30  // in mean CUSUMs: no shift is remembered beyond, so that its end is seen
	devClip    = 6   // one point counts for at most so many mean deviations
	flatFree   = 2   // equal values in a row that mean nothing
	flatCap    = 60  // a line that is flat for longer is no more surprising
	maxRun     = 4096
)

// meanRates are the weights of a new point in the sustained means over about 4, 16 and 64 points (EWMA chart, Roberts 1959).
var meanRates = [3]float64{2.0 / 5, 2.0 / 17, 2.0 / 65}

// evidence holds what the slow channels have gathered. It moves with every point; its sizes learn from calm points only. Single precision
// is plenty for what is judged in tenths.
type evidence struct {
	mean     [3]float32           // EWMAs of e over the mean |e|
	size     [3]float32           // mean |mean|
	last     [lasting - 1]float32 // e over the mean |e| of the points before, newest first, not clipped
	lasts    float32              // what the newest points have all been away from the expectation: the least e of them, or 0
	lastSize float32              // mean |lasts|
	up, down float32              // two-sided CUSUM of e over the mean |e| (Page 1954)
	cusum    float32              // mean of the larger one
	spread   float32              // mean |z| over about 16 points
	unrest   float32              // mean |log spread|
	energy   float32              // mean |z| over about 4 points
	// co-movement of the series and its profile over about 32 points
	xy, xx, yy float32
	lastSeason float32
	run        int16 // equal values in a row
	gap        int16 // missing values in a row
}

func (v *evidence) init() {
	*v = evidence{lastSize: 0.3, size: [3]float32{0.6, 0.4, 0.25}, cusum: 1, spread: 1, unrest: 0.2, energy: 1}
}

// move takes one more point: u is e over the mean |e|, z is |r| over its usual size, dx the step of the series.
func (v *evidence) move(u, z float64, same bool, season, dx float64) {
	v.lasts = float32(least(u, v.last[:]))
	copy(v.last[1:], v.last[:])
	v.last[0] = raw(u)
	u = min(max(u, -devClip), devClip)
	season = min(max(season, -1e6), 1e6)
	for i, rate := range meanRates {
		blend(&v.mean[i], u, rate)
	}
	limit := cusumCap * max(v.cusum, 0.1)
	v.up = min(max(0, v.up+float32(u-cusumSlack)), limit)
	v.down = min(max(0, v.down-float32(u+cusumSlack)), limit)
	z = min(z, 5)
	blend(&v.spread, z, 1.0/16)
	blend(&v.energy, z, 1.0/4)
	v.run++
	if !same {
		v.run = 0
	}
	v.run = min(v.run, maxRun)
	dy := season - float64(v.lastSeason)
	blend(&v.xy, float64(dx*dy), 1.0/32)
	blend(&v.xx, float64(dx*dx), 1.0/32)
	blend(&v.yy, float64(dy*dy), 1.0/32)
	v.lastSeason, v.gap = float32(season), 0
}

// lasting is how many points in a row a deviation lasts to count as one.
const lasting = 4

// least is the smallest of u and all before it in absolute value, with its sign; 0 where they are not all on one side. Unlike a
// mean it is not moved by a single point, and it does not have to be clipped.
func least(u float64, before []float32) float64 {
	s, m := sign(u), math.Abs(u)
	for _, b := range before {
		if sign(float64(b)) != s {
			return 0
		}
		m = min(m, math.Abs(float64(b)))
	}
	return m * float64(s)
}

// sustained is the largest EWMA, or what has lasted, in units of its usual size, and its sign.
func (v *evidence) sustained() (s float64, side int8) {
	s, side = math.Abs(float64(v.lasts/v.lastSize)), sign(float64(v.lasts))
	for i := range v.mean {
		if q := v.relative(i); math.Abs(q) > s {
			s, side = math.Abs(q), sign(q)
		}
	}
	return s, side
}

// relative is EWMA i in units of its usual size.
func (v *evidence) relative(i int) float64 { return float64(v.mean[i] / v.size[i]) }

// shift is the larger CUSUM in units of its usual size, and its side.
func (v *evidence) shift() (s float64, side int8) {
	if v.up >= v.down {
		return float64(v.up / v.cusum), 1
	}
	return float64(v.down / v.cusum), -1
}

// logSpread says how far the noise is from its usual size: 0 where it has it.
func (v *evidence) logSpread() float64 { return ln(max(float64(v.spread), 0.01)) }

// correlation says how the series' steps follow the profile's, in [-1, 1].
func (v *evidence) correlation() float64 {
	if v.xx <= 0 || v.yy <= 0 {
		return 0
	}
	return min(max(float64(v.xy)/math.Sqrt(float64(v.xx)*float64(v.yy)), -1), 1)
}

// learn updates the usual sizes; logSpread is its own.
func (v *evidence) learn(rate, logSpread float64) {
	for i := range v.size {
		grow(&v.size[i], float64(v.mean[i]), rate, 0.02)
	}
	grow(&v.lastSize, float64(v.lasts), rate, 0.05)
	grow(&v.cusum, float64(max(v.up, v.down)), rate, 0.05)
	grow(&v.unrest, logSpread, rate, 0.02)
}

// grow moves a usual size, which is at least least, towards |x|, clipped.
func grow(size *float32, x, rate float64, least float32) {
	blend(size, min(math.Abs(x), 6*float64(*size)), rate)
	*size = max(*size, least)
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
	v.last, v.lasts = [lasting - 1]float32{}, 0
	v.mean, v.up, v.down, v.spread, v.energy = [3]float32{}, 0, 0, 1, 1
}

// visit encodes the evidence with quiet, which is an episode's and lies with it.
func (v *evidence) visit(c *codec, quiet *int16) {
	c.f32s(v.mean[:])
	c.f32s(v.size[:])
	c.f32s(v.last[:])
	for _, p := range []*float32{
		&v.lasts, &v.lastSize, &v.up, &v.down, &v.cusum, &v.spread, &v.unrest, &v.energy, &v.xy, &v.xx, &v.yy, &v.lastSeason,
	} {
		c.f32(p)
	}
	if c.hits { // the deviation of the point before, clipped
		var last float32
		c.f32(&last)
	}
	for _, size := range []float32{v.size[0], v.size[1], v.size[2], v.lastSize, v.cusum, v.unrest} {
		c.within("usual size", float64(size), 0.01, 1e6)
	}
	c.within("spread", float64(v.spread), 0, 10)
	c.i16(&v.run, &v.gap, quiet)
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
