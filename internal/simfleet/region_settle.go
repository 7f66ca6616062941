package simfleet

import "math/rand/v2"

// hitch is what happens to one pod alone now and then: a long pause of the collector, a hot key. Nobody injects it and no incident
// explains it.
type hitch struct {
	rng  *rand.Rand
	left int // rounds
	size float64
}

// meanBetweenHitches of a pod, in seconds.
const meanBetweenHitches = 20 * 86_400

// next is the factor on the pod's own time in this round.
func (h *hitch) next(k tick) float64 {
	if h.rng.Float64() < k.dt/meanBetweenHitches {
		h.left, h.size = 1+h.rng.IntN(3), 1.2+0.3*h.rng.ExpFloat64()
	}
	if h.left == 0 {
		return 1
	}
	h.left--
	return h.size
}

// settle computes the round that ends at t from its noise and from what strikes: demand from the callers down, waiting and errors
// from the called up.
func (r *Region) settle(load [kinds]float64) {
	for _, a := range r.apps {
		x := r.onApp(a)
		a.demand = load[a.kind]
		if len(a.callers) > 0 {
			a.demand = 0
			for _, c := range a.callers {
				a.demand += c.demand / float64(len(a.callers))
			}
		}
		a.demand *= a.noise.demand * (1 - x.drop) * (1 + x.surge)
	}
	for _, v := range r.vms {
		v.cpu = 0.08 + v.noise.busy + r.onVM(v).cpu
	}
	for i := len(r.apps) - 1; i >= 0; i-- {
		r.apps[i].settle(r)
	}
	for _, v := range r.vms {
		v.carry(r)
	}
}

func (a *app) settle(r *Region) {
	wait, broken := 0.0, 0.0
	for _, c := range a.calls {
		wait += waitShare * c.latency
		broken += failShare * c.failing
	}
	n := float64(len(a.pods))
	own := a.own * a.shift * (0.9 + 0.1*a.demand) * a.noise.slow
	a.latency, a.failing = 0, 0
	for _, p := range a.pods {
		x := r.onPod(a, p)
		p.requests = a.rate / n * a.demand * p.noise.share
		p.latency = own*p.noise.slow*p.vm.noise.slow*(1+x.slow) + wait
		p.failing = clamp(a.errors*a.noise.fail+broken+x.errors+a.timeouts(p.latency), 0, 0.95)
		p.cpu = (0.04 + a.cpu*p.requests*n/a.rate*(1+x.cpu)) * p.noise.work
		p.memory = a.memory * (0.95 + 0.05*a.demand) * p.noise.heap * (1 + x.leak)
		p.inFlight = p.requests * p.latency * 0.5
		p.vm.cpu += p.cpu / vmCores
		a.latency += p.latency / n
		a.failing += p.failing / n
	}
}

// timeouts is the share of requests that fail for want of time: some as soon as the percentile is four times the usual.
func (a *app) timeouts(latency float64) float64 {
	if a.usual == 0 {
		return 0
	}
	return clamp(0.03*(latency/a.usual-4), 0, 0.3)
}

// calm takes all noise out of the round and gives the load of an average hour.
func (r *Region) calm() (load [kinds]float64) {
	for _, a := range r.apps {
		a.noise.demand, a.noise.fail, a.noise.slow = 1, 1, 1
		for _, p := range a.pods {
			p.noise.share, p.noise.slow, p.noise.work, p.noise.heap = 1, 1, 1, 1
		}
	}
	for _, v := range r.vms {
		v.noise.busy, v.noise.slow, v.noise.used, v.noise.io, v.noise.net, v.noise.fill = 0, 1, 0, 1, 1, 0
	}
	for i := range load {
		load[i] = 1
	}
	return load
}
