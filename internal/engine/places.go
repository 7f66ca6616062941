package engine

import (
	"sync"

	"github.com/tidewatch/tidewatch/alerting"
)

// places remembers where alarms were found: an id is a hash, so that one which is looked for costs hashing the id of every series.
// The zero value is ready; it is safe for concurrent use.
type places struct {
	mu sync.Mutex
	of map[string]place
}

type place struct {
	detector string
	series   uint64
}

// placesMost is how many alarms are remembered: far more than anybody looks at, and less than a MiB.
const placesMost = 4096

// find is the detector and the group of an alarm, nil where there is none.
func (p *places) find(e *Engine, id string) (*detector, *group) {
	p.mu.Lock()
	at, ok := p.of[id]
	p.mu.Unlock()
	if ok {
		if d := e.find(at.detector); d != nil {
			if g := d.group(at.series); g != nil {
				return d, g
			}
		}
	}
	for _, d := range e.detectors {
		for _, g := range d.groups {
			if alerting.AlarmID(d.Name, g.id()) == id {
				p.keep(id, place{d.Name, g.id()})
				return d, g
			}
		}
	}
	return nil, nil
}

func (p *places) keep(id string, at place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of == nil || len(p.of) >= placesMost {
		p.of = map[string]place{}
	}
	p.of[id] = at
}
