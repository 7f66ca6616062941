package models

import (
	"fmt"
	"math"

	"github.com/tidewatch/tidewatch"
)

// rows is the Model behind every kind of this package: independent rows that share a configuration, a set of channels and
// perhaps a forest.
type rows struct {
	settings *settings
	forest   *forest
	many     *[]row // nil: there is one, as in most models, so that a series is one piece of memory
	one      [1]row
}

func newRows(c Config, on channels) (*rows, error) {
	s, err := rowSettings(c, on)
	if err != nil {
		return nil, err
	}
	return rowsOf(s, c.Rows), nil
}

// rowsOf are n rows of the given settings.
func rowsOf(s *settings, n int) *rows {
	m := &rows{}
	m.begin(s, n)
	return m
}

// begin makes n rows.
func (m *rows) begin(s *settings, n int) {
	if m.settings = s; n != 1 {
		many := make([]row, n)
		m.many = &many
	}
	for i := range m.all() {
		m.all()[i].init()
	}
}

// all are the rows.
func (m *rows) all() []row {
	if m.many != nil {
		return *m.many
	}
	return m.one[:]
}

// Another implements Prototype.
func (m *rows) Another() Model { return rowsOf(m.settings, len(m.all())) }

// clean makes infinities missing and bounds what is absurdly large.
func clean(x float64) float64 {
	if math.IsInf(x, 0) {
		return math.NaN()
	}
	return min(max(x, -hugeValue), hugeValue)
}

// Score implements Model.
func (m *rows) Score(t int64, x []float64, out []tidewatch.Score) {
	all := m.all()
	for i := range all {
		w, v := &all[i], clean(x[i])
		switch {
		case !w.ready(m.settings):
			out[i] = tidewatch.Score{Mid: math.NaN(), Base: math.NaN()}
		case math.IsNaN(v):
			w.judgeMissing(m.settings, t, &out[i])
		default:
			w.score(m.settings, w.judged(m.settings, m.forest, t, v), &out[i])
		}
	}
}

// Band implements Model.
func (m *rows) Band(t int64, surprise float64, out []tidewatch.Band) {
	for i := range m.all() {
		out[i] = m.all()[i].band(m.settings, t, surprise)
	}
}

// Advance implements Model.
func (m *rows) Advance(t int64, x []float64, v []tidewatch.Verdict, ev []tidewatch.Event) {
	for i := range m.all() {
		ev[i] = m.all()[i].advance(m.settings, m.forest, t, clean(x[i]), v[i])
	}
}

const (
	rowsMagic      = 'R'
	rowsFormat     = 9
	leaplessFormat = 8 // without a record of leaps; this and those before are read as well
	joblessFormat  = 7 // and without jobs
	withoutFormat  = 6 // and without a record of residuals
	hitsFormat     = 5
)

// AppendState implements Model.
func (m *rows) AppendState(b []byte) []byte {
	c := codec{b: append(b, rowsMagic, rowsFormat)}
	n := int32(len(m.all()))
	c.i32(&n)
	for i := range m.all() {
		m.all()[i].visit(&c, m.settings)
	}
	return c.b
}

// LoadState implements Model. On an error the model is as new.
func (m *rows) LoadState(b []byte) error {
	err := m.load(b)
	if err != nil {
		for i := range m.all() {
			m.all()[i].init()
		}
	}
	return err
}

func (m *rows) load(b []byte) error {
	if len(b) < 2 || b[0] != rowsMagic || b[1] > rowsFormat || b[1] < hitsFormat {
		return fmt.Errorf("load model: not a state of format %d", rowsFormat)
	}
	c := codec{b: b[2:], reading: true, hits: b[1] == hitsFormat, recordless: b[1] <= withoutFormat, jobless: b[1] <= joblessFormat, leapless: b[1] <= leaplessFormat}
	var n int32
	c.i32(&n)
	if c.err == nil && int(n) != len(m.all()) {
		return fmt.Errorf("load model: state has %d rows, want %d", n, len(m.all()))
	}
	for i := range m.all() {
		m.all()[i].visit(&c, m.settings)
		if c.err != nil {
			return fmt.Errorf("load model: row %d: %w", i, c.err)
		}
	}
	if len(c.b) != 0 {
		return fmt.Errorf("load model: %d bytes left over", len(c.b))
	}
	return nil
}

func (w *row) visit(c *codec, s *settings) {
	if c.reading {
		w.release()
	}
	w.course.visit(c, s)
	if c.err != nil {
		return
	}
	quiet := int16(0)
	if p := w.episode(); p != nil {
		quiet = p.quiet
	}
	w.evidence.visit(c, &quiet)
	w.tails.visit(c)
	w.visitSeldom(c, s, quiet)
	v := int64(w.tails.forest)
	c.i64(&v)
	w.tails.forest = version(v).short()
	if c.recordless {
		w.guessRecord(s)
	} else {
		c.f32(&w.noise.record)
		c.within("record", float64(w.noise.record), 0, 2*hugeValue)
	}
	if c.leapless {
		w.leap = w.noise.record // no leap goes farther than its residual
		return
	}
	c.f32(&w.leap)
	c.within("record of leaps", float64(w.leap), 0, 2*hugeValue)
}
