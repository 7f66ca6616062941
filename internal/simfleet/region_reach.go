package simfleet

import (
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// measure is what a detector of configs/fleet.yml sees of a pod or a node.
type measure[T any] struct {
	detector string
	of       func(T) float64
	relative float64 // least change, beside the usual value, that counts as hit; 0: absolute does
	absolute float64
}

const material = 0.08

var podMeasures = []measure[*replica]{
	{"PodRequests", func(p *replica) float64 { return p.requests }, material, 0},
	{"PodLatency", func(p *replica) float64 { return p.latency }, material, 0},
	{"PodErrors", func(p *replica) float64 { return p.failing }, 0, 0.004},
	{"PodCPU", func(p *replica) float64 { return p.cpu }, material, 0},
	{"PodMemory", func(p *replica) float64 { return p.memory }, 0.03, 0},
	{"PodInFlight", func(p *replica) float64 { return p.inFlight }, material, 0},
}

var nodeMeasures = []measure[*vm]{
	{"NodeCPU", func(v *vm) float64 { return v.cpu }, 0, 0.03},
	{"NodeMemory", func(v *vm) float64 { return v.memory }, 0, 0.01},
	{"NodeDiskIO", func(v *vm) float64 { return v.io }, 0.1, 0},
	{"NodeDiskUsed", func(v *vm) float64 { return v.disk }, 0, 0.01},
	{"NodeNetwork", func(v *vm) float64 { return v.network }, 0.1, 0},
}

func (m *measure[T]) changed(before, after float64) bool {
	d := math.Abs(after - before)
	return m.relative > 0 && d >= m.relative*math.Abs(before) || m.absolute > 0 && d >= m.absolute
}

// reach is what a strike changes materially at a load: the region is computed without noise twice, without the strike and with it.
func (r *Region) reach(s *strike, load [kinds]float64) []Symptom {
	r.calm()
	r.acting = nil
	r.settle(load)
	pods, nodes := r.measured()
	demands := make([]float64, len(r.queues))
	for i, q := range r.queues {
		demands[i] = q.app.demand
	}
	r.acting = []acting{{s, 1}}
	r.settle(load)
	podsAfter, nodesAfter := r.measured()
	r.acting = nil
	x := &reached{s: s}
	n := 0
	for _, a := range r.apps {
		for _, p := range a.pods {
			for i := range podMeasures {
				if m := &podMeasures[i]; m.changed(pods[n], podsAfter[n]) {
					x.pod(m.detector, a, p)
				}
				n++
			}
		}
	}
	n = 0
	for _, v := range r.vms {
		for i := range nodeMeasures {
			if m := &nodeMeasures[i]; m.changed(nodes[n], nodesAfter[n]) {
				x.add(m.detector, "instance", v.name+":9100")
			}
			n++
		}
	}
	for i, q := range r.queues {
		if s.queues(q) || math.Abs(q.app.demand-demands[i]) >= material*demands[i] {
			x.add("QueueDepth", "queue", q.name)
		}
	}
	return x.list
}

// measured are the measures of all pods and of all nodes, in order.
func (r *Region) measured() (pods, nodes []float64) {
	for _, a := range r.apps {
		for _, p := range a.pods {
			for i := range podMeasures {
				pods = append(pods, podMeasures[i].of(p))
			}
		}
	}
	for _, v := range r.vms {
		for i := range nodeMeasures {
			nodes = append(nodes, nodeMeasures[i].of(v))
		}
	}
	return pods, nodes
}

// reached gathers symptoms, each once.
type reached struct {
	s    *strike
	list []Symptom
}

func (x *reached) add(detector string, ls ...string) {
	want := Symptom{Detector: detector, Labels: labels.FromStrings(ls...), Start: x.s.Start, End: x.s.End}
	for _, have := range x.list {
		if have.Detector == want.Detector && labels.Equal(have.Labels, want.Labels) {
			return
		}
	}
	x.list = append(x.list, want)
}

// pod adds a pod's service, or where the strike has a place, what of the service is there.
func (x *reached) pod(detector string, a *app, p *replica) {
	switch b := x.s.located(a, p); {
	case b == nil:
		x.add(detector, "job", a.name)
	case b.vm != nil:
		x.add(detector, "job", a.name, "node", b.vm.name)
	default:
		x.add(detector, "job", a.name, "zone", b.zone)
	}
}

// located is the blow on the pod that has a place, nil if none has.
func (s *strike) located(a *app, p *replica) *blow {
	for i := range s.hits {
		if b := &s.hits[i]; !b.node && (b.vm != nil || b.zone != "") && (b.apps == nil || b.apps[a]) && b.place(p.vm) {
			return b
		}
	}
	return nil
}

// queues reports whether a strike makes a queue longer by itself.
func (s *strike) queues(q *backlog) bool {
	return slices.ContainsFunc(s.hits, func(b blow) bool { return b.queue != 0 && b.apps[q.app] })
}
