package null

import "math"

// Sizes of the families that have some, in standard deviations of their noise or as named. They are plain round figures, not fitted
// to any data.
const (
	burstsADay  = 1.5
	burstPoints = 5.0 // mean length, geometric
	burstHeight = 8.0 // mean, exponential
	shiftsADay  = 2.0 // changes of regime
	ticksADay   = 1.0
	sparseMean  = 0.2
)

// regimeLevels are where a series of regimes lies in turn, in standard deviations.
var regimeLevels = [...]float64{0, 6, 15}

// Families are all there are, in the order of the tables.
func Families() []Family {
	return []Family{
		{"white", "independent normal noise", white},
		{"ar", "autoregressive of order one, coefficient 0.8", ar},
		{"seasonal", "a daily and weekly rhythm whose noise, autoregressive with coefficient 0.5, is larger by day", seasonal},
		{"heavy", "independent noise of Student's t with 3 degrees of freedom", heavy},
		{"counts", "Poisson counts, mean 1 to 11 over the day", counts},
		{"sparse", "Poisson counts of mean 0.2: mostly zero", sparse},
		{"bursts", "noise with a burst every 16 hours on average, of 5 points and 8 standard deviations on average", bursts},
		{"regimes", "noise on one of three levels, 6 to 15 standard deviations apart, that changes every 12 hours on average", regimes},
		{"lognormal", "a multiplicative daily rhythm and noise, autoregressive with coefficient 0.5", lognormal},
		{"ticks", "a constant but for single points, one a day on average, that are one higher", ticks},
	}
}

func white(r rng, g grid) []float64 {
	return g.each(func(i int) float64 { return 50 + float64(3*r.normal(i)) })
}

func ar(r rng, g grid) []float64 {
	noise := memory(r, 0.8)
	return g.each(func(i int) float64 { return 20 + noise(i) })
}

func seasonal(r rng, g grid) []float64 {
	own := r.stream(1)
	phase, size, noise := own.uniform(0), 15+float64(25*own.uniform(1)), memory(r, 0.5)
	return g.each(func(i int) float64 {
		load := g.rhythm(i, phase)
		return 100 + float64(size*load) + float64((4+2*load)*noise(i))
	})
}

func heavy(r rng, g grid) []float64 {
	return g.each(func(i int) float64 { return 5 + r.student(i, 3) })
}

func counts(r rng, g grid) []float64 {
	phase := r.stream(1).uniform(0)
	return g.each(func(i int) float64 { return r.poisson(i, 6+float64(4*g.rhythm(i, phase))) })
}

func sparse(r rng, g grid) []float64 {
	return g.each(func(i int) float64 { return r.poisson(i, sparseMean) })
}

func bursts(r rng, g grid) []float64 {
	begins, ends, heights, noise := r.stream(1), r.stream(2), r.stream(3), memory(r, 0.3)
	height := 0.0 // 0 between bursts
	return g.each(func(i int) float64 {
		switch {
		case height == 0 && begins.uniform(i) < g.chance(burstsADay):
			height = burstHeight * heights.exponential(i)
		case height != 0 && ends.uniform(i) < 1/burstPoints:
			height = 0
		}
		return 30 + noise(i) + height
	})
}

func regimes(r rng, g grid) []float64 {
	shifts, levels, noise := r.stream(1), r.stream(2), memory(r, 0.3)
	level := 0
	return g.each(func(i int) float64 {
		if shifts.uniform(i) < g.chance(shiftsADay) { // to one of the others
			level = (level + 1 + int(float64(len(regimeLevels)-1)*levels.uniform(i))) % len(regimeLevels)
		}
		return 40 + regimeLevels[level] + noise(i)
	})
}

func lognormal(r rng, g grid) []float64 {
	phase, noise := r.stream(1).uniform(0), memory(r, 0.5)
	return g.each(func(i int) float64 {
		return 10 * math.Exp(float64(0.4*noise(i))+float64(0.5*g.rhythm(i, phase)))
	})
}

func ticks(r rng, g grid) []float64 {
	return g.each(func(i int) float64 {
		if r.uniform(i) < g.chance(ticksADay) {
			return 101
		}
		return 100
	})
}
