package engine

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/quality"
	"github.com/tidewatch/tidewatch/models"
)

const (
	epochEvery = 6 * time.Hour       // limits are solved anew
	generation = 24 * time.Hour      // shared parts are built anew
	goneAfter  = time.Hour           // a series without data for so long has stopped reporting
	deadAfter  = 15 * 24 * time.Hour // and is forgotten after so long
)

// detector is a Detector with everything that it has learnt.
type detector struct {
	Detector
	spec      models.Spec
	blank     models.Model // as new, for others to be made like it
	ladder    models.Ladder
	groups    []*group // ascending id
	many      account  // onsets of M of N
	single    account  // of single points that decide alone
	limit     Limit
	family    family
	next      int64             // grid time of the next column; 0 before the first
	begun     bool              // its training is over
	size      int               // points in a recent ring
	shelves   *shelves          // of the rings
	home      map[uint64]*group // of the series in joint groups
	watch     func(Judged)
	quality   checked
	data      ledger
	found     discoveries // where the share of false alarms is promised
	seekers   []*group    // new series that seek a predecessor, in order of their births
	strangers []stranger  // ascending name
	events    *eventLog   // of all detectors
	scratch   *scratch    // likewise
}

// scratch is what a detector that is run needs for each of its series, until it has been run. All share one, as they are run one after the
// other.
type scratch struct {
	rows    []joined
	members []quality.Member
	values  [][]float64 // of members
}

// clear lets go of what the memory held.
func (s *scratch) clear() {
	clear(s.rows)
	clear(s.members)
	clear(s.values)
}

// change is a transition together with the alarm that made it, before it has got its words.
type change struct {
	t    int64
	g    *group
	row  int
	tr   alerting.Transition
	note string
	ep   *episode
	data TrainedOn

	evaluated []alerting.Evaluated
	stopped   bool // an incident of it stays open whatever the state
	only      bool // that, and not the state, has changed
}

// outcome is what one worker found; outcomes merge in any order.
type outcome struct {
	many      []rise // of M of N
	single    []rise // of single points
	steps     int    // points that were counted
	samples   pool
	changes   []change
	anomalies []Anomaly
	points    int
	err       error
}

// onsets is how many alarms began.
func (o *outcome) onsets() (n int) {
	for i := range o.changes {
		if tr := o.changes[i].tr; tr.To == alerting.Alarming && tr.Rule != alerting.RuleStateSetOver && !o.changes[i].only {
			n++
		}
	}
	return n
}

// run drives all groups through a block. Columns that were decided before are skipped; a hole between the last decided
// column and the block is a gap.
func (d *detector) run(b tidewatch.Block, workers int) (changes []change, anomalies []Anomaly, points int, err error) {
	step := d.step()
	if b.Step != step {
		return nil, nil, 0, fmt.Errorf("detector %s: block has step %d ms, the detector %d ms", d.Name, b.Step, step)
	}
	b, d.quality.behind = apart(b)
	d.again(b)
	from := b.From
	if d.next != 0 {
		from = d.next
	}
	d.data.enter(b, from)
	defer d.data.leave()
	defer d.scratch.clear()
	if d.limit.Surprise == 0 { // the cautious limit until the first epoch
		d.limit = d.solve(1)
	}
	d.shelves.settle()
	births := d.births(b, from)
	for t := from; t < b.End(); {
		if crossesEpoch(t, step, epochEvery) {
			d.epoch(t)
			births = d.births(b, t)
		}
		end := d.stretch(b, t, births)
		rows := d.matched(b, t, end)
		d.adopt(t)
		var many, single []rise
		steps := 0
		d.look(rows, b, t, end)
		outs := d.columns(rows, b, t, end, workers)
		for i := range outs {
			if outs[i].err != nil {
				return nil, nil, 0, outs[i].err
			}
			many, single, steps = append(many, outs[i].many...), append(single, outs[i].single...), steps+outs[i].steps
			d.family.cur.merge(&outs[i].samples)
			changes = append(changes, outs[i].changes...)
			anomalies = append(anomalies, outs[i].anomalies...)
			points += outs[i].points
			d.found.fresh += outs[i].onsets()
		}
		d.found.steps += steps
		d.many.count(many, steps, d.Promise.PerSeries)
		if d.lone() {
			d.single.count(single, steps, d.Promise.PerSeries)
		}
		d.next, t = end, end
	}
	d.letGo()
	slices.SortFunc(changes, func(x, y change) int { return order(x.t, y.t, x.g.id(), y.g.id(), x.row, y.row) })
	slices.SortFunc(anomalies, func(x, y Anomaly) int { return order(x.at, y.at, x.Series.ID, y.Series.ID, 0, 0) })
	return changes, anomalies, points, nil
}

func order(t1, t2 int64, id1, id2 uint64, r1, r2 int) int {
	switch {
	case t1 != t2:
		return sign(t1 < t2)
	case id1 != id2:
		return sign(id1 < id2)
	case r1 != r2:
		return sign(r1 < r2)
	}
	return 0
}

func sign(less bool) int {
	if less {
		return -1
	}
	return 1
}

