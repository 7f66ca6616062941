package engine

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/tidewatch/tidewatch"
)

// stateVersion names the layout of a snapshot. Another version is refused; the state is then rebuilt from Prometheus.
const stateVersion = 11

// Snapshot is the whole state of a core: Meta holds what is small and shared, Shards the groups.
type Snapshot struct {
	Meta   []byte
	Shards [][]byte
}

// Snapshot is SnapshotTo memory.
func (c *Core) Snapshot(shards int) Snapshot {
	parts := make([]bytes.Buffer, max(shards, 1))
	meta, _ := c.SnapshotTo(len(parts), func(i int, write func(io.Writer) error) error { return write(&parts[i]) }) // memory takes everything
	s := Snapshot{Meta: meta, Shards: make([][]byte, len(parts))}
	for i := range parts {
		s.Shards[i] = parts[i].Bytes()
	}
	return s
}

// SnapshotTo encodes the state. Its groups come in shards, 0 to shards-1, each of which is written while it is encoded by one call of put, from
// as many goroutines as the engine has workers; the first error of put ends it. What is small and shared is returned. Equal states give
// equal bytes. Readers go on meanwhile, ticks wait.
func (c *Core) SnapshotTo(shards int, put func(shard int, write func(io.Writer) error) error) (meta []byte, err error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if err := c.engine.writeShards(shards, put); err != nil {
		return nil, err
	}
	e := encoder{}
	e.uint(stateVersion)
	e.i64(c.now)
	e.bytes(c.disp.AppendState(nil))
	e.uint(len(c.engine.detectors))
	for _, d := range c.engine.detectors {
		d.appendMeta(&e)
	}
	e.eventLog(c.engine.events)
	e.bytes(c.composites.AppendState(nil))
	if len(c.sets) > 0 {
		e.bytes(appendSets(nil, c.sets))
	}
	return e.b, nil
}

// Restore loads a snapshot into a core that has just been configured. Detectors that are not configured any more or whose
// ModelHash has changed are left out; their names are returned.
func (c *Core) Restore(s Snapshot) (dropped []string, err error) {
	return c.RestoreFrom(s.Meta, func(load func(io.Reader) error) error {
		for i, b := range s.Shards {
			if err := load(bytes.NewReader(b)); err != nil {
				return fmt.Errorf("shard %d: %w", i, err)
			}
		}
		return nil
	})
}

// RestoreFrom is Restore of a snapshot whose shards are read one after the other: each hands them to load.
func (c *Core) RestoreFrom(meta []byte, each func(load func(shard io.Reader) error) error) (dropped []string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept, dropped, err := c.restoreMeta(meta)
	if err != nil {
		return nil, err
	}
	in := shardReader{engine: c.engine, kept: kept}
	if err := each(in.load); err != nil {
		return nil, err
	}
	for _, det := range c.engine.detectors {
		slices.SortFunc(det.groups, func(a, b *group) int { return order(0, 0, a.id(), b.id(), 0, 0) })
		det.restoreKin()
	}
	c.endGone()
	return dropped, nil
}

// restoreMeta loads what is small and shared; kept are the detectors that go on with what they had learnt.
func (c *Core) restoreMeta(meta []byte) (kept map[string]bool, dropped []string, err error) {
	d := decoder{b: meta}
	if v := d.uint(); v != stateVersion {
		return nil, nil, fmt.Errorf("snapshot has version %d, this binary reads %d", v, stateVersion)
	}
	c.now = d.i64()
	if err := c.disp.LoadState(d.bytes()); err != nil {
		return nil, nil, fmt.Errorf("incidents: %w", err)
	}
	kept = map[string]bool{}
	for range d.count(1) {
		name, err := c.engine.loadMeta(&d, kept)
		if err != nil {
			return nil, nil, fmt.Errorf("detector %s: %w", name, err)
		}
		if !kept[name] {
			dropped = append(dropped, name)
		}
	}
	*c.engine.events = d.eventLog()
	if len(d.b) > 0 && d.err == nil { // snapshots of older releases end here
		d.err = c.composites.LoadState(d.bytes())
	}
	if len(d.b) > 0 && d.err == nil { // likewise
		c.sets, d.err = loadSets(d.bytes())
	}
	return kept, dropped, d.err
}

// chain names what the counts of onsets depend on besides the model.
func (d *detector) chain() string {
	return fmt.Sprint(d.Alarm.Datapoints, d.Alarm.Of, d.Alarm.For, d.lone(), d.Direction, d.Deviation, d.Promise.PerSeries)
}

func (d *detector) appendMeta(e *encoder) {
	var body encoder
	body.str(d.chain())
	body.i64(d.next)
	body.bool(d.begun)
	body.trainedOn(d.data.trained)
	body.account(&d.many)
	body.account(&d.single)
	body.limit(d.limit)
	body.strangers(d.strangers)
	body.discoveries(&d.found)
	body.pool(&d.family.prev)
	body.pool(&d.family.cur)
	body.bool(d.family.shared != nil)
	if d.family.shared != nil {
		body.bytes(d.family.shared.AppendState(nil))
	}
	body.bool(d.quality.Monitor != nil)
	if d.quality.Monitor != nil {
		body.bytes(d.quality.AppendState(nil))
	}
	e.str(d.Name)
	e.str(d.ModelHash)
	e.bytes(body.b)
}

