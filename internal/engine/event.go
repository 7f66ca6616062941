package engine

import (
	"slices"

	"github.com/tidewatch/tidewatch/alerting"
)

const (
	eventsFor  = 24 * 3_600_000 // how long the core remembers events, milliseconds; the store keeps them for longer
	eventsMost = 2000           // and how many at most, the latest
)

// Note is what became known of events beside the metrics: an input of the core, as a block is.
type Note struct {
	Origin string // the source whose metrics told, or "api"
	Until  int64  // grid time up to which that source has been looked at, Unix milliseconds; 0 for "api"
	Events []alerting.ContextEvent
}

// eventLog is the events that messages and charts may name.
type eventLog struct {
	events []alerting.ContextEvent // by time, then ID
	until  map[string]int64        // by source
}

// add takes a note and returns the events that were not known.
func (l *eventLog) add(n Note) (fresh []alerting.ContextEvent) {
	if n.Until != 0 {
		if l.until == nil {
			l.until = map[string]int64{}
		}
		l.until[n.Origin] = max(l.until[n.Origin], n.Until)
	}
	for _, e := range n.Events {
		i, known := slices.BinarySearchFunc(l.events, e, alerting.CompareEvents)
		if !known {
			l.events = slices.Insert(l.events, i, e)
			fresh = append(fresh, e)
		}
	}
	return fresh
}

// forget drops what is too old or too much.
func (l *eventLog) forget(now int64) {
	old := 0
	for old < len(l.events) && (l.events[old].At < now-eventsFor || len(l.events)-old > eventsMost) {
		old++
	}
	if old > 0 {
		l.events = slices.Clone(l.events[old:])
	}
}

// Note takes events in and returns those that were not known. They count from the next decision on.
func (c *Core) Note(n Note) []alerting.ContextEvent {
	c.mu.Lock()
	defer c.mu.Unlock()
	fresh := c.engine.events.add(n)
	c.engine.events.forget(c.now)
	return fresh
}

// EventsUntil is the grid time up to which a source's metrics have been looked at for events, 0 before the first time.
func (c *Core) EventsUntil(source string) int64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.engine.events.until[source]
}

// Events are those that the core remembers, by time.
func (c *Core) Events() []alerting.ContextEvent {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.Clone(c.engine.events.events)
}

// nearby are the events that may explain the breach of a row from since on.
func (d *detector) nearby(r *row, since int64) []alerting.ContextEvent {
	if since == 0 || len(d.events.events) == 0 {
		return nil
	}
	return alerting.NearbyEvents(d.events.events, d.labels(r.series), since, d.step())
}

func (e *encoder) event(v alerting.ContextEvent) {
	e.i64(v.At)
	e.str(v.Kind)
	e.str(v.Text)
	e.str(v.Mark)
	e.labels(v.Labels)
	e.str(v.Origin)
}

func (d *decoder) event() alerting.ContextEvent {
	at, kind, text, mark := d.i64(), d.str(), d.str(), d.str()
	ls := d.labels()
	return alerting.NewContextEvent(at, kind, text, mark, ls, d.str())
}

func (e *encoder) note(n Note) {
	e.str(n.Origin)
	e.i64(n.Until)
	e.uint(len(n.Events))
	for _, v := range n.Events {
		e.event(v)
	}
}

func (d *decoder) note() Note {
	n := Note{Origin: d.str(), Until: d.i64()}
	for range d.count(13) {
		n.Events = append(n.Events, d.event())
	}
	return n
}

// eventLog appends the log as a note of each source, those of events first.
func (e *encoder) eventLog(l *eventLog) {
	sources := make([]string, 0, len(l.until))
	for s := range l.until {
		sources = append(sources, s)
	}
	slices.Sort(sources)
	e.uint(1 + len(sources))
	e.note(Note{Events: l.events})
	for _, s := range sources {
		e.note(Note{Origin: s, Until: l.until[s]})
	}
}

func (d *decoder) eventLog() (l eventLog) {
	for range d.count(3) {
		l.add(d.note())
	}
	return l
}
