package engine

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
)

// historicalAfter is how old a point may be when it is decided and still page; what is found in older ones goes into a
// summary.
const historicalAfter = 15 * time.Minute

// Core is the engine with the dispatcher that makes incidents of its transitions. It is safe for concurrent use: one call
// changes it at a time, readers see it between changes.
type Core struct {
	mu     sync.RWMutex
	engine *Engine
	disp   *alerting.Dispatcher
	now    int64

	composites *alerting.Composites         // nil: there are none
	sets       map[string]alerting.StateSet // by alarm id; alarms whose state a person has set, until their next evaluation
	places     places                       // where alarms were found
}

// Result is what one tick decided, in a fixed order.
type Result struct {
	Now       int64 // the decision time that was used: never before the one before
	Changes   []Change
	Anomalies []Anomaly
	Notices   []alerting.Notice
	Quality   []QualityChange
	Controls  []alerting.Control // that took effect
	Warnings  []string           // what no message tells, for the log
	Points    int                // real points judged
	// Causes is what the search for common causes of newly raised alarms did; zero where there was none.
	Causes alerting.CauseReport
}

// NewCore joins an engine and a dispatcher.
func NewCore(e *Engine, d *alerting.Dispatcher) *Core { return &Core{engine: e, disp: d} }

// Configure changes detectors, routes and the dispatcher's options together, or nothing. Incidents of alarms that are gone
// with their detector or its learnt state end with the next Tick or Advance.
func (c *Core) Configure(ds []Detector, root *alerting.Route, opts alerting.DispatcherOptions) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.engine.Configure(ds); err != nil {
		return err
	}
	c.disp.SetRoute(root)
	c.disp.SetOptions(opts)
	c.endGone()
	return nil
}

// endGone ends incidents of alarms whose detector is gone, or has forgotten the series.
func (c *Core) endGone() {
	c.disp.End(c.now, alerting.NoteDetectorRemoved, func(s alerting.Signal) bool {
		if c.composites.Find(s.Detector) != nil {
			return false
		}
		d := c.engine.find(s.Detector)
		return d == nil || d.group(s.SeriesID) == nil
	})
}

// Resume says that nothing was decided or sent until now, Unix milliseconds, because the process was down.
func (c *Core) Resume(now int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.disp.Resume(now)
}

// Train runs a block of history: models learn and alarms move, but nothing is signalled.
func (c *Core) Train(b tidewatch.Block) (points int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.engine.learn(b)
}

// Begin ends a detector's training at decision time now: alarms that history left in ALARM are signalled as historical, for
// one summary message.
func (c *Core) Begin(now int64, name string) Result {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.advance(now)
	d := c.engine.find(name)
	if d == nil {
		return r
	}
	d.begun = true
	for _, g := range d.groups {
		for i := range g.rows {
			row := &g.rows[i]
			if row.alarm.State() != alerting.Alarming || row.few().alarmed == nil {
				continue
			}
			ch := d.describe(change{t: row.few().alarmed.transition.T, g: g, row: i, tr: row.few().alarmed.transition, ep: row.few().alarmed, data: row.few().alarmed.data})
			r.Changes = append(r.Changes, ch)
			c.disp.Handle(d.signal(ch, r.Now, true))
		}
	}
	c.dispatch(&r)
	return r
}

// Begun reports whether a detector's training is over.
func (c *Core) Begun(name string) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	d := c.engine.find(name)
	return d != nil && d.begun
}

// Tick decides the points of blocks at decision time now (Unix milliseconds). Timers of the dispatcher that were due before
// now see the state from before the blocks.
func (c *Core) Tick(now int64, blocks []tidewatch.Block) (Result, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if day := (24 * time.Hour).Milliseconds(); c.now/day < now/day {
		c.forgetDisabled(now)
	}
	r := c.advance(now - 1)
	c.now, r.Now = max(c.now, now), max(c.now, now)
	for _, b := range blocks {
		changes, anomalies, n, err := c.engine.Run(b)
		if err != nil {
			return r, err
		}
		r.Changes = append(r.Changes, changes...)
		r.Anomalies = append(r.Anomalies, anomalies...)
		r.Points += n
		c.report(c.engine.find(b.Detector), &r)
	}
	c.forgetSets()
	r.Changes = append(r.Changes, c.compose(r.Now, blocks)...)
	slices.SortStableFunc(r.Changes, func(x, y Change) int {
		return cmp.Or(cmp.Compare(x.Transition.T, y.Transition.T), cmp.Compare(x.Detector, y.Detector), cmp.Compare(x.Series.ID, y.Series.ID))
	})
	r.Causes = c.handle(r.Changes, r.Now)
	r.Changes = slices.DeleteFunc(r.Changes, func(ch Change) bool { return ch.DataOnly })
	c.dispatch(&r)
	return r, nil
}

// Known reports whether the series has a group already; Record.Append asks.
func (c *Core) Known(name string, id uint64) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	d := c.engine.find(name)
	if d != nil && d.Join != nil {
		return d.home[id] != nil
	}
	return d != nil && d.group(id) != nil
}

// Advance fires the dispatcher's timers up to now, between ticks.
func (c *Core) Advance(now int64) Result {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.advance(now)
}

func (c *Core) advance(now int64) Result {
	c.now = max(c.now, now)
	r := Result{Now: c.now}
	c.dispatch(&r)
	return r
}

// dispatch brings the dispatcher to the result's time and adds what comes out.
func (c *Core) dispatch(r *Result) {
	c.act(r.Now)
	r.Notices = append(r.Notices, c.disp.AdvanceTo(r.Now, c.view)...)
	r.Warnings = append(r.Warnings, c.disp.Warnings()...)
}

// NextDeadline is when Advance has something to do, if ever.
func (c *Core) NextDeadline() (int64, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	next, ok := c.disp.NextDeadline()
	if at, waits := c.composites.NextAction(); waits && (!ok || at < next) {
		return at, true
	}
	return next, ok
}

func (d *detector) signal(ch Change, now int64, historical bool) alerting.Signal {
	return alerting.Signal{
		At: now, ID: ch.Alarm, Detector: d.Name, SeriesID: ch.Series.ID, Labels: d.labels(ch.Series),
		Transition: ch.Transition, Note: ch.Note, Historical: historical, Muted: d.Muted, Score: ch.AnomalyScore,
		Stopped: ch.Stopped, Data: ch.DataOnly,
	}
}

// view is what a message says of an alarm at this moment.
func (c *Core) view(s alerting.Signal) (alerting.AlarmView, bool) {
	if x := c.composites.Find(s.Detector); x != nil {
		return alerting.View(compositeFacts(x)), true
	}
	d := c.engine.find(s.Detector)
	if d == nil {
		return alerting.AlarmView{}, false
	}
	g := d.group(s.SeriesID)
	if g == nil {
		return alerting.AlarmView{}, false
	}
	r := &g.rows[0]
	t := d.next - d.step()
	ep, tr := r.episodeOf(s.Transition), s.Transition
	if ep != nil && tr.To == alerting.Alarming && (s.Data || tr.Rule == alerting.RuleStateSetOver) {
		tr = ep.transition // why it fires is what it was
	}
	f := d.facts(r, ep, tr, t)
	f.Note, f.Set = s.Note, c.setOf(d, r)
	f.DataStopped, f.Owes = s.Stopped, r.alarm.Owes()
	v := alerting.View(f)
	v.Chart = d.chart(r, v, t-d.step()*int64(d.size), t)
	return v, true
}
