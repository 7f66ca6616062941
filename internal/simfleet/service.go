package simfleet

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
)

// serviceSpec is one HTTP service. Rates are per second over all its pods, times in seconds. The medians are such that the
// 99th percentile, five times as long, does not lie just above a bucket's edge, where noise would move the estimate most.
type serviceSpec struct {
	name    string
	kind    kind
	rate    float64 // mean requests
	errors  float64 // share of 5xx
	latency float64 // median
	rss     float64 // resident memory of a pod, bytes
}

const mib = 1 << 20

var serviceSpecs = []serviceSpec{
	{"checkout", consumer, 120, 0.004, 0.080, 310 * mib},
	{"payments", consumer, 55, 0.003, 0.150, 260 * mib},
	{"search", consumer, 300, 0.0012, 0.034, 900 * mib},
	{"catalog", consumer, 420, 0.0010, 0.026, 520 * mib},
	{"auth", office, 90, 0.002, 0.025, 180 * mib},
	{"invoices", office, 60, 0.006, 0.310, 240 * mib},
	{"reports", office, 30, 0.010, 0.400, 640 * mib},
	{"notifications", machine, 35, 0.004, 0.145, 150 * mib},
}

const (
	podsPerService = 2
	latencySpread  = 0.70 // σ of the logarithm of a request's duration
	notFoundShare  = 0.02
)

// buckets are the upper bounds of the duration histogram, seconds; +Inf follows.
var buckets = [...]float64{0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5}

type service struct {
	spec    serviceSpec
	rng     *rand.Rand
	demand  *ar
	failing *ar
	slow    *ar
	memory  *ar
	pods    []*pod
	born    int // pods so far
	patch   int // of the version 1.8.x
	shift   float64
	bulk    float64 // like shift, of the memory
	rollout rollout
}

func newService(f *Fleet, spec serviceSpec) *service {
	s := &service{
		spec: spec, rng: f.rng("service", spec.name), shift: 1, bulk: 1,
		demand:  f.newAR(0.045, 600, spec.name, "demand"),
		failing: f.newAR(0.22, 900, spec.name, "errors"),
		slow:    f.newAR(0.05, 600, spec.name, "latency"),
		memory:  f.newAR(0.025, 3600, spec.name, "memory"),
	}
	for range podsPerService {
		s.pods = append(s.pods, s.newPod(f, f.Start()))
		s.pods[len(s.pods)-1].ready = true
	}
	return s
}

// pod is one instance of a service with its counters.
type pod struct {
	*target
	ready   bool // in service discovery of the load balancer
	serving bool // gets traffic in this round
	born    int64
	codes   map[string]*cell
	buckets [len(buckets) + 1]*cell
	sum     *cell
	rss     *cell
}

var statusCodes = []string{"200", "404", "500", "503"}

func (s *service) newPod(f *Fleet, t int64) *pod {
	s.born++
	id := s.rng.Uint32()
	name := fmt.Sprintf("%s-%06x-%05x", s.spec.name, s.patch*7919+len(s.spec.name), id>>12)
	p := &pod{
		target: f.newTarget("job", s.spec.name, "instance", fmt.Sprintf("10.8.%d.%d:8080", id>>8&15, id&255), "pod", name),
		born:   t, codes: map[string]*cell{},
	}
	for _, code := range statusCodes {
		p.codes[code] = p.add("http_requests_total", "code", code)
	}
	for i := range p.buckets {
		le := "+Inf"
		if i < len(buckets) {
			le = strconv.FormatFloat(buckets[i], 'g', -1, 64)
		}
		p.buckets[i] = p.add("http_request_duration_seconds_bucket", "le", le)
	}
	p.sum = p.add("http_request_duration_seconds_sum")
	p.rss = p.add("process_resident_memory_bytes")
	p.add("build_info", "version", s.version()).v = 1
	return p
}

func (s *service) version() string { return "1.8." + strconv.Itoa(s.patch) }

// restart loses the counters and one scrape, and keeps the pod's name: a container restart.
func (p *pod) restart(t int64) {
	for _, c := range p.codes {
		c.v = 0
	}
	for _, c := range p.buckets {
		c.v = 0
	}
	p.sum.v = 0
	p.born = t
	p.fail(1)
}

// meanBetweenRestarts of a pod, in seconds.
const meanBetweenRestarts = 12 * 86_400

func (s *service) advance(f *Fleet, k tick) {
	s.roll(f, k)
	if f.ended("rss/"+s.spec.name, k.t) { // the leak ends in the kernel's out-of-memory killer
		for _, p := range s.pods {
			p.restart(k.t)
		}
	}
	share := s.share(k)
	load := k.load[s.spec.kind] * math.Exp(s.demand.next(k.dt)) * (1 - f.knob("traffic/"+s.spec.name, k.t))
	bad := s.spec.errors*math.Exp(s.failing.next(k.dt)) + f.knob("errors/"+s.spec.name, k.t)
	median := s.spec.latency * s.shift * (0.9 + 0.1*k.load[s.spec.kind]) * math.Exp(s.slow.next(k.dt)) * (1 + f.knob("latency/"+s.spec.name, k.t))
	swell := 1 + s.memory.next(k.dt) + f.knob("rss/"+s.spec.name, k.t)
	for _, p := range s.pods {
		age := float64(k.t-p.born) / 1000
		warm := 0.8 + 0.2*(1-math.Exp(-age/900))
		p.rss.v = math.Round(s.spec.rss*s.bulk*warm*swell*(0.95+0.05*k.load[s.spec.kind])/4096) * 4096
		if p.serving {
			p.serve(s.rng, s.spec.rate*load*k.dt*share, clamp(bad, 0, 0.9), median)
		}
	}
}

// share is the part of the traffic that each serving pod gets. A pod restarts now and then; the others take over for a
// round.
func (s *service) share(k tick) float64 {
	n := 0
	for _, p := range s.pods {
		if s.rng.Float64() < k.dt/meanBetweenRestarts {
			p.restart(k.t)
		}
		if p.serving = p.ready && p.born != k.t; p.serving {
			n++
		}
	}
	return 1 / float64(max(n, 1))
}

// serve counts the requests of one round.
func (p *pod) serve(rng *rand.Rand, mean, bad, median float64) {
	n := poisson(rng, mean)
	failed := math.Min(n, poisson(rng, n*bad))
	missing := math.Min(n-failed, poisson(rng, n*notFoundShare))
	unavailable := math.Round(failed * 0.4)
	p.codes["200"].v += n - failed - missing
	p.codes["404"].v += missing
	p.codes["500"].v += failed - unavailable
	p.codes["503"].v += unavailable

	left, below, counted := n, 0.0, 0.0
	for i, upper := range buckets {
		cum := 0.5 * math.Erfc(-math.Log(upper/median)/(latencySpread*math.Sqrt2)) // lognormal distribution function
		in := binomial(rng, left, (cum-below)/math.Max(1-below, 1e-12))
		left -= in
		counted += in
		below = cum
		p.buckets[i].v += counted
	}
	p.buckets[len(buckets)].v += n
	p.sum.v += n * median * math.Exp(latencySpread*latencySpread/2)
}
