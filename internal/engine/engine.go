package engine

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/internal/quality"
	"github.com/tidewatch/tidewatch/models"
)

// Options are the engine's settings; the zero value works.
type Options struct {
	Workers      int // goroutines per block; 0: GOMAXPROCS. Results do not depend on it.
	RecentPoints int // points kept per series for charts and the band endpoint; 0: 360
	// Memory, where not nil, lends n bytes for those points, each of which is written once and seldom read, until release is called. What
	// is in them at first does not matter. Where it lends fewer the heap does.
	Memory func(n int) (b []byte, release func())

	// Watch, where not nil, is told of every decided point, in order of time for each series. It is called by all workers at
	// once and must not call the engine.
	Watch func(Judged)
	// Models finds a kind of model; nil: models.Lookup, the kinds that a user can configure.
	Models func(kind string) (models.Spec, error)
}

// Engine holds the learnt state of all detectors. It is not safe for concurrent use; Core is.
type Engine struct {
	opts      Options
	detectors []*detector // ascending name
	events    *eventLog
	scratch   *scratch
}

// New returns an engine without detectors.
func New(opts Options) *Engine {
	if opts.RecentPoints == 0 {
		opts.RecentPoints = 360
	}
	if opts.Models == nil {
		opts.Models = models.Lookup
	}
	return &Engine{opts: opts, events: &eventLog{}, scratch: &scratch{}}
}

// Configure makes ds the detectors. One whose name and ModelHash are those of a present detector keeps what it has
// learnt, its alarms included; any other starts empty. Nothing changes if an error is returned.
func (e *Engine) Configure(ds []Detector) error {
	next := make([]*detector, 0, len(ds))
	for _, c := range ds {
		d, err := e.configured(c)
		if err != nil {
			return fmt.Errorf("detector %s: %w", c.Name, err)
		}
		next = append(next, d)
	}
	slices.SortFunc(next, func(a, b *detector) int { return cmp.Compare(a.Name, b.Name) })
	e.detectors = next
	return nil
}

func (e *Engine) configured(c Detector) (*detector, error) {
	spec, err := e.opts.Models(c.Model.Kind)
	if err != nil {
		return nil, err
	}
	if c.Alarm.Datapoints < 1 || c.Alarm.Of < c.Alarm.Datapoints || c.Alarm.Of > 60 {
		return nil, fmt.Errorf("alarm: %d of %d datapoints, want 1 <= datapoints <= of <= 60", c.Alarm.Datapoints, c.Alarm.Of)
	}
	if spec.Joint != (c.Join != nil) {
		return nil, fmt.Errorf("model %q judges %s, and join is %s", c.Model.Kind, pick(spec.Joint, "several series as one", "each series"),
			pick(c.Join != nil, "set", "not set"))
	}
	if c.Own && (spec.Dim == 0 || spec.Joint) {
		return nil, fmt.Errorf("model %q has no forest that a series could have to itself", c.Model.Kind)
	}
	blank, err := spec.New(c.Model)
	if err != nil {
		return nil, err
	}
	if old := e.find(c.Name); old != nil && old.ModelHash == c.ModelHash {
		d := *old
		d.Detector = c
		d.expect()
		if old.ConfigHash != c.ConfigHash {
			d.repolicy(old)
		}
		if !slices.Equal(d.Churn, old.Churn) || (d.Churn == nil) != (old.Churn == nil) {
			d.restoreKin()
		}
		return &d, nil
	}
	ladder, err := c.Model.Ladder()
	if err != nil {
		return nil, err
	}
	d := &detector{Detector: c, spec: spec, blank: blank, ladder: ladder, size: e.opts.RecentPoints, shelves: &shelves{columns: e.opts.RecentPoints, memory: e.opts.Memory}, watch: e.opts.Watch}
	d.family.cur.dim, d.family.prev.dim = spec.Dim, spec.Dim
	d.events, d.scratch = e.events, e.scratch
	d.expect()
	return d, nil
}

