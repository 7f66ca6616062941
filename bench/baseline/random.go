package baseline

import "github.com/tidewatch/tidewatch/models"

var randomSpec = univariate("random", "Uniform random scores: what a figure is worth that knows nothing.",
	func(c models.Config, row int) (judge, int) {
		return random{mix(c.Seed) ^ mix(uint64(row))}, warmUp(c)
	})

// random is a function of seed, row and time.
type random struct{ key uint64 }

func (r random) score(t int64, _ float64) float64 { return unit(r.key ^ mix(uint64(t))) }

func (random) learn(int64, float64) {}

// mix is the finaliser of SplitMix64 (Steele, Lea & Flood 2014): a counter in, 64 well-mixed bits out.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// unit is a number in [0, 1) from a counter.
func unit(x uint64) float64 { return float64(mix(x)>>11) / (1 << 53) }

// counter is a source of random numbers that is a function of its key and of how often it was asked.
type counter struct{ key, n uint64 }

// below is uniform in [0, n).
func (c *counter) below(n int) int {
	c.n++
	return int(mix(c.key^mix(c.n)) % uint64(n))
}

// unit is uniform in [0, 1).
func (c *counter) unit() float64 {
	c.n++
	return unit(c.key ^ mix(c.n))
}
