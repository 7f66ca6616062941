package simfleet

import (
	"math"
	"math/rand/v2"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// rng is an own stream of random numbers for each named part, so that adding a part does not change the others.
func (c *scraper) rng(name ...string) *rand.Rand {
	return rand.New(rand.NewPCG(c.seed, xxhash.Sum64String(strings.Join(name, "\x00"))))
}

// ar is a first-order autoregressive noise of mean 0 with heavy-tailed innovations: one in thirty-three is three times as
// wide, which gives a kurtosis of about 7.
type ar struct {
	rng   *rand.Rand
	sd    float64 // stationary standard deviation
	tau   float64 // correlation time, seconds
	state float64 // in units of sd
}

func (c *scraper) newAR(sd, tau float64, name ...string) *ar {
	a := &ar{rng: c.rng(append([]string{"noise"}, name...)...), sd: sd, tau: tau}
	a.state = a.rng.NormFloat64()
	return a
}

// wide is the variance of the innovations relative to a standard normal.
const wide = 0.97 + 0.03*9

func (a *ar) next(dt float64) float64 {
	phi := math.Exp(-dt / a.tau)
	z := a.rng.NormFloat64()
	if a.rng.Float64() < 0.03 {
		z *= 3
	}
	a.state = phi*a.state + math.Sqrt((1-phi*phi)/wide)*z
	return a.sd * a.state
}

// mean is the mean of the scrapes of the time dt.
func (a *ar) mean(dt float64) float64 {
	sum := 0.0
	for range scrapes {
		sum += a.next(dt / scrapes)
	}
	return sum / scrapes
}

// poisson draws a count of the given mean: Knuth's product below 30, the rounded normal approximation above.
func poisson(rng *rand.Rand, mean float64) float64 {
	if mean <= 0 {
		return 0
	}
	if mean > 30 {
		return math.Max(0, math.Round(mean+math.Sqrt(mean)*rng.NormFloat64()))
	}
	limit, p, n := math.Exp(-mean), rng.Float64(), 0
	for p > limit {
		p *= rng.Float64()
		n++
	}
	return float64(n)
}

// binomial draws how many of n happen that each happen with probability q, with the same approximations.
func binomial(rng *rand.Rand, n, q float64) float64 {
	q = clamp(q, 0, 1)
	switch {
	case n*q <= 30:
		return math.Min(n, poisson(rng, n*q))
	case n*(1-q) <= 30:
		return n - math.Min(n, poisson(rng, n*(1-q)))
	}
	return clamp(math.Round(n*q+math.Sqrt(n*q*(1-q))*rng.NormFloat64()), 0, n)
}

func clamp(x, lo, hi float64) float64 { return math.Min(hi, math.Max(lo, x)) }
