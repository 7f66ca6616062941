package eval

import (
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// instant is a selector: at each time its newest sample that is not too old.
type instant struct{ *selection }

func (s *instant) each(r *run, yield func(Series) error) error {
	v := make([]float64, r.n)
	return s.samples(r, func(c *cursor, out Series) error {
		out.V = v
		some, err := s.fill(r, c, v)
		if err != nil || !some {
			return err
		}
		return yield(out)
	})
}

func (s *instant) fill(r *run, c *cursor, v []float64) (some bool, err error) {
	var (
		lookback = r.opts.LookbackDelta.Milliseconds()
		t        int64
		x        = absent // the newest sample
	)
	for k := range v {
		at := r.at(k) - s.offset
		for c.ok && c.t <= at {
			t, x = c.t, c.v
			if err := c.next(); err != nil {
				return false, err
			}
		}
		v[k] = absent
		if t > at-lookback && !Absent(x) {
			v[k], some = x, true
		}
	}
	return some, nil
}

// samples calls do with a cursor at the beginning of every series selected.
func (s *selection) samples(r *run, do func(*cursor, Series) error) error {
	set := r.sets[s.index]
	var (
		c  cursor
		it chunkenc.Iterator
	)
	for set.Next() {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		one := set.At()
		it = one.Iterator(it)
		c = cursor{it: it}
		if err := c.next(); err != nil {
			return err
		}
		if err := do(&c, Series{Labels: one.Labels()}); err != nil {
			return err
		}
	}
	return set.Err()
}

// cursor is at a sample of a series, until ok is false.
type cursor struct {
	it chunkenc.Iterator
	t  int64
	v  float64
	ok bool
}

// next moves to the next sample; a histogram is the engine's.
func (c *cursor) next() error {
	switch c.it.Next() {
	case chunkenc.ValFloat:
		c.t, c.v = c.it.At()
		c.ok = true
		return nil
	case chunkenc.ValNone:
		c.ok = false
		return c.it.Err()
	default:
		return ErrEngine
	}
}

// stale says whether the sample marks the end of a series.
func (c *cursor) stale() bool { return value.IsStaleNaN(c.v) }
