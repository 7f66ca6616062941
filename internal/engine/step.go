package engine

import (
	"math"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/models"
)

// stepper is one worker's scratch space: it drives groups point by point and collects what they do.
type stepper struct {
	d        *detector
	out      *outcome
	shown    int64 // points before it are gone from their ring when the block has run: nobody will see their band
	t        int64
	x        []float64
	scores   []tidewatch.Score
	bands    []tidewatch.Band
	verdicts []tidewatch.Verdict
	events   []tidewatch.Event
	sample   []float64
	held     bool // the point is withheld: shown, but neither judged nor learnt
}

func newStepper(d *detector, out *outcome) *stepper {
	n := max(d.Model.Rows, 1)
	out.samples.dim = d.spec.Dim
	return &stepper{
		d: d, out: out,
		x: make([]float64, n), scores: make([]tidewatch.Score, n), bands: make([]tidewatch.Band, n),
		verdicts: make([]tidewatch.Verdict, n), events: make([]tidewatch.Event, n),
	}
}

// step is the whole life of one point: score, decide, explain where it alarmed, learn.
func (st *stepper) step(t int64, g *group, x float64) {
	st.x[0] = x
	if st.held {
		st.x[0] = math.NaN()
	}
	st.t = t
	g.model.Score(t, st.x, st.scores)
	for i := range g.rows {
		st.decide(t, g, i, st.x[i], x)
	}
	st.advance(t, g)
}

// advance moves a group past the point that was decided, and keeps what the family is to learn of it.
func (st *stepper) advance(t int64, g *group) {
	if st.d.spec.Dim != 0 && st.verdicts[0] == tidewatch.Calm {
		st.collect(t, g)
	}
	g.remember(t, st.verdicts)
	g.model.Advance(t, st.x, st.verdicts, st.events)
	g.next = t + st.d.step()
	for i := range g.rows {
		if st.events[i] != tidewatch.NoEvent && g.rows[i].alarm.State() == alerting.Alarming {
			st.end(t, g, i, alerting.NoteRegimeAccepted)
		}
		st.events[i] = tidewatch.NoEvent
	}
}

// decide judges one row, whose value is x, on the state frozen before t. shown is the value in charts, which a withheld point has,
// too.
func (st *stepper) decide(t int64, g *group, i int, x, shown float64) {
	d, r, s := st.d, &g.rows[i], st.d.literal(st.scores[i], x)
	present := !math.IsNaN(x)
	limit := r.few().pinned
	if limit == 0 {
		limit = d.limit.Surprise
	}
	surprise := d.policySurprise(s, x)
	score := d.anomalyScore(s, x, surprise, limit)
	if present {
		st.out.points++
		r.seen = t
		if r.first == 0 {
			r.first = t
		}
		st.count(r, s.Ready, float32(surprise))
	}
	r.ready = s.Ready

	var b tidewatch.Band
	if t >= st.shown || score > 1 || d.watch != nil {
		g.model.Band(t, limit, st.bands)
		b = st.bands[i]
	}
	b.Mid = s.Mid
	r.recent.push(t, d.step(), shown, b, score)

	breach := alerting.Missing
	switch {
	case st.held:
		r.seen = t
		breach = d.withheld()
	case present && s.Ready && score > 1:
		breach = alerting.Breaching
		if d.limit.Lone > 0 && surprise > max(d.limit.Lone, limit) {
			breach = alerting.Decisive
		}
		k := r.rarely()
		if k.ep == nil {
			k.ep = &episode{start: t}
		}
		k.ep.limit = limit
		k.ep.observe(t, x, s, b, score)
	case present && s.Ready:
		breach = d.Alarm.Judge(surprise / limit)
	}
	stopped := r.alarm.Stopped(d.Alarm)
	tr, ok := r.alarm.Step(t, breach, d.Model.Step, d.Alarm)
	switch {
	case ok:
		st.transition(t, g, i, tr, setOverNote(r, tr))
	case (r.alarm.State() == alerting.Alarming || r.alarm.Owes() > 0) && t-r.seen >= max(goneAfter.Milliseconds(), 5*d.step()):
		st.end(t, g, i, alerting.NoteStoppedReporting)
	case r.alarm.Stopped(d.Alarm) != stopped:
		st.data(t, g, i)
	}
	st.verdicts[i] = d.verdict(t, st.scores[i], st.scores[i].Surprise > max(limit, minLimit) || r.alarm.State() == alerting.Alarming)
	if r.few().expected && present && st.verdicts[i] != tidewatch.Excluded {
		st.verdicts[i], r.seldom.expected = tidewatch.Expected, false
		r.tidy()
	}
	st.closeEpisode(t, r)
	if d.watch != nil {
		j := st.judged(t, g, i, x, s, surprise, score, limit)
		j.Onset = ok && tr.To == alerting.Alarming
		d.watch(j)
	}
}

