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
	rows     []row
}

func newRows(c Config, on channels) (*oneRow, error) {
	s, err := rowSettings(c, on)
	if err != nil {
		return nil, err
	}
	return rowsOf(s, c.Rows), nil
}

// oneRow is rows with room for one, as most models are: a series is one piece of memory.
type oneRow struct {
	rows
	one [1]row
}

// rowsOf are n rows of the given settings.
func rowsOf(s *settings, n int) *oneRow {
	m := &oneRow{}
	m.begin(s, n, m.one[:])
	return m
}

// begin makes n rows, in room if there is enough of it.
func (m *rows) begin(s *settings, n int, room []row) {
	if m.settings, m.rows = s, room; n != len(room) {
		m.rows = make([]row, n)
	}
	for i := range m.rows {
		m.rows[i].init()
	}
}

// Another implements Prototype.
func (m *rows) Another() Model { return rowsOf(m.settings, len(m.rows)) }

// clean makes infinities missing and bounds what is absurdly large.
func clean(x float64) float64 {
	if math.IsInf(x, 0) {
		return math.NaN()
	}
	return min(max(x, -hugeValue), hugeValue)
}

// Score implements Model.
func (m *rows) Score(t int64, x []float64, out []tidewatch.Score) {
	for i := range m.rows {
		w, v := &m.rows[i], clean(x[i])
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
	for i := range m.rows {
		out[i] = m.rows[i].band(m.settings, t, surprise)
	}
}

// Advance implements Model.
func (m *rows) Advance(t int64, x []float64, v []tidewatch.Verdict, ev []tidewatch.Event) {
	for i := range m.rows {
		ev[i] = m.rows[i].advance(m.settings, m.forest, t, clean(x[i]), v[i])
	}
}

const (
	rowsMagic  = 'R'
	rowsFormat = 6
	hitsFormat = 5 // of the release before: it is read as well
)

// AppendState implements Model.
func (m *rows) AppendState(b []byte) []byte {
	c := codec{b: append(b, rowsMagic, rowsFormat)}
	n := int32(len(m.rows))
	c.i32(&n)
	for i := range m.rows {
		m.rows[i].visit(&c, m.settings)
	}
	return c.b
}

// LoadState implements Model. On an error the model is as new.
func (m *rows) LoadState(b []byte) error {
	err := m.load(b)
	if err != nil {
		for i := range m.rows {
			m.rows[i].init()
		}
	}
	return err
}

func (m *rows) load(b []byte) error {
	if len(b) < 2 || b[0] != rowsMagic || b[1] != rowsFormat && b[1] != hitsFormat {
		return fmt.Errorf("load model: not a state of format %d", rowsFormat)
	}
	c := codec{b: b[2:], reading: true, hits: b[1] == hitsFormat}
	var n int32
	c.i32(&n)
	if c.err == nil && int(n) != len(m.rows) {
		return fmt.Errorf("load model: state has %d rows, want %d", n, len(m.rows))
	}
	for i := range m.rows {
		m.rows[i].visit(&c, m.settings)
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
	w.evidence.visit(c)
	w.tails.visit(c)
	rare(c, &w.withheld, (*withheld).visit)
	rare(c, &w.episode, (*episode).visit)
	rare(c, &w.former, (*regime).visit)
	w.visitKept(c, s)
	v := int64(w.forest)
	c.i64(&v)
	w.forest = version(v)
}
