package models

import (
	"fmt"
	"math"

	"github.com/tidewatch/tidewatch"
)

// scaled is a model of one series that judges it on a scale other than its own unit. Values go in and expectation and band come out in the
// metric's unit; everything in between (residuals, seasons, noise) is on the scale.
type scaled struct {
	*sharer
	plain  *settings // of the metric's unit
	config Config
	in     scale // in force
	choice
	y [1]float64
}

// newScaled is the model of c, whose rows judge by the channels on.
func newScaled(c Config, on channels) (Model, error) {
	if c.Rows != 1 {
		return nil, fmt.Errorf("model %q: %d rows, want 1 where the scale is to be chosen", c.Kind, c.Rows)
	}
	s, err := rowSettings(c, on)
	if err != nil {
		return nil, err
	}
	return &scaled{sharer: sharerOf(s, 1), plain: s, config: c}, nil
}

// Another implements Prototype.
func (m *scaled) Another() Model {
	return &scaled{sharer: sharerOf(m.plain, 1), plain: m.plain, config: m.config}
}

func (m *scaled) put(x float64) []float64 {
	m.y[0] = m.in.of(clean(x))
	return m.y[:]
}

// value is y in the metric's unit, within its valid range.
func (m *scaled) value(y float64) float64 {
	return min(max(m.in.value(y), m.plain.lo), m.plain.hi)
}

// Score implements Model.
func (m *scaled) Score(t int64, x []float64, out []tidewatch.Score) {
	m.sharer.Score(t, m.put(x[0]), out)
	out[0].Mid, out[0].Base = m.value(out[0].Mid), m.value(out[0].Base)
}

// Band implements Model.
func (m *scaled) Band(t int64, surprise float64, out []tidewatch.Band) {
	m.sharer.Band(t, surprise, out)
	b := &out[0]
	b.Lower, b.Mid, b.Upper = m.value(b.Lower), m.value(b.Mid), m.value(b.Upper)
}

// Explain implements Model. On a logarithmic scale the terms' effects multiply: each one's value is what it adds to the expectation of those before
// it, in the metric's unit, so that they have the expectation as their sum here as well.
func (m *scaled) Explain(t int64, x []float64, r int, surprise float64) tidewatch.Explanation {
	e := m.sharer.Explain(t, m.put(x[0]), r, surprise)
	if m.in == 0 || len(e.Terms) == 0 {
		return e
	}
	e.Terms[0].Name = logLevel
	sum, before := 0.0, 0.0
	for i := range e.Terms {
		sum += e.Terms[i].Value
		v := m.value(sum)
		e.Terms[i].Value, before = v-before, v
	}
	return e
}

// logLevel names the first term of an expectation on a logarithmic scale.
const logLevel = "level on a log scale"

// Advance implements Model.
func (m *scaled) Advance(t int64, x []float64, v []tidewatch.Verdict, ev []tidewatch.Event) {
	w := &m.one[0]
	y := m.put(x[0])
	if v[0] == tidewatch.Calm && w.ready(m.settings) && !math.IsNaN(y[0]) {
		m.consider(w, t, clean(x[0]))
	}
	m.sharer.Advance(t, y, v, ev)
	if w.episode() == nil && w.ready(m.settings) {
		m.decide(w, t)
	}
}

// consider weighs both scales by the value x at t.
func (m *scaled) consider(w *row, t int64, x float64) {
	if m.config.Transform != Auto {
		return
	}
	if m.other == 0 {
		m.other = scaleFor(max(math.Abs(w.level), w.noise.dev))
	}
	log, j := m.other, w.judged(m.settings, m.forest, t, m.y[0])
	mid := m.in.value(j.mid)
	if m.in == 0 {
		m.weigh(m.settings, j.r, j.hour, log.of(x)-log.of(mid), math.Log(log.slope(x)))
		return
	}
	m.weigh(m.settings, j.r, j.hour, x-mid, -math.Log(log.slope(x)))
}

// decide changes the scale where that is to be: at once where it is configured, else once a day where the other one is surely better.
func (m *scaled) decide(w *row, t int64) {
	to := m.in
	switch {
	case m.config.Transform == Log && m.in == 0:
		to = scaleFor(max(math.Abs(w.level), w.noise.dev))
	case m.config.Transform == Auto && (t+m.plain.step)/daily.Milliseconds() != t/daily.Milliseconds() && m.day(int(daily.Milliseconds()/m.plain.step)):
		to = m.other - m.in // there are two: the other, and 0
	}
	if to == m.in {
		return
	}
	w.rescale(m.settings, rescale{m.in, to})
	kept := m.other
	m.choice = choice{}
	if to != 0 {
		m.other = kept
	}
	m.enter(to)
}

// enter makes the scale the one in force.
func (m *scaled) enter(to scale) {
	m.in = to
	m.settings = m.plain
	if to == 0 || math.IsInf(m.plain.lo, -1) && math.IsInf(m.plain.hi, 1) {
		return
	}
	c := m.config
	c.Min, c.Max = to.of(m.plain.lo), to.of(m.plain.hi)
	own, err := rowSettings(c, m.plain.on)
	if err != nil {
		panic("models: " + err.Error()) // all but the range was checked before, and the scale keeps its order
	}
	m.settings = own
}

const scaledFormat = 1

// AppendState implements Model.
func (m *scaled) AppendState(b []byte) []byte {
	c := codec{b: append(b, 'T', scaledFormat)}
	m.visit(&c)
	return m.sharer.AppendState(c.b)
}

func (m *scaled) visit(c *codec) {
	in := float64(m.in)
	c.f64(&in)
	c.within("scale", in, 0, hugeValue)
	m.in = scale(in)
	m.choice.visit(c)
}

// LoadState implements Model. On an error the model is as new.
func (m *scaled) LoadState(b []byte) error {
	if len(b) < 2 || b[0] != 'T' || b[1] != scaledFormat {
		return fmt.Errorf("load model: not a state of format %d on a scale", scaledFormat)
	}
	c := codec{b: b[2:], reading: true}
	m.visit(&c)
	err := c.err
	if err == nil {
		m.enter(m.in)
		err = m.sharer.LoadState(c.b)
	}
	if err != nil {
		m.choice, m.one[0] = choice{}, row{}
		m.one[0].init()
		m.enter(0)
	}
	return err
}

// Inherit implements Heir.
func (m *scaled) Inherit(from Model, unsure float64) error {
	f, ok := from.(*scaled)
	if !ok {
		return fmt.Errorf("inherit: from a model of one scale, want one that chooses")
	}
	m.choice = f.choice
	m.enter(f.in)
	level := f.one[0].level
	return m.sharer.Inherit(f.sharer, unsure*m.in.slope(m.in.value(level)))
}
