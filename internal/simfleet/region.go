package simfleet

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// RegionStep is the distance of a Region's samples.
const RegionStep = 5 * time.Minute

// scrapes are so many whose mean a sample is.
const scrapes = 5

// Sizes of a Region.
const (
	LeastServices = 8
	MostServices  = 400
	podsPerApp    = 8
	podsPerVM     = 10
)

var zones = []string{"a", "b", "c"}

// RegionOptions describes a Region.
type RegionOptions struct {
	Seed       uint64
	Services   int            // from LeastServices to MostServices, with 8 pods each
	Start      time.Time      // zero is DefaultStart. Rounded down to RegionStep.
	FaultStart time.Time      // the incidents' week starts here; zero is Start + DefaultHistory
	Zone       *time.Location // nil is DefaultZone
}

// Region simulates many services that call each other, in pods on nodes in three zones of a cloud, as the recording rules of a
// Prometheus server would show them: one series per pod or node and measure, every five minutes. It has what a Fleet has, daily and weekly
// rhythm, noise, deploys and failed scrapes, and besides that series which depend on each other: demand goes from callers to the
// called, waiting and errors the other way, and what a node lacks all of its pods lack. The seed decides who calls whom, and where and
// when the incidents strike. It is a Feed, not safe for concurrent use.
type Region struct {
	scraper
	opts   RegionOptions
	next   int64 // end of the round to come
	rand   *rand.Rand
	apps   []*app // the called after their callers
	vms    []*vm
	queues []*backlog
	faults []strike
	acting []acting // in this round
}

// NewRegion builds a region at its start.
func NewRegion(opts RegionOptions) (*Region, error) {
	if opts.Services < LeastServices || opts.Services > MostServices {
		return nil, fmt.Errorf("simulated region: %d services, must be %d to %d", opts.Services, LeastServices, MostServices)
	}
	if err := settleTimes(&opts.Start, &opts.FaultStart, &opts.Zone, RegionStep); err != nil {
		return nil, fmt.Errorf("simulated region: %w", err)
	}
	step := RegionStep.Milliseconds()
	r := &Region{scraper: scraper{seed: opts.Seed, step: step}, opts: opts, next: opts.Start.UnixMilli() + step}
	r.rand = r.rng("region")
	r.build()
	r.schedule()
	return r, nil
}

func (r *Region) build() {
	for i := range (r.opts.Services*podsPerApp + podsPerVM - 1) / podsPerVM {
		r.vms = append(r.vms, newVM(r, i))
	}
	r.newApps()
	for i, a := range r.apps {
		for n := range podsPerApp {
			// Neighbouring pods lie in different zones, and those of one service on different nodes.
			a.pods = append(a.pods, a.newReplica(r, r.vms[(i*podsPerApp+n)%len(r.vms)], n))
		}
	}
	r.newBacklogs()
	r.settle(r.calm())
	for _, a := range r.apps {
		a.usual = a.latency
	}
}

// FaultStart is the beginning of the fault week, in Unix milliseconds.
func (r *Region) FaultStart() int64 { return r.opts.FaultStart.UnixMilli() }

// Incidents is the published list in order of time. What an incident hits is known when it has begun.
func (r *Region) Incidents() []Incident {
	out := make([]Incident, 0, len(r.faults))
	for i := range r.faults {
		out = append(out, r.faults[i].Incident)
	}
	return out
}

// AdvanceTo implements Feed.
func (r *Region) AdvanceTo(t int64, emit Emit) error {
	for r.next <= t {
		k := newTick(r.next, r.step, r.opts.Zone)
		r.strikeNow(k)
		r.advance(k)
		if err := r.scrape(k, emit); err != nil {
			return err
		}
		r.next += r.step
	}
	return nil
}

func (r *Region) advance(k tick) {
	for _, a := range r.apps {
		a.roll(r, k)
		a.breathe(k)
		for _, p := range a.pods {
			p.breathe(k)
		}
	}
	for _, v := range r.vms {
		v.breathe(k)
	}
	r.settle(k.load)
	for _, a := range r.apps {
		for _, p := range a.pods {
			p.show(a, k)
		}
	}
	for _, v := range r.vms {
		v.show(k)
	}
	for _, q := range r.queues {
		q.show(r, k)
	}
}
