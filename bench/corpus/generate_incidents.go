package corpus

import "math"

// incident is what is done to some channels in [from, to); size is in mean steps from point to point.
type incident struct {
	kind     func(x []float64, from, to int, size float64)
	from, to int
	size     float64
	channels []int
}

// incidentKinds with how many points they last and how large they are. All were chosen before a detector had seen them.
var incidentKinds = []struct {
	kind             func(x []float64, from, to int, size float64)
	shortest, longer int
	size             float64
}{
	{func(x []float64, from, to int, size float64) { add(x, from, to, func(int) float64 { return size }) }, 3, 4, 15},   // spike
	{func(x []float64, from, to int, size float64) { add(x, from, to, func(int) float64 { return -size }) }, 12, 24, 8}, // dip
	{func(x []float64, from, to int, size float64) { add(x, from, to, func(int) float64 { return size }) }, 24, 48, 6},  // level shift
	{func(x []float64, from, to int, size float64) {
		add(x, from, to, func(i int) float64 { return size * float64(i) / float64(to-from) })
	}, 48, 24, 12}, // ramp
	{func(x []float64, from, to int, size float64) { // noise
		add(x, from, to, func(i int) float64 { return size * math.Sin(2.4*float64(i*i)) })
	}, 24, 24, 8},
	{func(x []float64, from, to int, _ float64) { // stuck
		for i := from; i < to; i++ {
			x[i] = x[from-1]
		}
	}, 36, 36, 0},
}

// add adds f of the place in the incident.
func add(x []float64, from, to int, f func(i int) float64) {
	for i := from; i < to; i++ {
		x[i] += f(i - from)
	}
}

// incidents spreads genEvents over the test part, each somewhere in a stretch of its own, on one to three of the channels.
func incidents(r rng, channels int) []incident {
	r.stream += 1 << 32
	const stretch = (genPoints - genTrain) / genEvents
	out := make([]incident, genEvents)
	for k := range out {
		draw := func(what uint64, n int) int { return r.intn(8*uint64(k)+what, n) }
		kind := incidentKinds[draw(0, len(incidentKinds))]
		length := kind.shortest + draw(1, kind.longer)
		from := genTrain + k*stretch + draw(2, stretch-length-genDay/4)
		out[k] = incident{kind: kind.kind, from: from, to: from + length, size: kind.size}
		first, n := draw(3, channels), 1+draw(4, min(channels, 3))
		for c := range n {
			out[k].channels = append(out[k].channels, (first+c)%channels)
		}
	}
	return out
}
