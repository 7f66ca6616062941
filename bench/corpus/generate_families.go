package corpus

import "math"

// rng is a counter-based generator, splitmix64 over (seed, stream, counter): no state, so that no value depends on another.
type rng struct{ seed, stream uint64 }

func (r rng) bits(k uint64) uint64 {
	z := r.seed*0x9e3779b97f4a7c15 + r.stream*0xd1342543de82ef95 + k*0x632be59bd9b4e019 + 1
	for range 2 {
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
	}
	return z
}

// uniform is in (0, 1).
func (r rng) uniform(k uint64) float64 { return (float64(r.bits(k)>>11) + 0.5) / (1 << 53) }

// normal has mean 0 and variance 1 (Box and Muller 1958).
func (r rng) normal(k uint64) float64 {
	return math.Sqrt(-2*math.Log(r.uniform(2*k))) * math.Cos(2*math.Pi*r.uniform(2*k+1))
}

// intn is in [0, n).
func (r rng) intn(k uint64, n int) int { return int(r.uniform(k) * float64(n)) }

// genFamilies are kinds of metrics without incidents.
var genFamilies = []struct {
	name string
	make func(r rng) []float64
}{
	{"seasonal", func(r rng) []float64 {
		ar := 0.0
		return each(func(i int) float64 {
			ar = 0.6*ar + r.normal(uint64(i))
			return 100 + 30*rhythm(i) + 2*ar
		})
	}},
	{"heavy", func(r rng) []float64 { // Student's t with 3 degrees of freedom
		return each(func(i int) float64 {
			k, s := uint64(4*i), 0.0
			for d := range uint64(3) {
				s += r.normal(k+1+d) * r.normal(k+1+d)
			}
			return 50 + r.normal(k)/math.Sqrt(s/3)
		})
	}},
	{"counts", func(r rng) []float64 { // Poisson
		return each(func(i int) float64 { return r.poisson(i, 6+4*rhythm(i)) })
	}},
	{"bursts", func(r rng) []float64 { // log-normal with memory
		ar := 0.0
		return each(func(i int) float64 {
			ar = 0.8*ar + 0.25*r.normal(uint64(i))
			return 20 * math.Exp(ar)
		})
	}},
	{"regimes", func(r rng) []float64 { // two levels that take turns, a deployment a week
		return each(func(i int) float64 { return 10 + 5*float64(i/(6*genDay)%2) + 0.3*r.normal(uint64(i)) })
	}},
	{"cron", func(r rng) []float64 { // a job on the hour, another at six
		return each(func(i int) float64 {
			x := 5 + r.normal(uint64(i))
			if i%12 == 0 {
				x += 20
			}
			if i%genDay == 72 {
				x += 60
			}
			return x
		})
	}},
}

func each(f func(i int) float64) []float64 {
	x := make([]float64, genPoints)
	for i := range x {
		x[i] = f(i)
	}
	return x
}

// rhythm is the load of a day between -1 and 1, weaker at weekends.
func rhythm(i int) float64 {
	v := math.Sin(2*math.Pi*float64(i%genDay)/genDay - math.Pi/2)
	if i/genDay%7 >= 5 {
		v *= 0.6
	}
	return v
}

// poisson draws the i-th number by inversion; the mean is below 50.
func (r rng) poisson(i int, mean float64) float64 {
	p := math.Exp(-mean)
	u, sum, k := r.uniform(uint64(i)), p, 0.0
	for u > sum && k < 200 {
		k++
		p *= mean / k
		sum += p
	}
	return k
}

// hostChannels is the number of channels of a host.
const hostChannels = 6

// host is a machine whose channels follow one load, each with noise of its own.
func host(r rng) []channel {
	names := [hostChannels]string{"cpu", "load", "network", "requests", "disk", "errors"}
	load := 0.0
	loads := each(func(i int) float64 {
		load = 0.9*load + 0.2*r.normal(uint64(i))
		return 1.5 + rhythm(i) + load
	})
	out := make([]channel, hostChannels)
	for c := range out {
		own := rng{r.seed, r.stream + 1000*uint64(c+1)}
		scale, follows := math.Pow(10, float64(c%3)), 1-0.3*float64(c%4)
		out[c] = channel{names[c], each(func(i int) float64 { return scale * (10 + follows*loads[i] + 0.3*own.normal(uint64(i))) })}
	}
	return out
}
