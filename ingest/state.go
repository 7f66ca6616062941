package ingest

import "time"

// State is how a source does.
type State struct {
	Protocol Protocol
	Circuit  Circuit
	RetryAt  time.Time // when an open circuit is tried again; else zero
	Last     error     // the newest failure, nil after a success
	Newest   time.Time // of the newest sample read; zero for none
	Reads    int       // that may be in progress at a time; 0 where query_range is asked
	Limits   ServerLimits
}

// StateOf is the state of a source of Open; ok is false for others, which have none.
func StateOf(src Source) (s State, ok bool) {
	reporter, ok := src.(interface{ State() State })
	if !ok {
		return State{}, false
	}
	return reporter.State(), true
}

func (g *gate) state() State {
	var s State
	s.Circuit, s.RetryAt, s.Last = g.breaker.look()
	if t := g.newest.Load(); t > 0 {
		s.Newest = time.UnixMilli(t)
	}
	return s
}

// State says how the source does.
func (r *Remote) State() State {
	s := r.gate.state()
	s.Protocol = ProtocolRemoteRead
	return r.bounded(s)
}

// State says how the source does.
func (s *QueryRange) State() State {
	st := s.gate.state()
	st.Protocol = ProtocolQueryRange
	return st
}

// State says how the source does, and which protocol it has turned out to speak.
func (a *auto) State() State {
	s := a.remote.gate.state()
	s.Protocol = ProtocolAuto
	if p := a.chosen.Load(); p != nil {
		s.Protocol = *p
	}
	if s.Protocol == ProtocolQueryRange {
		return s
	}
	return a.remote.bounded(s)
}

// bounded adds the server's limits and what is kept to.
func (r *Remote) bounded(s State) State {
	s.Limits, s.Reads = r.Limits(), r.slots.most()
	return s
}
