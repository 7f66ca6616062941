package simfleet

import (
	"fmt"
	"time"
	_ "time/tzdata" // the rhythm needs the zone also on a machine without zone files
)

// DefaultZone is the time zone of the fleet's users.
const DefaultZone = "Europe/Berlin"

// DefaultHistory is how much calm history precedes the fault week.
const DefaultHistory = 15 * 24 * time.Hour

// DefaultStart is a Monday 00:00 in Berlin, chosen so that neither history nor fault week holds a change of the clocks.
var DefaultStart = time.Date(2026, 9, 6, 22, 0, 0, 0, time.UTC)

// Options describes a fleet. The zero value is the demo's.
type Options struct {
	Seed       uint64
	Start      time.Time      // the first scrape comes within Step after it; zero is DefaultStart. Rounded down to Step.
	Step       time.Duration  // scrape interval, a whole number of seconds from 1 s to 5 m; zero is 1 m
	FaultStart time.Time      // the incidents' week starts here; zero is Start + DefaultHistory
	Zone       *time.Location // nil is DefaultZone
	Calm       bool           // no incidents
}

// Fleet generates the samples. It is not safe for concurrent use.
type Fleet struct {
	scraper
	opts   Options
	next   int64 // end of the scrape round to come
	faults []fault
	blind  span // the scraping server is down: nothing is stored, not even staleness markers

	services []*service
	nodes    []*node
	queues   *queues
	batches  *batches
}

// span is a time range in Unix milliseconds, From included, To not.
type span struct{ from, to int64 }

func (s span) contains(t int64) bool { return t >= s.from && t < s.to }

// New builds a fleet at its start.
func New(opts Options) (*Fleet, error) {
	if opts.Step == 0 {
		opts.Step = time.Minute
	}
	if opts.Step < time.Second || opts.Step > 5*time.Minute || opts.Step%time.Second != 0 {
		return nil, fmt.Errorf("simulated fleet: Step is %s, must be whole seconds from 1s to 5m", opts.Step)
	}
	if err := settleTimes(&opts.Start, &opts.FaultStart, &opts.Zone, opts.Step); err != nil {
		return nil, fmt.Errorf("simulated fleet: %w", err)
	}
	f := &Fleet{opts: opts, scraper: scraper{seed: opts.Seed, step: opts.Step.Milliseconds()}}
	f.next = opts.Start.UnixMilli() + f.step
	if !opts.Calm {
		f.faults = schedule(opts.FaultStart, opts.Zone)
	}
	outage := opts.FaultStart.Add(-9*24*time.Hour + 13*time.Hour).UnixMilli()
	f.blind = span{outage, outage + 10*time.Minute.Milliseconds()}
	f.build()
	return f, nil
}

// settleTimes rounds a simulation's start down to its step and gives the start, the fault week's start and the zone their defaults.
func settleTimes(start, faults *time.Time, zone **time.Location, step time.Duration) (err error) {
	if start.IsZero() {
		*start = DefaultStart
	}
	*start = time.UnixMilli(floor(start.UnixMilli(), step.Milliseconds()))
	if faults.IsZero() {
		*faults = start.Add(DefaultHistory)
	}
	if faults.Before(*start) {
		return fmt.Errorf("FaultStart %s is before Start %s", *faults, *start)
	}
	if *zone == nil {
		*zone, err = time.LoadLocation(DefaultZone)
	}
	return err
}

func floor(t, step int64) int64 {
	r := t % step
	if r < 0 {
		r += step
	}
	return t - r
}

func (f *Fleet) build() {
	for _, spec := range serviceSpecs {
		f.services = append(f.services, newService(f, spec))
	}
	for i := range nodeCount {
		f.nodes = append(f.nodes, newNode(f, i+1))
	}
	f.queues = newQueues(f)
	f.batches = newBatches(f)
}

// Start is the time of the first scrape round's beginning, in Unix milliseconds.
func (f *Fleet) Start() int64 { return f.opts.Start.UnixMilli() }

// FaultStart is the beginning of the fault week, in Unix milliseconds.
func (f *Fleet) FaultStart() int64 { return f.opts.FaultStart.UnixMilli() }

// Emit takes one sample. t is in Unix milliseconds and grows within a series; v may be Prometheus's staleness marker.
type Emit func(s *Series, t int64, v float64) error

// AdvanceTo emits what was scraped in every whole round that ends at or before t. A round's samples lie within the Step
// before its end, each target at its own offset. It stops at the first error of emit, and the fleet is then of no more use.
func (f *Fleet) AdvanceTo(t int64, emit Emit) error {
	for f.next <= t {
		if err := f.round(emit); err != nil {
			return err
		}
		f.next += f.step
	}
	return nil
}

func (f *Fleet) round(emit Emit) error {
	k := newTick(f.next, f.step, f.opts.Zone)
	for _, s := range f.services {
		s.advance(f, k)
	}
	for _, b := range f.batches.jobs {
		b.advance(f, k)
	}
	for _, n := range f.nodes {
		n.advance(f, k)
	}
	f.queues.advance(f, k)
	if f.blind.contains(k.t) {
		emit = func(*Series, int64, float64) error { return nil }
	}
	return f.scrape(k, emit)
}
