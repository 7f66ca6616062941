package engine

import (
	"encoding/json"
	"fmt"

	"github.com/tidewatch/tidewatch/alerting"
)

// CheckControl reports why a control would be refused.
func (c *Core) CheckControl(ctl alerting.Control) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.disp.Check(ctl)
}

// Control lets a control take effect at decision time now, Unix milliseconds, after all that was due by then. It returns the id of
// what was created or changed, and what became of it. A control that CheckControl refuses does nothing.
func (c *Core) Control(now int64, ctl alerting.Control) (id string, r Result, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r = c.advance(now)
	ctl.At = c.now
	if id, err = c.disp.Control(ctl); err != nil {
		return "", r, err
	}
	r.Controls = append(r.Controls, ctl)
	r.Notices = append(r.Notices, c.disp.AdvanceTo(c.now, c.view)...)
	return id, r, nil
}

// Now is the newest decision time, Unix milliseconds; 0 before the first.
func (c *Core) Now() int64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.now
}

// Silences are those that have not been forgotten, by id.
func (c *Core) Silences() []alerting.Silence {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.disp.Silences()
}

// Feedback is what has not been forgotten, by id.
func (c *Core) Feedback() []alerting.FeedbackEntry {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.disp.Feedback()
}

// Incidents are the open ones, by key.
func (c *Core) Incidents() []alerting.Incident {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.disp.Incidents()
}

func (e *encoder) controls(cs []alerting.Control) {
	e.uint(len(cs))
	for i := range cs {
		b, err := json.Marshal(&cs[i])
		if err != nil { // plain data; floats are kept as their bits, and a score is finite
			panic("engine: a control does not marshal: " + err.Error())
		}
		e.bytes(b)
	}
}

func (d *decoder) controls() ([]alerting.Control, error) {
	cs := make([]alerting.Control, d.count(1))
	for i := range cs {
		if b := d.bytes(); d.err == nil {
			if err := json.Unmarshal(b, &cs[i]); err != nil {
				return nil, fmt.Errorf("control: %w", err)
			}
		}
	}
	return cs, d.err
}
