package models

import (
	"fmt"
	"math"
)

const (
	jointMagic      = 'J'
	jointFormat     = 6
	jointHitsFormat = 5 // of the release before: it is read as well
)

// AppendState implements Model.
func (m *joint) AppendState(b []byte) []byte {
	c := codec{b: append(b, jointMagic, jointFormat)}
	n := int32(len(m.channels))
	c.i32(&n)
	m.visit(&c)
	return c.b
}

// LoadState implements Model. The model becomes one of as many rows as the state has. On an error the model is as new.
func (m *joint) LoadState(b []byte) error {
	rows := len(m.channels)
	m.reset()
	err := m.load(b)
	if err != nil {
		m.reset()
		m.Resize(rows)
	}
	return err
}

func (m *joint) reset() {
	p := m.peers
	if *m = (joint{settings: m.settings}); p != nil {
		m.peers = &peers{}
	}
	m.tail = newLone(jointPrior)
}

func (m *joint) load(b []byte) error {
	if len(b) < 2 || b[0] != jointMagic || b[1] != jointFormat && b[1] != jointHitsFormat {
		return fmt.Errorf("load model: not a state of format %d", jointFormat)
	}
	c := codec{b: b[2:], reading: true, hits: b[1] == jointHitsFormat}
	var n int32
	c.i32(&n)
	if c.within("number of rows", float64(n), 1, MaxJoint); c.err != nil {
		return fmt.Errorf("load model: %w", c.err)
	}
	m.Resize(int(n))
	if m.visit(&c); c.err != nil {
		return fmt.Errorf("load model: %w", c.err)
	}
	if len(c.b) != 0 {
		return fmt.Errorf("load model: %d bytes left over", len(c.b))
	}
	return nil
}

func (m *joint) visit(c *codec) {
	c.i32(&m.points, &m.learnt)
	c.within("number of points", float64(m.points), 0, math.MaxInt32)
	c.within("number of learnt points", float64(m.learnt), 0, math.MaxInt32)
	c.f64(&m.usual)
	c.within("usual statistic", m.usual, 0, 1e9)
	m.tail.with(jointPrior).visit(c)
	c.f64((*float64)(&m.habit))
	c.within("familiar statistic", float64(m.habit), 0, 1e9)
	p := &m.episode
	c.i64(&p.start, &p.until)
	c.i32(&p.points, &p.calm, &p.matches)
	if m.peers != nil {
		m.peers.visit(c)
	}
	c.i32(&m.common.learnt)
	c.within("points of the moments", float64(m.common.learnt), 0, 1<<30)
	c.f32s(m.common.moment)
	c.f32s(m.common.weight)
	for i := range m.channels {
		if m.channels[i].visit(c, m.settings); c.err != nil {
			c.err = fmt.Errorf("row %d: %w", i, c.err)
			return
		}
	}
}

func (w *jointChannel) visit(c *codec, s *settings) {
	w.course.visit(c, s)
	if c.err != nil {
		return
	}
	c.f64(&w.heavy[0], &w.heavy[1], &w.fast, &w.slow)
	for _, h := range w.heavy {
		c.within("fourth power", h, 0, 1e12)
	}
	w.episode.visit(c)
	former := w.former()
	if rare(c, &former, (*regime).visit); c.reading && former != nil {
		w.rarely().former = former
	}
}
