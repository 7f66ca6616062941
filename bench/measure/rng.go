package measure

// counter is a random source that is a function of its seed and of how often it was asked, and of nothing else: the finaliser of SplitMix64
// (Steele, Lea & Flood 2014) of a count.
type counter struct{ key, n uint64 }

func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// below is uniform in [0, n); the bias of the remainder is below n/2^64.
func (c *counter) below(n int) int {
	c.n++
	return int(mix(c.key^mix(c.n)) % uint64(n))
}

// shuffle brings the values into an order of which each is equally likely.
func (c *counter) shuffle(v []int) {
	for i := len(v) - 1; i > 0; i-- {
		k := c.below(i + 1)
		v[i], v[k] = v[k], v[i]
	}
}
