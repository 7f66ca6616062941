package simfleet

import (
	"fmt"
	"math"
)

// replica is one pod of an app.
type replica struct {
	*target
	vm    *vm
	born  int64 // 0: before the start
	share *ar
	slow  *ar
	work  *ar
	heap  *ar
	hitch hitch
	noise struct{ share, slow, work, heap float64 } // factors of this round

	requests, latency, failing, cpu, memory, inFlight float64 // of this round
	shown                                             podCells
}

type podCells struct{ requests, errors, latency, cpu, memory, inFlight *cell }

func (a *app) newReplica(r *Region, v *vm, n int) *replica {
	a.born++
	name := fmt.Sprintf("%s-%d", a.name, n)
	if a.tier != base {
		name = fmt.Sprintf("%s-%s-%s", a.name, hexa(a.rng.Uint32(), 8), hexa(a.rng.Uint32(), 5))
	}
	p := &replica{
		target: r.newTarget("job", a.name, "pod", name, "namespace", a.namespace, "node", v.name, "zone", v.zone), vm: v,
		share: r.newAR(0.02, 1200, name, "share"),
		slow:  r.newAR(0.04, 900, name, "latency"),
		work:  r.newAR(0.03, 900, name, "cpu"),
		heap:  r.newAR(0.02, 3600, name, "memory"),
		hitch: hitch{rng: r.rng(name, "hitch")},
	}
	v.pods = append(v.pods, p)
	p.shown = podCells{
		requests: p.add("pod:http_requests:rate5m"),
		errors:   p.add("pod:http_request_errors:ratio5m"),
		latency:  p.add("pod:http_request_duration_seconds:p99_5m"),
		cpu:      p.add("pod:container_cpu_usage_seconds:rate5m"),
		memory:   p.add("pod:container_memory_working_set_bytes:avg5m"),
		inFlight: p.add("pod:http_requests_in_flight:avg5m"),
	}
	return p
}

// hexa writes n letters of those that Kubernetes draws names from.
func hexa(x uint32, n int) string {
	const letters = "bcdfghjklmnpqrstvwxz2456789"
	out := make([]byte, n)
	for i := range out {
		out[i] = letters[x%uint32(len(letters))]
		x = x*1664525 + 1013904223
		x ^= x >> 13
	}
	return string(out)
}

func (p *replica) breathe(k tick) {
	p.noise.share = math.Exp(p.share.mean(k.dt))
	p.noise.slow = math.Exp(p.slow.mean(k.dt)) * p.hitch.next(k)
	p.noise.work = math.Exp(p.work.mean(k.dt))
	p.noise.heap = math.Exp(p.heap.mean(k.dt))
}

// show turns the round's truth into what was counted: requests come and fail by chance, and a percentile is estimated.
func (p *replica) show(a *app, k tick) {
	c, rng := p.shown, p.rng
	n := poisson(rng, p.requests*k.dt)
	c.requests.v = n / k.dt
	c.errors.v = binomial(rng, n, p.failing) / math.Max(n, 1)
	c.latency.v = p.latency * math.Exp(rng.NormFloat64()/math.Sqrt(math.Max(n, 25)*0.05))
	c.cpu.v = p.cpu
	warm := 1.0
	if p.born != 0 {
		warm = 0.8 + 0.2*(1-math.Exp(-float64(k.t-p.born)/900_000))
	}
	c.memory.v = page(p.memory * warm * a.bulk)
	c.inFlight.v = p.inFlight * math.Exp(0.05*rng.NormFloat64())
}