// crossesEpoch reports whether a multiple of every lies in (t-step, t].
func crossesEpoch(t, step int64, every time.Duration) bool {
	e := every.Milliseconds()
	return floorDiv(t, e) != floorDiv(t-step, e)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// joined is a group with its row of the block; v is nil where the block has none.
type joined struct {
	g     *group
	v     []float64
	held  []bool // of the columns that are run: the value is withheld; nil: none is
	reset int64  // grid time from which on the model begins anew; 0: it goes on
}

// matched are the groups for the columns [from, to), with what the block has for them.
func (d *detector) matched(b tidewatch.Block, from, to int64) []joined {
	if d.Join != nil {
		return d.gather(b, from, to)
	}
	return d.join(b, from, to)
}

// join matches the block's rows with the groups for the columns [from, to), makes groups of series that have their first
// sample there, and keeps groups in ascending order.
func (d *detector) join(b tidewatch.Block, from, to int64) []joined {
	out := slices.Grow(d.scratch.rows[:0], max(len(d.groups), len(b.Rows)))
	i, fresh := 0, 0
	for _, r := range b.Rows {
		for i < len(d.groups) && d.groups[i].id() < r.Series.ID {
			out = append(out, joined{g: d.groups[i]})
			i++
		}
		if i < len(d.groups) && d.groups[i].id() == r.Series.ID {
			out = append(out, joined{g: d.groups[i], v: r.V})
			i++
			continue
		}
		if t, ok := firstSample(b, r.V, from, to); ok {
			fresh++
			out = append(out, joined{g: d.newGroup(r.Series, t), v: r.V})
		}
	}
	for ; i < len(d.groups); i++ {
		out = append(out, joined{g: d.groups[i]})
	}
	if fresh > 0 {
		d.groups = make([]*group, len(out))
		for k, j := range out {
			d.groups[k] = j.g
		}
	}
	d.scratch.rows = out
	return out
}

// firstSample is the grid time of the first real value in [from, to).
func firstSample(b tidewatch.Block, v []float64, from, to int64) (int64, bool) {
	for t := max(from, b.From); t < min(to, b.End()); t += b.Step {
		if !math.IsNaN(v[(t-b.From)/b.Step]) {
			return t, true
		}
	}
	return 0, false
}

// newGroup starts a group at its first sample.
func (d *detector) newGroup(s tidewatch.Series, t int64) *group {
	g := &group{model: d.newModel(), next: t, rows: [1]row{d.newRow(s)}}
	g.rows[0].recent = d.shelves.take()
	if d.Join == nil {
		g.rows[0].first = t
		d.born(g)
	}
	return g
}

// newModel makes a model that has learnt nothing.
func (d *detector) newModel() models.Model {
	var m models.Model
	if p, ok := d.blank.(models.Prototype); ok {
		m = p.Another()
	} else {
		var err error
		if m, err = d.spec.New(d.Model); err != nil {
			panic(fmt.Sprintf("engine: detector %s: %v", d.Name, err)) // the same Config was tried in Engine.Configure
		}
	}
	if sh, ok := m.(models.Sharer); ok && d.family.shared != nil {
		sh.Adopt(d.family.shared)
	}
	return m
}

func (d *detector) newRow(s tidewatch.Series) row {
	pend := 1 + int(d.Alarm.For/d.Model.Step)
	return row{series: s, windows: newWindows(d.Alarm.Of, min(pend, alerting.MaxOf))}
}

// columns runs the grid times [from, to) for all groups, each group by one worker.
func (d *detector) columns(rows []joined, b tidewatch.Block, from, to int64, workers int) []outcome {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	workers = max(1, min(workers, len(rows)))
	outs := make([]outcome, workers)
	each := (len(rows) + workers - 1) / workers
	var wg sync.WaitGroup
	for w := range workers {
		part := rows[min(w*each, len(rows)):min((w+1)*each, len(rows))]
		work := func() { d.work(part, b, from, to, &outs[w]) }
		if w == workers-1 {
			work()
			break
		}
		wg.Go(work)
	}
	wg.Wait()
	return outs
}

// missing is the column of a time that the block does not cover.
const missing = -1

func (d *detector) work(rows []joined, b tidewatch.Block, from, to int64, out *outcome) {
	st := newStepper(d, out)
	step := d.step()
	st.shown = b.End() - int64(d.size)*step
	for _, j := range rows {
		for t := max(from, j.g.next); t < to; t += step {
			i := int((t - b.From) / step)
			if t < b.From || i >= b.N {
				i = missing
			}
			if d.Join != nil {
				st.stepAll(t, j.g, i, int((t-from)/step))
				continue
			}
			if t == j.reset {
				d.renew(j.g)
			}
			c := int((t - from) / step)
			st.held = len(j.held) > c && j.held[c]
			x := math.NaN()
			if j.v != nil && i != missing {
				x = j.v[i]
			}
			st.step(t, j.g, x)
		}
	}
}

// epoch rebuilds what groups share. It runs before the first column at or after a multiple of epochEvery.
func (d *detector) epoch(t int64) {
	d.prune(t)
	d.many.turn(t)
	d.single.turn(t)
	d.found.turn(d.Alarm.Of)
	d.limit = d.solve(d.live(t))
	d.limit.Epoch = t
	d.many.onsets.decay(epochEvery)
	d.single.onsets.decay(epochEvery)
	if d.spec.Dim == 0 {
		return
	}
	turn := crossesEpoch(t, epochEvery.Milliseconds(), generation)
	if (d.family.shared == nil || turn) && d.family.rebuild(d.spec, d.Model.Seed, turn) != nil {
		for _, g := range d.groups {
			d.equip(g)
		}
	}
	d.rebuildOwn(t)
}

// live counts the series that reported within goneAfter.
func (d *detector) live(t int64) int {
	n := 0
	for _, g := range d.groups {
		for i := range g.rows {
			if g.rows[i].seen > t-goneAfter.Milliseconds() {
				n++
			}
		}
	}
	return n
}

// prune forgets groups that have been dead for deadAfter.
func (d *detector) prune(t int64) {
	d.groups = slices.DeleteFunc(d.groups, func(g *group) bool {
		for i := range g.rows {
			if !g.rows[i].forgotten(t) {
				return false
			}
		}
		for i := range g.rows {
			d.shelves.give(g.rows[i].recent)
		}
		return true
	})
	if d.Join != nil {
		d.pruneMembers(t)
	}
}