func (e *Engine) loadMeta(in *decoder, kept map[string]bool) (string, error) {
	name, hash, body := in.str(), in.str(), in.bytes()
	det := e.find(name)
	if in.err != nil || det == nil || det.ModelHash != hash {
		return name, in.err
	}
	d := decoder{b: body}
	chain := d.str()
	det.next, det.begun, det.data.trained = d.i64(), d.bool(), d.trainedOn()
	if many, single := d.account(), d.account(); chain == det.chain() {
		det.many, det.single = many, single
	}
	det.limit = d.limit()
	det.strangers = d.strangers()
	det.found = d.discoveries()
	det.family.prev, det.family.cur = d.pool(det.spec.Dim), d.pool(det.spec.Dim)
	if d.bool() {
		s, err := det.spec.LoadShared(d.bytes())
		if err != nil {
			return name, fmt.Errorf("shared part: %w", err)
		}
		det.family.shared = s
	}
	if d.bool() {
		state := d.bytes()
		if det.quality.Monitor != nil && d.err == nil {
			d.err = det.quality.LoadState(state)
		}
	}
	kept[name] = true
	return name, d.err
}

func (g *group) append(e *encoder, step int64) {
	e.u64(g.id())
	e.i64(g.next)
	e.sized(g.model.AppendState)
	e.before(g.before())
	e.uint(len(g.rows))
	for i := range g.rows {
		g.rows[i].append(e, step)
	}
	if g.members() != nil {
		e.members(g.members())
	}
}

func (d *detector) loadGroup(in *decoder) (*group, error) {
	id, next, state := in.u64(), in.i64(), in.bytes()
	if in.err != nil {
		return nil, in.err
	}
	m := d.newModel()
	if err := m.LoadState(state); err != nil {
		return nil, fmt.Errorf("series %016x: %w", id, err)
	}
	before := in.before()
	g := &group{next: next, model: m}
	if n := in.uint(); in.err == nil && n != len(g.rows) {
		return nil, fmt.Errorf("series %016x has %d decisions, want one", id, n)
	}
	if before != nil {
		g.rarely().before = before
	}
	var err error
	if g.rows[0], err = d.loadRow(in); err != nil {
		return nil, fmt.Errorf("series %016x: %w", id, err)
	}
	if g.id() != id {
		return nil, fmt.Errorf("series %016x has the decision of %016x, want its own", id, g.id())
	}
	if d.Own {
		own, err := in.own(d.spec)
		if err != nil {
			return nil, fmt.Errorf("series %016x: %w", g.id(), err)
		}
		if own != nil {
			g.rarely().own = own
		}
		d.equip(g)
	}
	if d.Join != nil {
		if err := d.loadMembers(in, g); err != nil {
			return nil, fmt.Errorf("group %016x: %w", g.id(), err)
		}
	}
	return g, nil
}

func (r *row) append(e *encoder, step int64) {
	few := r.few()
	e.u64(r.series.ID)
	e.labels(r.series.Labels)
	e.sized(r.alarm.AppendState)
	e.window(r.last())
	e.window(r.ranks())
	e.f32(r.v)
	e.i64(r.seen)
	e.i64(r.first)
	e.f64(few.pinned)
	e.bool(r.ready)
	e.bool(few.seeking)
	e.bool(few.replaced)
	e.bool(few.expected)
	e.origin(few.origin)
	e.recent(&r.recent, step)
	e.sized(r.data.AppendState)
	e.episode(few.ep)
	e.bool(few.alarmed == few.ep)
	if few.alarmed != few.ep {
		e.episode(few.alarmed)
	}
}

func (d *detector) loadRow(in *decoder) (row, error) {
	s := tidewatch.Series{ID: in.u64(), Labels: in.labels()}
	r := d.newRow(s)
	if err := r.alarm.LoadState(in.bytes()); err != nil {
		return r, err
	}
	in.window(r.last())
	in.window(r.ranks())
	var few rowSeldom
	r.v, r.seen, r.first, few.pinned, r.ready = in.f32(), in.i64(), in.i64(), in.f64(), in.bool()
	few.seeking, few.replaced, few.expected, few.origin = in.bool(), in.bool(), in.bool(), in.origin()
	r.recent = d.shelves.take()
	in.recent(&r.recent, d.step())
	if err := r.data.LoadState(in.bytes()); err != nil {
		return r, err
	}
	few.ep = in.episode()
	if few.alarmed = few.ep; !in.bool() {
		few.alarmed = in.episode()
	}
	if few != (rowSeldom{}) {
		*r.rarely() = few
	}
	return r, in.err
}

func (e *encoder) limit(l Limit) {
	e.f64(l.Surprise)
	e.f64(l.Lone)
	e.f64(l.Promised)
	e.i64(int64(l.Per))
	e.bool(l.Provisional)
	e.f64(l.Observed)
	e.f64(l.FDR)
	e.i64(l.Epoch)
}

func (d *decoder) limit() Limit {
	return Limit{
		Surprise: d.f64(), Lone: d.f64(), Promised: d.f64(), Per: time.Duration(d.i64()), Provisional: d.bool(), Observed: d.f64(), FDR: d.f64(), Epoch: d.i64(),
	}
}

func (e *encoder) account(a *account) {
	e.onsets(&a.onsets)
	e.onsets(&a.fresh)
	for _, t := range a.last {
		e.i64(t)
	}
	e.lately(a.lately)
}

func (d *decoder) account() (a account) {
	a.onsets, a.fresh = d.onsets(), d.onsets()
	for i := range a.last {
		a.last[i] = d.i64()
	}
	a.lately = d.lately()
	return a
}

func (e *encoder) onsets(o *onsets) {
	e.f64s(o.counts[:])
	e.f64(o.steps)
	e.f64(o.seen)
}

func (d *decoder) onsets() (o onsets) {
	if counts := d.f64s(); len(counts) == len(o.counts) {
		copy(o.counts[:], counts)
	} else {
		d.err = errShort
	}
	o.steps, o.seen = d.f64(), d.f64()
	return o
}
