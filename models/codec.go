package models

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// errShort is returned for a state that ends too early.
var errShort = errors.New("state is truncated")

// errNotFinite is returned for a state that holds NaN or an infinity.
var errNotFinite = errors.New("state holds a number that is not finite")

// codec walks over the fields of a state, the same walk for both directions, so that writing and reading cannot disagree.
// While reading, every number must be finite.
type codec struct {
	b          []byte
	reading    bool
	hits       bool // the state is of an older format, whose tails have the hits of each bin
	recordless bool // it is of one whose rows have no record
	jobless    bool // it is of one without jobs
	leapless   bool // it is of one without a record of leaps
	err        error
}

func (c *codec) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

func (c *codec) word(n int, v uint64) uint64 {
	if !c.reading {
		var w [8]byte
		binary.LittleEndian.PutUint64(w[:], v)
		c.b = append(c.b, w[:n]...)
		return v
	}
	if c.err != nil || len(c.b) < n {
		c.fail(errShort)
		return 0
	}
	var w [8]byte
	copy(w[:], c.b[:n])
	c.b = c.b[n:]
	return binary.LittleEndian.Uint64(w[:])
}

func (c *codec) f64(names ...*float64) {
	for _, p := range names {
		v := math.Float64frombits(c.word(8, math.Float64bits(*p)))
		if math.IsNaN(v) || math.IsInf(v, 0) {
			c.fail(errNotFinite)
			v = 0
		}
		*p = v
	}
}

func (c *codec) f32(p *float32) {
	v := math.Float32frombits(uint32(c.word(4, uint64(math.Float32bits(*p)))))
	if v != v || math.IsInf(float64(v), 0) {
		c.fail(errNotFinite)
		v = 0
	}
	*p = v
}

func (c *codec) f32s(s []float32) {
	for i := range s {
		c.f32(&s[i])
	}
}

func (c *codec) i64(ps ...*int64) {
	for _, p := range ps {
		*p = int64(c.word(8, uint64(*p)))
	}
}

func (c *codec) i32(ps ...*int32) {
	for _, p := range ps {
		*p = int32(uint32(c.word(4, uint64(uint32(*p)))))
	}
}

func (c *codec) i16(ps ...*int16) {
	for _, p := range ps {
		*p = int16(uint16(c.word(2, uint64(uint16(*p)))))
	}
}

func (c *codec) u16(p *uint16) { *p = uint16(c.word(2, uint64(*p))) }

func (c *codec) halves(s []half) {
	for i := range s {
		v := uint16(s[i])
		c.u16(&v)
		if v&0x7f80 == 0x7f80 {
			c.fail(errNotFinite)
		}
		s[i] = half(v)
	}
}

func (c *codec) u8(p *uint8) { *p = uint8(c.word(1, uint64(*p))) }

func (c *codec) bool(p *bool) {
	var v uint8
	if *p {
		v = 1
	}
	c.u8(&v)
	if v > 1 {
		c.fail(fmt.Errorf("state holds %d where 0 or 1 belongs", v))
	}
	*p = v == 1
}

// within fails unless lo <= v <= hi.
func (c *codec) within(what string, v, lo, hi float64) {
	if c.reading && c.err == nil && (v < lo || v > hi) {
		c.fail(fmt.Errorf("state's %s is %g, want it within [%g, %g]", what, v, lo, hi))
	}
}