// literal is the score that counts: all of it, or under `band`, which is CloudWatch's, only whether this one point lies outside.
func (d *detector) literal(s tidewatch.Score, x float64) tidewatch.Score {
	if d.Promise.Band <= 0 || math.IsNaN(x) || !s.Ready {
		return s
	}
	s.Surprise, s.Channel, s.Side = float64(s.Parts[tidewatch.ChannelBand]), tidewatch.ChannelBand, 1
	if x < s.Mid {
		s.Side = -1
	}
	return s
}

// policySurprise is the model's surprise after direction and min_deviation; learning never sees it. Evidence of one side counts
// only while the value is on that side of what the hour of the week lets expect: the end of a fault is no fault.
func (d *detector) policySurprise(s tidewatch.Score, x float64) float64 {
	if !s.Ready || math.IsNaN(x) {
		return 0
	}
	if d.Direction != Both && int8(d.Direction) != s.Side {
		return 0
	}
	if returning(s, x) {
		return 0
	}
	if d.Deviation.Value > 0 && !d.Deviation.met(x, s.Base) {
		return 0
	}
	return s.Surprise
}

// nearBase is the share of its distance from the expectation within which a value counts as back at what the hour of the week lets
// expect: noise decides on which side of it the value is.
const nearBase = 0.25

// returning reports whether the evidence is of one side and the value is not: it is on the other side of what the hour of the week
// lets expect, or far nearer to that than to the expectation, which still follows a fault.
func returning(s tidewatch.Score, x float64) bool {
	return s.Side != 0 && float64(s.Side)*(x-s.Base) < nearBase*math.Abs(x-s.Mid)
}

// anomalyScore is surprise ÷ limit: above 1 the point breaches. The end of a fault does not breach, but it is no ordinary point
// either: its score is that of its evidence, at most 1.
func (d *detector) anomalyScore(s tidewatch.Score, x, surprise, limit float64) float64 {
	if s.Ready && returning(s, x) && (d.Direction == Both || int8(d.Direction) == s.Side) && d.Deviation.Value == 0 {
		return min(s.Surprise/limit, 1)
	}
	return surprise / limit
}

// count adds the point to the onsets that every limit would have had.
func (st *stepper) count(r *row, ready bool, surprise float32) {
	if !ready {
		return
	}
	if rise, ok := newRise(st.t, r.series.ID, r.last().newest(), surprise); ok && st.d.lone() {
		st.out.single = append(st.out.single, rise)
	}
	r.last().push(surprise)
	r.ranks().push(r.last().rank(st.d.Alarm.Datapoints))
	v := r.ranks().lowest()
	if rise, ok := newRise(st.t, r.series.ID, r.v, v); ok {
		st.out.many = append(st.out.many, rise)
	}
	r.v = v
	st.out.steps++
}

// verdict says what the model may learn from the point.
func (d *detector) verdict(t int64, s tidewatch.Score, anomalous bool) tidewatch.Verdict {
	switch {
	case d.Exclude != nil && d.Exclude(t):
		return tidewatch.Excluded
	case anomalous || s.Surprise >= models.QuarantineSurprise:
		return tidewatch.Quarantined
	}
	return tidewatch.Calm
}

