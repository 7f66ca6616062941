package models

// mix is the finaliser of SplitMix64 (Steele, Lea & Flood 2014): a counter in, 64 well-mixed bits out.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// counter is a random source that is a function of its key and of how often it was asked, and of nothing else.
type counter struct{ key, n uint64 }

func newCounter(seed uint64, parts ...uint64) counter {
	k := mix(seed)
	for _, p := range parts {
		k = mix(k ^ mix(p))
	}
	return counter{key: k}
}

func (c *counter) next() uint64 {
	c.n++
	return mix(c.key ^ mix(c.n))
}

// below is uniform in [0, n); the bias of the remainder is below n/2^64.
func (c *counter) below(n int) int { return int(c.next() % uint64(n)) }

// unit is uniform in [0, 1).
func (c *counter) unit() float64 { return float64(c.next()>>11) / (1 << 53) }
