package simfleet

import (
	"math"
	"time"
)

// rollout replaces the pods one by one: the new one is scraped a round before it gets traffic, the old one a round after
// its last request, so that no request goes uncounted.
type rollout struct {
	stage  int // 0: none
	old    []*pod
	day    int   // the local day the plan below is for
	at     int64 // start of today's rollout; 0: none today
	leader *pod
}

func (s *service) roll(f *Fleet, k tick) {
	r := &s.rollout
	if day := k.local.YearDay(); day != r.day {
		r.day, r.at = day, s.plan(k)
	}
	due := r.at != 0 && k.t >= r.at && !f.touched(s.spec.name, k.t)
	if r.stage == 0 && (due || f.deployNow(s.spec.name, k.t)) {
		r.at = 0
		s.patch++
		s.shift = math.Exp(0.02 * s.rng.NormFloat64())
		s.bulk = math.Exp(0.03 * s.rng.NormFloat64())
		r.old, r.stage = append([]*pod(nil), s.pods...), 1
	}
	switch {
	case r.stage == 0:
	case r.stage%2 == 1 && len(r.old) == 0:
		r.stage = 0
	case r.stage%2 == 1:
		r.leader = s.newPod(f, k.t)
		s.pods = append(s.pods, r.leader)
		r.stage++
	default:
		r.leader.ready = true
		r.old[0].ready = false
		r.stage++
		s.retire(r.old[0])
		r.old = r.old[1:]
	}
}

// plan draws whether and when a service is deployed today: Monday to Thursday between 10:00 and 16:00, about every third
// day. The draws are the same number on every day.
func (s *service) plan(k tick) int64 {
	p, at := s.rng.Float64(), s.rng.Float64()
	if d := k.local.Weekday(); p > 0.35 || d < time.Monday || d > time.Thursday {
		return 0
	}
	y, m, d := k.local.Date()
	ten := time.Date(y, m, d, 10, 0, 0, 0, k.local.Location())
	return ten.UnixMilli() + int64(at*6*3600)*1000
}

// retire takes a pod out of service; it is scraped once more and then goes stale.
func (s *service) retire(p *pod) {
	p.leaving = true
	for i, q := range s.pods {
		if q == p {
			s.pods = append(s.pods[:i:i], s.pods[i+1:]...)
			return
		}
	}
}