// transition notes a change of state and, where an alarm begins, what explains it.
func (st *stepper) transition(t int64, g *group, i int, tr alerting.Transition, note string) {
	r := &g.rows[i]
	switch {
	case tr.Rule == alerting.RuleStateSetOver: // for what is learnt nothing has happened
	case tr.To == alerting.Alarming:
		k := r.rarely()
		k.pinned = st.d.limit.Surprise
		if k.ep == nil { // the points that breached were before a gap
			k.ep = &episode{start: t, score: st.scores[i], limit: k.pinned}
		}
		if tr.Since != 0 {
			k.ep.start = min(k.ep.start, tr.Since)
		}
		k.ep.alarmed, k.ep.transition = true, tr
		k.ep.explanation = g.named(st.scores[i].Channel, g.explain(t, st.x, i, k.pinned))
		if s := st.d.judgedWith(g); s != nil {
			k.ep.shared = s.Version()
		}
		k.ep.data = st.d.data.at(t, st.d.step())
		k.ep.breaching = r.breaching(t, st.d.step(), st.d.Alarm.Of)
		k.alarmed = k.ep
		st.out.anomalies = append(st.out.anomalies, r.anomaly(t, st.d.Name, 0))
	default:
		if r.seldom != nil {
			r.seldom.pinned = 0
			r.tidy()
		}
	}
	c := change{t: t, g: g, row: i, tr: tr, note: note, data: st.d.data.at(t, st.d.step()), stopped: r.alarm.Stopped(st.d.Alarm)}
	if st.d.begun { // in training nobody keeps it
		c.evaluated = r.evaluated(t, st.d.step(), st.d.Alarm, tr.From)
	}
	if r.few().alarmed != nil && (tr.To == alerting.Alarming || tr.From == alerting.Alarming) {
		ep := *r.few().alarmed // later points go on changing the row's own
		c.ep = &ep
	}
	st.out.changes = append(st.out.changes, c)
}

// data notes that an alarm's data have stopped, or are enough again, while its state stays as it is.
func (st *stepper) data(t int64, g *group, i int) {
	r, d := &g.rows[i], st.d
	now := r.alarm.Decide(d.Alarm)
	tr := alerting.Transition{
		T: t, From: r.alarm.State(), To: r.alarm.State(), Rule: alerting.RuleDataBack, Since: r.alarm.Since(), Breaches: now.Breaches, Of: now.Of, Missing: now.Missing,
	}
	switch {
	case r.alarm.Stopped(d.Alarm):
		tr.Rule = alerting.RuleDataStopped
	case tr.To != alerting.Alarming:
		tr.Rule = alerting.RuleOKCarried
	}
	c := change{t: t, g: g, row: i, tr: tr, data: d.data.at(t, d.step()), only: true, stopped: r.alarm.Stopped(d.Alarm)}
	if r.few().alarmed != nil {
		ep := *r.few().alarmed
		c.ep = &ep
	}
	st.out.changes = append(st.out.changes, c)
}

// setOverNote is the note of an alarm that was in ALARM by hand and is not any more. An incident that waits for data goes on.
func setOverNote(r *row, tr alerting.Transition) string {
	if tr.Rule == alerting.RuleStateSetOver && tr.From == alerting.Alarming && r.alarm.Owes() == 0 {
		return alerting.NoteSetByHand
	}
	return ""
}

// end closes an alarm for another reason than OK points.
func (st *stepper) end(t int64, g *group, i int, note string) {
	if tr, ok := g.rows[i].alarm.End(t, note); ok {
		st.transition(t, g, i, tr, note)
	}
}

// collect offers the point that was decided to the samples of the family.
func (st *stepper) collect(t int64, g *group) {
	h := sampleHash(st.d.Model.Seed, g.id(), t)
	all, own := st.d.family.cur.wants(h) && st.out.samples.wants(h), g.own() != nil && g.own().cur.wants(h)
	if !all && !own {
		return
	}
	st.sample = g.model.(models.Sharer).Sample(st.sample[:0]) //nolint:errcheck // a kind with a family is a Sharer
	if len(st.sample) == 0 {
		return
	}
	if all {
		st.out.samples.add(h, st.sample)
	}
	if own {
		g.own().cur.add(h, st.sample)
	}
}
