package alerting

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/prometheus/prometheus/model/labels"
)

// causeFleet is a simulated fleet of services that call each other: two clusters of three namespaces of eight services, each with
// three metrics. A service's residual follows those of the services that it calls a minute later, besides a shock of its own
// and a little that its whole cluster has in common.
type causeFleet struct {
	calls    float64 // what a service's residual takes over from those that it calls
	services []simService
	metrics  [3]string
}

type simService struct {
	labels labels.Labels
	calls  []int // services that it depends on
	tree   int   // services of different trees have nothing to do with each other, but that they may be of one cluster
	x      []float64
}

// The strengths of causeFleet, as shares of a residual before it is scaled.
const (
	simPast   = 360 // grid points of a minute
	simOwn    = 0.5
	simCommon = 0.15 // what a cluster has in common
	simNoise  = 0.5  // of a metric beside its service
)

func newCauseFleet(r *rand.Rand, calls float64) *causeFleet {
	f := &causeFleet{calls: calls, metrics: [3]string{"latency", "errors", "queue"}}
	for c := range 2 {
		common := autocorrelated(r, 0.8)
		for n := range 3 {
			for s := range 8 {
				f.add(r, c, n, s, common)
			}
		}
	}
	return f
}

func (f *causeFleet) add(r *rand.Rand, cluster, namespace, n int, common []float64) {
	s := simService{
		labels: labels.FromStrings("env", "prod", "cluster", fmt.Sprint("eu", cluster), "namespace", fmt.Sprint("ns", namespace), "service", fmt.Sprintf("svc-%d-%d", namespace, n)),
		x:      autocorrelated(r, 0.7),
	}
	own := len(f.services)
	s.tree = own
	switch at := r.Float64(); {
	case namespace > 0 && at < 0.15:
		s.calls = append(s.calls, 24*cluster+r.IntN(8*namespace)) // of another namespace
	case n > 0 && at < 0.75:
		s.calls = append(s.calls, own-1-r.IntN(n))
	}
	for t := range s.x {
		s.x[t] = simOwn*s.x[t] + simCommon*common[t]
	}
	for _, d := range s.calls {
		s.tree = f.services[d].tree
		for t := range s.x {
			s.x[t] += f.calls * f.services[d].x[max(0, t-1)]
		}
	}
	f.services = append(f.services, s)
}

// autocorrelated is an AR(1) series of unit deviation.
func autocorrelated(r *rand.Rand, phi float64) []float64 {
	x, v := make([]float64, simPast), r.NormFloat64()
	for t := range x {
		v = phi*v + math.Sqrt(1-phi*phi)*r.NormFloat64()
		x[t] = v
	}
	return x
}

// simAlarm is an alarm, the fault that it is due to, and how long it lasted.
type simAlarm struct {
	CauseAlarm
	fault int
	end   int64
}

const simBegin = int64(simPast) * 60_000 // the first fault, on a grid of minutes from 0

// faults are a cascade and up to three faults at the same time that have nothing to do with it, as alarms, and the quiet rest.
func (f *causeFleet) faults(r *rand.Rand) ([]simAlarm, CauseInput) {
	hit, trees := map[int]bool{}, map[int]bool{}
	var alarms []simAlarm
	for fault := range 1 + r.IntN(4) {
		root := r.IntN(len(f.services))
		for trees[f.services[root].tree] {
			root = r.IntN(len(f.services))
		}
		trees[f.services[root].tree] = true
		alarms = append(alarms, f.cascade(r, fault, root, hit)...)
	}
	in := CauseInput{Step: 60_000, Quiet: Population{With: map[labels.Label]int{}}}
	for i, s := range f.services {
		if hit[i] {
			continue
		}
		in.Quiet.Series += len(f.metrics)
		s.labels.Range(func(l labels.Label) { in.Quiet.With[l] += len(f.metrics) })
	}
	for _, a := range alarms {
		in.Alarms = append(in.Alarms, a.CauseAlarm)
	}
	return alarms, in
}

// cascade is a fault of root and of what calls it, nearly always, a minute or so later at each step.
func (f *causeFleet) cascade(r *rand.Rand, fault, root int, hit map[int]bool) (out []simAlarm) {
	onset := map[int]float64{root: float64(simBegin) + r.Float64()*3*60_000}
	length := (10 + 60*r.Float64()) * 60_000
	for s := root; s < len(f.services); s++ { // callers come after what they call
		if s != root {
			for _, d := range f.services[s].calls {
				if at, ok := onset[d]; ok && !hit[s] && r.Float64() < 0.9 {
					onset[s] = at + r.Float64()*2*60_000
					break
				}
			}
		}
		at, ok := onset[s]
		if !ok || hit[s] {
			continue
		}
		hit[s] = true
		for m := range 1 + r.IntN(len(f.metrics)) {
			out = append(out, f.alarm(r, fault, s, m, at, length*(0.6+0.8*r.Float64())))
		}
	}
	return out
}

func (f *causeFleet) alarm(r *rand.Rand, fault, service, metric int, onset, length float64) simAlarm {
	s := f.services[service]
	past, noise := make([]float64, simPast), autocorrelated(r, 0.5)
	for t := range past {
		past[t] = s.x[t] + simNoise*noise[t]
	}
	a := CauseAlarm{
		ID: fmt.Sprintf("%03d-%d", service, metric), Onset: int64(onset + 45_000*r.NormFloat64()), Spread: 45_000,
		Labels: labels.NewBuilder(s.labels).Set("alertname", f.metrics[metric]).Labels(), Past: past,
	}
	return simAlarm{a, fault, a.Onset + int64(length)}
}
