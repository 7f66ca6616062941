package null

import "math"

// rng is a counter-based generator: a number is a function of the key and of its place k, and of nothing else. The mixing is the
// finaliser of SplitMix64 (Steele, Lea & Flood 2014).
type rng uint64

func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// newRNG keys a generator by all its parts, in order.
func newRNG(parts ...uint64) rng {
	k := uint64(0)
	for _, p := range parts {
		k = mix(k ^ mix(p))
	}
	return rng(k)
}

// stream is another generator, which shares no number with this one.
func (r rng) stream(n uint64) rng { return newRNG(uint64(r), n) }

// uniform is in (0, 1).
func (r rng) uniform(k int) float64 {
	return (float64(mix(uint64(r)^mix(uint64(k)))>>11) + 0.5) / (1 << 53)
}

// normal has mean 0 and variance 1 (Box and Muller 1958).
func (r rng) normal(k int) float64 {
	return math.Sqrt(-2*math.Log(r.uniform(2*k))) * math.Cos(2*math.Pi*r.uniform(2*k+1))
}

// exponential has mean 1.
func (r rng) exponential(k int) float64 { return -math.Log(r.uniform(k)) }

// student has Student's t distribution with so many degrees of freedom.
func (r rng) student(k, freedom int) float64 {
	sum := 0.0
	for d := range freedom {
		v := r.stream(uint64(d) + 1).normal(k)
		sum += float64(v * v)
	}
	return r.normal(k) / math.Sqrt(sum/float64(freedom))
}

// poisson is drawn by inversion; the mean is below 50.
func (r rng) poisson(k int, mean float64) float64 {
	p := math.Exp(-mean)
	u, sum, n := r.uniform(k), p, 0.0
	for u > sum && n < 200 {
		n++
		p *= mean / n
		sum += p
	}
	return n
}
