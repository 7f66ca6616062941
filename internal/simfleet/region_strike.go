package simfleet

// strike is an incident of a Region with what it does.
type strike struct {
	Incident
	hits   []blow
	shape  shape
	deploy *app // a deploy of it begins when the strike does
	begun  bool
}

// blow is what a strike does at its full strength to those in its scope.
type blow struct {
	apps map[*app]bool // nil: all
	vm   *vm           // nil: all
	zone string        // "": all
	effect
}

// effect is of a pod, of a service as a whole, or of a node; zero is none.
type effect struct {
	slow   float64 // added to 1, a factor on a pod's own time
	errors float64 // added to the share that fails
	cpu    float64 // added to 1, a factor on a pod's CPU; of a node added to its utilisation
	leak   float64 // added to 1, a factor on a pod's memory
	drop   float64 // share of a service's demand that is missing
	surge  float64 // added to 1, a factor on a service's demand
	queue  float64 // added to a queue's depth, in usual ones
	io     float64 // added to a node's share of time in I/O
	disk   float64 // added to a node's share of space used
	loss   float64 // share of a node's traffic that is missing
	node   bool    // it is of nodes, not of pods
}

func (e *effect) add(x effect, by float64) {
	e.slow += by * x.slow
	e.errors += by * x.errors
	e.cpu += by * x.cpu
	e.leak += by * x.leak
	e.drop += by * x.drop
	e.surge += by * x.surge
	e.queue += by * x.queue
	e.io += by * x.io
	e.disk += by * x.disk
	e.loss += by * x.loss
}

// acting is a strike at its strength of the moment.
type acting struct {
	*strike
	by float64
}

func (b *blow) place(v *vm) bool {
	return (b.vm == nil || b.vm == v) && (b.zone == "" || b.zone == v.zone)
}

func (r *Region) onApp(a *app) (e effect) {
	return r.sum(func(b *blow) bool { return b.apps[a] && b.vm == nil && b.zone == "" })
}

func (r *Region) onPod(a *app, p *replica) (e effect) {
	return r.sum(func(b *blow) bool { return !b.node && (b.apps == nil || b.apps[a]) && b.place(p.vm) })
}

func (r *Region) onVM(v *vm) (e effect) {
	return r.sum(func(b *blow) bool { return b.node && b.place(v) })
}

func (r *Region) sum(in func(*blow) bool) (e effect) {
	for _, s := range r.acting {
		for i := range s.hits {
			if in(&s.hits[i]) {
				e.add(s.hits[i].effect, s.by)
			}
		}
	}
	return e
}

// strength is the share of a strike's effect in the means of the five minutes that end at t.
func (s *strike) strength(t int64) float64 {
	window := RegionStep.Milliseconds()
	if t <= s.Start || t >= s.End+window {
		return 0
	}
	part := float64(t-s.Start) / float64(s.End-s.Start)
	fade := min(1, float64(s.End+window-t)/float64(window))
	switch s.shape {
	case ramp:
		return min(1, part) * fade
	case drain:
		return max(0, min(part/0.75, (1-part)/0.25))
	}
	return min(1, float64(t-s.Start)/float64(window)) * fade
}

// strikeNow finds out what strikes in the round, and what a strike that begins will hit.
func (r *Region) strikeNow(k tick) {
	r.acting = r.acting[:0]
	for i := range r.faults {
		s := &r.faults[i]
		by := s.strength(k.t)
		if by == 0 {
			continue
		}
		if !s.begun {
			s.begun = true
			s.Hits = r.reach(s, k.load)
			if s.deploy != nil {
				s.deploy.deploy()
			}
		}
		r.acting = append(r.acting, acting{s, by})
	}
}

// struck reports whether anything strikes between two times.
func (r *Region) struck(from, to int64) bool {
	for i := range r.faults {
		if s := &r.faults[i]; s.Start < to && s.End > from {
			return true
		}
	}
	return false
}
