package quality

import (
	"encoding/binary"
	"errors"
	"math"
)

// errShort is what a truncated or damaged state decodes to.
var errShort = errors.New("state of the data checks is truncated or damaged")

// codec writes fields, or reads them: one list of fields serves both.
type codec struct {
	b    []byte
	read bool
	err  error
}

func (c *codec) u64(v *uint64) {
	switch {
	case !c.read:
		c.b = binary.LittleEndian.AppendUint64(c.b, *v)
	case len(c.b) < 8:
		c.err, *v = errShort, 0
	default:
		*v, c.b = binary.LittleEndian.Uint64(c.b), c.b[8:]
	}
}

// small is for counts and flags, which are seldom long.
func (c *codec) small(v *int64) {
	if !c.read {
		c.b = binary.AppendVarint(c.b, *v)
		return
	}
	x, n := binary.Varint(c.b)
	if n <= 0 {
		c.err, *v = errShort, 0
		return
	}
	*v, c.b = x, c.b[n:]
}

func (c *codec) i64(v *int64) { u := uint64(*v); c.u64(&u); *v = int64(u) }
func (c *codec) int(v *int)   { i := int64(*v); c.small(&i); *v = int(i) }

// int32 is for a count, and what does not fit is an error.
func (c *codec) int32(v *int32) {
	i := int64(*v)
	if c.small(&i); i != int64(int32(i)) {
		c.err, i = errShort, 0
	}
	*v = int32(i)
}

func (c *codec) int8(v *int8) {
	i := int64(*v)
	if c.small(&i); i != int64(int8(i)) {
		c.err, i = errShort, 0
	}
	*v = int8(i)
}

func (c *codec) bool(v *bool) {
	i := int64(0)
	if *v {
		i = 1
	}
	c.small(&i)
	*v = i == 1
}

func (c *codec) f64(v *float64) { u := math.Float64bits(*v); c.u64(&u); *v = math.Float64frombits(u) }

func (c *codec) reason(r *Reason) {
	i := int(*r)
	c.int(&i)
	if i < 0 || i >= int(NumReasons) {
		c.err, i = errShort, 0
	}
	*r = Reason(i)
}

// count is the length of something whose elements take at least size bytes each.
func (c *codec) count(n, size int) int {
	c.int(&n)
	if c.read && (n < 0 || n*size > len(c.b)) {
		c.err = errShort
		return 0
	}
	return n
}

func (c *codec) str(v *string) {
	n := c.count(len(*v), 1)
	if !c.read {
		c.b = append(c.b, *v...)
		return
	}
	*v, c.b = string(c.b[:n]), c.b[n:]
}

func (c *codec) strs(v *[]string) {
	known := *v != nil
	c.bool(&known)
	n := c.count(len(*v), 1)
	if c.read && known {
		*v = make([]string, n)
	}
	for i := range *v {
		c.str(&(*v)[i])
	}
}

func (s *Series) fields(c *codec) {
	k := s.few()
	c.i64(&s.seen)
	var first int64 // of the oldest value, which earlier releases kept
	c.i64(&first)
	c.f64(&s.last)
	c.int32(&s.n)
	c.int32(&s.run)
	c.int32(&s.longest)
	c.f64(&s.level)
	c.f64(&s.trend)
	c.f64(&s.spread)
	c.i64(&k.storm)
	c.int32(&k.apart)
	c.int8(&k.unit.away)
	c.int8(&k.unit.factor)
	c.int8(&k.unit.k)
	c.f64(&k.unit.sum)
	c.bool(&k.unit.doubt)
	c.i64(&k.unit.at)
	c.bool(&s.frozen)
	c.times(&k.twin.times)
	c.f64(&k.twin.last)
	c.bool(&k.twin.copied)
	c.bool(&s.fresh)
	missed := uint64(s.missed)
	c.u64(&missed)
	s.missed = uint32(missed) // older ones than that many columns do not count
	c.f64(&s.usually)
	c.bool(&s.gappy)
	k.fieldsOfDay(c)
	c.reason(&s.held)
	c.i64(&k.since)
	if f := int(k.unit.factor); f < -len(factors) || f > len(factors) {
		c.err, k.unit.factor = errShort, 0
	}
	if c.read {
		*s.rarely() = k
		s.tidy()
	}
}

// times is a count that earlier releases did not stop at alikeFor.
func (c *codec) times(v *int8) {
	i := int64(*v)
	c.small(&i)
	*v = int8(min(max(i, 0), alikeFor))
}

func (s *seldom) fieldsOfDay(c *codec) {
	known := s.day != nil
	c.bool(&known)
	if !known {
		return
	}
	if c.read {
		s.day = &day{}
	}
	s.day.fields(c)
}

func (d *day) fields(c *codec) {
	for i := 0; i < perDay; i += 2 {
		u := uint64(math.Float32bits(d.slots[i])) | uint64(math.Float32bits(d.slots[i+1]))<<32
		c.u64(&u)
		d.slots[i], d.slots[i+1] = math.Float32frombits(uint32(u)), math.Float32frombits(uint32(u>>32))
	}
	c.int(&d.full)
	c.i64(&d.cur)
	c.f64(&d.sum)
	c.int(&d.n)
	c.f64(&d.err)
	lo, hi := float64(d.lo), float64(d.hi)
	c.f64(&lo)
	c.f64(&hi)
	d.lo, d.hi = float32(lo), float32(hi)
}

func (m *Monitor) fields(c *codec) {
	c.int(&m.columns)
	c.i64(&m.sparse.seen)
	c.f64(&m.sparse.usually)
	c.i64(&m.sparse.longest)
	c.bool(&m.sparse.stale)
	c.f64(&m.count.usual)
	c.bool(&m.count.on)
	c.i64(&m.count.since)
	c.strs(&m.schema.common)
	c.strs(&m.schema.any)
	c.strs(&m.schema.gone)
	c.strs(&m.schema.new)
	c.i64(&m.schema.since)
	c.bool(&m.late.on)
	c.int(&m.late.calm)
	c.str(&m.late.text)
	c.int(&m.shift.k)
	c.i64(&m.shift.since)
	c.int(&m.shift.off)
	for r := range m.open {
		v := &m.open[r]
		v.Reason = Reason(r)
		c.i64(&v.Since)
		c.int(&v.Series)
		c.int(&v.Of)
		c.str(&v.Text)
		c.bool(&v.Told)
		c.int(&v.calm)
	}
}

// AppendState appends all that is remembered of the series to b.
func (s *Series) AppendState(b []byte) []byte {
	c := codec{b: b}
	s.fields(&c)
	return c.b
}

// LoadState restores what AppendState wrote.
func (s *Series) LoadState(b []byte) error {
	c := codec{b: b, read: true}
	s.fields(&c)
	return c.err
}

// AppendState appends all that is inferred of the detector to b; its series are on their own.
func (m *Monitor) AppendState(b []byte) []byte {
	c := codec{b: b}
	m.fields(&c)
	return c.b
}

// LoadState restores what AppendState wrote.
func (m *Monitor) LoadState(b []byte) error {
	c := codec{b: b, read: true}
	m.fields(&c)
	return c.err
}
