package engine

import (
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
)

func (e *encoder) window(w window) {
	e.f32s(w.v)
	e.uint(int(*w.n))
}

// window fills a window, unless what was kept is of one of another size.
func (d *decoder) window(w window) {
	if v, n := d.f32s(), d.uint(); len(v) == len(w.v) && n >= 0 {
		copy(w.v, v)
		*w.n = w.turned(n)
	}
}

func (e *encoder) pool(p *pool) {
	e.uint(len(p.hash))
	for _, h := range p.hash {
		e.u64(h)
	}
	e.f64s(p.vec)
	e.u64(p.max)
}

func (d *decoder) pool(dim int) pool {
	p := pool{dim: dim, hash: make([]uint64, d.count(8))}
	for i := range p.hash {
		p.hash[i] = d.u64()
	}
	p.vec, p.max = d.f64s(), d.u64()
	if len(p.vec) != dim*len(p.hash) {
		d.err = errShort
	}
	return p
}

func (e *encoder) episode(ep *episode) {
	e.bool(ep != nil)
	if ep == nil {
		return
	}
	e.i64(ep.start)
	e.i64(ep.lastBreach)
	e.uint(ep.breaches)
	e.f64(ep.peakScore)
	e.i64(ep.peakT)
	e.f64(ep.peakSurprise)
	e.f64(ep.peakValue)
	e.band(ep.peakBand)
	e.uint(int(ep.channel))
	e.f64(ep.peak)
	e.f64(ep.peakMid)
	e.bool(ep.alarmed)
	e.transition(ep.transition)
	e.score(ep.score)
	e.f64(ep.anomalyScore)
	e.explanation(ep.explanation)
	e.uint(len(ep.breaching))
	for _, p := range ep.breaching {
		e.i64(p.T)
		e.f64(p.V)
	}
	e.f64(ep.limit)
	e.u64(ep.shared)
	e.trainedOn(ep.data)
}

func (d *decoder) episode() *episode {
	if !d.bool() {
		return nil
	}
	ep := &episode{
		start: d.i64(), lastBreach: d.i64(), breaches: d.uint(), peakScore: d.f64(), peakT: d.i64(), peakSurprise: d.f64(),
		peakValue: d.f64(), peakBand: d.band(), channel: tidewatch.Channel(d.uint()), peak: d.f64(), peakMid: d.f64(), alarmed: d.bool(), transition: d.transition(), score: d.score(),
		anomalyScore: d.f64(), explanation: d.explanation(),
	}
	ep.breaching = make([]tidewatch.Point, d.count(16))
	for i := range ep.breaching {
		ep.breaching[i] = tidewatch.Point{T: d.i64(), V: d.f64()}
	}
	ep.limit, ep.shared, ep.data = d.f64(), d.u64(), d.trainedOn()
	return ep
}

func (e *encoder) band(b tidewatch.Band) { e.f64(b.Lower); e.f64(b.Mid); e.f64(b.Upper) }

func (d *decoder) band() tidewatch.Band {
	return tidewatch.Band{Lower: d.f64(), Mid: d.f64(), Upper: d.f64()}
}

func (e *encoder) transition(t alerting.Transition) {
	e.i64(t.T)
	e.b = append(e.b, byte(t.From), byte(t.To))
	e.str(string(t.Rule))
	e.i64(t.Since)
	e.uint(t.Breaches)
	e.uint(t.Of)
}

func (d *decoder) transition() alerting.Transition {
	t := alerting.Transition{T: d.i64()}
	states := d.take(2)
	t.From, t.To = alerting.State(states[0]), alerting.State(states[1])
	if t.From > alerting.Alarming || t.To > alerting.Alarming {
		d.err = errShort
		return alerting.Transition{}
	}
	t.Rule, t.Since, t.Breaches, t.Of = alerting.Rule(d.str()), d.i64(), d.uint(), d.uint()
	return t
}

func (e *encoder) score(s tidewatch.Score) {
	e.f64(s.Surprise)
	e.f64(s.Mid)
	e.f64(s.Base)
	for _, p := range s.Parts {
		e.f32(p)
	}
	e.b = append(e.b, byte(s.Channel), byte(s.Side))
	e.bool(s.Ready)
}

func (d *decoder) score() tidewatch.Score {
	s := tidewatch.Score{Surprise: d.f64(), Mid: d.f64(), Base: d.f64()}
	for i := range s.Parts {
		s.Parts[i] = d.f32()
	}
	b := d.take(2)
	s.Channel, s.Side, s.Ready = tidewatch.Channel(b[0]), int8(b[1]), d.bool()
	return s
}

func (e *encoder) terms(ts []tidewatch.Term) {
	e.uint(len(ts))
	for _, t := range ts {
		e.str(t.Name)
		e.f64(t.Value)
	}
}

func (d *decoder) terms() []tidewatch.Term {
	ts := make([]tidewatch.Term, d.count(9))
	for i := range ts {
		ts[i] = tidewatch.Term{Name: d.str(), Value: d.f64()}
	}
	return ts
}

func (e *encoder) explanation(x tidewatch.Explanation) {
	e.terms(x.Terms)
	e.terms(x.Features)
	e.f64(x.Statistic)
	e.f64(x.Limit)
	e.str(x.Unit)
	e.uint(len(x.Seasons))
	for _, s := range x.Seasons {
		e.str(s)
	}
	e.i64(x.History)
}

func (d *decoder) explanation() tidewatch.Explanation {
	x := tidewatch.Explanation{Terms: d.terms(), Features: d.terms(), Statistic: d.f64(), Limit: d.f64(), Unit: d.str()}
	x.Seasons = make([]string, d.count(1))
	for i := range x.Seasons {
		x.Seasons[i] = d.str()
	}
	x.History = d.i64()
	return x
}

func (e *encoder) origin(o *Origin) {
	e.bool(o != nil)
	if o != nil {
		e.u64(o.ID)
		e.labels(o.Labels)
		e.i64(o.Begun)
		e.i64(o.At)
	}
}

func (d *decoder) origin() (o *Origin) {
	if d.bool() {
		o = &Origin{ID: d.u64(), Labels: d.labels(), Begun: d.i64(), At: d.i64()}
	}
	return o
}

func (e *encoder) strangers(ss []stranger) {
	e.uint(len(ss))
	for _, s := range ss {
		e.str(s.name)
		e.uint(s.fits)
		e.uint(s.odds)
	}
}

func (d *decoder) strangers() []stranger {
	ss := make([]stranger, d.count(3))
	for i := range ss {
		ss[i] = stranger{name: d.str(), fits: d.uint(), odds: d.uint()}
	}
	return ss
}

func (e *encoder) discoveries(d *discoveries) {
	e.f64(d.tests)
	e.f64(d.first)
	e.uint(d.fresh)
	e.uint(d.steps)
	e.uint(len(d.found))
	for _, f := range d.found {
		e.f64(f.at)
		e.uint(f.n)
	}
}

func (d *decoder) discoveries() (out discoveries) {
	out = discoveries{tests: d.f64(), first: d.f64(), fresh: d.uint(), steps: d.uint()}
	out.found = make([]found, d.count(9))
	for i := range out.found {
		out.found[i] = found{d.f64(), d.uint()}
	}
	return out
}
