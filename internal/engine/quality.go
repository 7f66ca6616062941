package engine

import (
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/quality"
)

// QualityChange is a verdict on the data of a detector that begins or ends.
type QualityChange struct {
	Detector string
	quality.Change
}

// checked is a detector's data checks.
type checked struct {
	*quality.Monitor
	behind behind          // of the block that is run
	found  []QualityChange // since they were taken last
}

// expect makes the checks those of the configuration; what they have inferred stays.
func (d *detector) expect() {
	switch {
	case d.Quality == nil:
		d.quality = checked{}
	case d.quality.Monitor == nil:
		d.quality.Monitor = quality.New(*d.Quality)
	default:
		d.quality.Monitor = d.quality.With(*d.Quality)
	}
}

// renew makes a group learn from the beginning: what it has learnt is of another unit.
func (d *detector) renew(g *group) {
	g.model = d.newModel()
	d.equip(g)
	g.rows[0].first, g.rows[0].ready = g.next, false
}

// look shows the columns [from, to) of a block to the data checks before the models see them, and marks what is withheld.
func (d *detector) look(rows []joined, b tidewatch.Block, from, to int64) {
	if d.quality.Monitor == nil {
		return
	}
	d.watched(rows)
	ms, values := d.scratch.members, d.scratch.values
	n := int((to - from) / b.Step)
	for c := range n {
		t := from + int64(c)*b.Step
		i := int((t - b.From) / b.Step)
		for k := range ms {
			ms[k].X = math.NaN()
			if v := values[k]; v != nil && t >= b.From && i < b.N {
				ms[k].X = v[i]
				ms[k].Resets, ms[k].Missed = d.quality.behind.at(ms[k].Series.Labels, i)
			}
		}
		for _, ch := range d.quality.Column(t, ms) {
			d.quality.found = append(d.quality.found, QualityChange{d.Name, ch})
		}
		d.mark(rows, t, c, n)
	}
}

// watched puts the members of a detector as its data checks see them, with the block's values, into the scratch space: series, not joint
// groups.
func (d *detector) watched(rows []joined) {
	ms, values := slices.Grow(d.scratch.members[:0], len(rows)), slices.Grow(d.scratch.values[:0], len(rows))
	for i := range rows {
		g := rows[i].g
		if d.Join == nil {
			ms = append(ms, quality.Member{Series: g.rows[0].series, S: &g.rows[0].data})
			values = append(values, rows[i].v)
			continue
		}
		for k := range g.members() {
			m := &g.members()[k]
			m.held = nil
			ms = append(ms, quality.Member{Series: m.series, S: &m.data})
			values = append(values, m.v)
		}
	}
	d.scratch.members, d.scratch.values = ms, values
}

// mark notes which values of column c, of n, are withheld.
func (d *detector) mark(rows []joined, t int64, c, n int) {
	note := func(s *quality.Series, held *[]bool, reset *int64) {
		if s.TakeReset() {
			*reset = t
		}
		if r, _ := s.Held(); r == quality.None {
			return
		}
		if *held == nil {
			*held = make([]bool, n)
		}
		(*held)[c] = true
	}
	for i := range rows {
		j := &rows[i]
		if d.Join == nil {
			note(&j.g.rows[0].data, &j.held, &j.reset)
			continue
		}
		for k := range j.g.members() {
			m := &j.g.members()[k]
			note(&m.data, &m.held, &m.reset)
		}
	}
}

// again compares the columns of a block that were decided before with what was decided on.
func (d *detector) again(b tidewatch.Block) {
	if d.quality.Monitor == nil || d.Join != nil || b.From >= d.next {
		return
	}
	compared, changed, came := 0, 0, 0
	for _, r := range b.Rows {
		g := d.group(r.Series.ID)
		if g == nil {
			continue
		}
		old := g.rows[0].recent.view(b.Step, b.From, min(b.End(), d.next)-b.Step)
		for i, t := range old.T {
			switch x := r.V[(t-b.From)/b.Step]; {
			case math.IsNaN(x):
				continue
			case math.IsNaN(old.Y[i]):
				came++
			case math.Abs(old.Y[i]-x) > 1e-5*math.Abs(x):
				changed++
			}
			compared++
		}
	}
	d.quality.Again(compared, changed, came)
}