// repolicy adapts learnt state to a new policy: windows of another length start anew, and so do the counts of onsets that
// another chain would have had.
func (d *detector) repolicy(old *detector) {
	if d.chain() != old.chain() {
		d.many, d.single = account{}, account{}
		for _, g := range d.groups {
			for i := range g.rows {
				fresh := d.newRow(g.rows[i].series)
				fresh.ready = g.rows[i].ready // the model is as it was
				g.rows[i].windows = fresh.windows
			}
		}
		return
	}
	if d.Promise != old.Promise && d.limit.Epoch != 0 {
		epoch := d.limit.Epoch
		d.limit = d.solve(d.live(d.next))
		d.limit.Epoch = epoch
	}
}

func pick(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

func (e *Engine) find(name string) *detector {
	i, ok := slices.BinarySearchFunc(e.detectors, name, func(d *detector, n string) int { return cmp.Compare(d.Name, n) })
	if !ok {
		return nil
	}
	return e.detectors[i]
}

func (d *detector) group(id uint64) *group {
	i, ok := slices.BinarySearchFunc(d.groups, id, func(g *group, id uint64) int { return cmp.Compare(g.id(), id) })
	if !ok {
		return nil
	}
	return d.groups[i]
}

// Run drives a detector through a block and returns its transitions in order of (time, series), its anomalies, and the
// number of real points judged. An unknown detector is an error.
func (e *Engine) Run(b tidewatch.Block) ([]Change, []Anomaly, int, error) {
	d := e.find(b.Detector)
	if d == nil {
		return nil, nil, 0, fmt.Errorf("block of unknown detector %q", b.Detector)
	}
	changes, anomalies, n, err := d.run(b, e.opts.Workers)
	if err != nil {
		return nil, nil, 0, err
	}
	out := make([]Change, len(changes))
	for i, c := range changes {
		out[i] = d.describe(c)
	}
	return out, anomalies, n, nil
}

// learn is Run where nobody asks what was decided, so that nothing is put into words.
func (e *Engine) learn(b tidewatch.Block) (points int, err error) {
	d := e.find(b.Detector)
	if d == nil {
		return 0, fmt.Errorf("block of unknown detector %q", b.Detector)
	}
	_, _, points, err = d.run(b, e.opts.Workers)
	return points, err
}

// Decided is the grid time just after the newest column of a detector, 0 if it has none.
func (e *Engine) Decided(name string) int64 {
	if d := e.find(name); d != nil {
		return d.next
	}
	return 0
}

// Status is what a detector is doing.
type Status struct {
	Detector
	Decided      int64  // grid time just after the newest column
	Series, Live int    // those that Alarms lists; of them, those that reported in the last hour
	Rungs        [4]int // live series by what has been learnt: nothing yet, level (6 h), daily (2 d), weekly (15 d)
	States       [3]int // alarms by alerting.State
	Limit        Limit
	Training     TrainingSummary   // of the live series
	Shared       uint64            // version of the shared part, 0 if none
	Data         TrainedOn         // what the models have been given
	Members      int               // series in joint groups; 0 where each is judged for itself
	Quality      []quality.Verdict // on the data, under way
	Expects      quality.Expected  // zero where the data is not checked
	LeftOut      int               // of them, those that their group, of models.MaxJoint, has no room for
}

// Status returns the state of every detector in order of name.
func (e *Engine) Status() []Status {
	out := make([]Status, 0, len(e.detectors))
	for _, d := range e.detectors {
		s := Status{Detector: d.Detector, Decided: d.next, Live: d.live(d.next), Limit: d.limit, Data: d.data.trained}
		if d.family.shared != nil {
			s.Shared = d.family.shared.Version()
		}
		if d.quality.Monitor != nil {
			s.Quality, s.Expects = d.quality.Open(), d.quality.Expected()
		}
		for _, g := range d.groups {
			s.Members += len(g.members())
			s.LeftOut += g.members().leftOut()
			for i := range g.rows {
				r := &g.rows[i]
				if !r.listed(d.next) {
					continue
				}
				s.Series++
				s.States[r.alarm.State()]++
				if r.seen > d.next-goneAfter.Milliseconds() {
					t := d.training(r)
					s.Rungs[t.Rung]++
					s.Training.add(t)
				}
			}
		}
		out = append(out, s)
	}
	return out
}