// withheld is what a withheld point is for the alarm: missing, unless missing points breach. That a point is withheld never alarms.
func (d *detector) withheld() alerting.Breach {
	if d.Alarm.Missing == alerting.MissingBreaching {
		return alerting.Fine
	}
	return alerting.Missing
}

// The labels that a verdict on data has besides those of its detector and those that all of its series share.
const (
	StateLabel  = "tidewatch_state" // always DataQuality
	ReasonLabel = "tidewatch_reason"
	DataQuality = "DATA_QUALITY"
)

// report tells what has begun and ended since the last call. It is told to people only by routes that ask for it, and only of
// what is under way now: a fault that is over when its time is caught up on is nobody's work.
func (c *Core) report(d *detector, r *Result) {
	if d.quality.Monitor == nil {
		return
	}
	found := d.quality.found
	d.quality.found = nil
	r.Quality = append(r.Quality, found...)
	for _, ch := range found {
		if ch.Over && ch.Told {
			c.post(d, ch.Verdict, ch.T, r)
		}
	}
	if r.Now-d.next > historicalAfter.Milliseconds()+2*d.step() {
		return
	}
	for _, v := range d.quality.Tell() {
		c.post(d, v, 0, r)
	}
}

// post makes the notices of a verdict; end is the grid time at which it ended, 0 while it lasts.
func (c *Core) post(d *detector, v quality.Verdict, end int64, r *Result) {
	ls := labels.NewBuilder(d.commonLabels()).Set(StateLabel, DataQuality).Set(ReasonLabel, v.Reason.String()).Labels()
	shown, _ := d.Visible.Labels(ls)
	shown = labels.NewBuilder(shown).Set(StateLabel, DataQuality).Set(ReasonLabel, v.Reason.String()).Labels()
	f := alerting.QualityFacts{
		Detector: d.Name, Reason: v.Reason.String(), Text: d.Visible.Text(v.Text), Series: v.Series, Of: v.Of, Since: v.Since, End: end,
		Withheld: v.Reason.Withholds(), Labels: shown, At: r.Now, Location: d.Location,
	}
	for _, to := range c.disp.Asking(ls, StateLabel) {
		r.Notices = append(r.Notices, alerting.QualityNotice(to, f))
	}
}

// commonLabels are the labels that all series of a detector have with the same value, with the detector's own.
func (d *detector) commonLabels() labels.Labels {
	var names []string
	var first labels.Labels
	begun := false
	take := func(ls labels.Labels) {
		if !begun {
			begun, first = true, ls
			first.Range(func(l labels.Label) { names = append(names, l.Name) })
			return
		}
		names = slices.DeleteFunc(names, func(n string) bool { return ls.Get(n) != first.Get(n) })
	}
	for _, g := range d.groups {
		if d.Join == nil {
			take(g.rows[0].series.Labels)
		}
		for i := range g.members() {
			take(g.members()[i].series.Labels)
		}
	}
	return d.labels(tidewatch.Series{Labels: first.MatchLabels(true, names...)})
}

// dataOf is the verdict on the data of a row, with None where they can be judged.
func (d *detector) dataOf(r *row) quality.Verdict {
	reason, since := r.data.Held()
	if d.quality.Monitor == nil || reason == quality.None {
		return quality.Verdict{}
	}
	for _, v := range d.quality.Open() {
		if v.Reason == reason {
			v.Since, v.Series = since, 0
			return v
		}
	}
	return quality.Verdict{} // in doubt for a point or two
}

// Quality are the verdicts on a detector's data that are under way, in order of their reason.
func (c *Core) Quality(name string) []quality.Verdict {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if d := c.engine.find(name); d != nil && d.quality.Monitor != nil {
		return d.quality.Open()
	}
	return nil
}
