package engine

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/prometheus/prometheus/model/labels"
)

// errShort is what a truncated or damaged state decodes to.
var errShort = errors.New("state is truncated or damaged")

// encoder appends little-endian values. It cannot fail.
type encoder struct {
	b       []byte
	scratch []byte // of sized
}

func (e *encoder) u64(v uint64)   { e.b = binary.LittleEndian.AppendUint64(e.b, v) }
func (e *encoder) i64(v int64)    { e.u64(uint64(v)) }
func (e *encoder) f64(v float64)  { e.u64(math.Float64bits(v)) }
func (e *encoder) f32(v float32)  { e.b = binary.LittleEndian.AppendUint32(e.b, math.Float32bits(v)) }
func (e *encoder) uint(v int)     { e.b = binary.AppendUvarint(e.b, uint64(v)) }
func (e *encoder) bytes(v []byte) { e.uint(len(v)); e.b = append(e.b, v...) }
func (e *encoder) str(v string)   { e.uint(len(v)); e.b = append(e.b, v...) }

func (e *encoder) bool(v bool) {
	b := byte(0)
	if v {
		b = 1
	}
	e.b = append(e.b, b)
}

// sized appends what fill appends, after its length.
func (e *encoder) sized(fill func([]byte) []byte) {
	e.scratch = fill(e.scratch[:0])
	e.bytes(e.scratch)
}

func (e *encoder) f32s(v []float32) {
	e.uint(len(v))
	for _, x := range v {
		e.f32(x)
	}
}

func (e *encoder) f64s(v []float64) {
	e.uint(len(v))
	for _, x := range v {
		e.f64(x)
	}
}

func (e *encoder) labels(ls labels.Labels) {
	e.uint(ls.Len())
	ls.Range(func(l labels.Label) { e.str(l.Name); e.str(l.Value) })
}

// decoder reads what an encoder wrote. After the first error every read gives zero values; err tells.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) take(n int) []byte {
	if d.err != nil || n < 0 || n > len(d.b) {
		d.err = errShort
		return make([]byte, min(max(n, 0), 8))
	}
	v := d.b[:n]
	d.b = d.b[n:]
	return v
}

func (d *decoder) u64() uint64  { return binary.LittleEndian.Uint64(d.take(8)) }
func (d *decoder) i64() int64   { return int64(d.u64()) }
func (d *decoder) f64() float64 { return math.Float64frombits(d.u64()) }
func (d *decoder) f32() float32 { return math.Float32frombits(binary.LittleEndian.Uint32(d.take(4))) }
func (d *decoder) bool() bool   { return d.take(1)[0] == 1 }

// uint reads a count of things that take at least one byte each, so that damage cannot ask for absurd memory.
func (d *decoder) uint() int {
	v, n := binary.Uvarint(d.b)
	if n <= 0 || v > math.MaxInt32 {
		d.err = errShort
		return 0
	}
	d.b = d.b[n:]
	return int(v)
}

func (d *decoder) count(size int) int {
	n := d.uint()
	if n*size > len(d.b) {
		d.err = errShort
		return 0
	}
	return n
}

func (d *decoder) bytes() []byte { return d.take(d.count(1)) }
func (d *decoder) str() string   { return string(d.bytes()) }

func (d *decoder) f32s() []float32 {
	v := make([]float32, d.count(4))
	for i := range v {
		v[i] = d.f32()
	}
	return v
}

func (d *decoder) f64s() []float64 {
	v := make([]float64, d.count(8))
	for i := range v {
		v[i] = d.f64()
	}
	return v
}

func (d *decoder) labels() labels.Labels {
	n := d.count(2)
	b := labels.NewScratchBuilder(n)
	for range n {
		name := d.str()
		b.Add(name, d.str())
	}
	b.Sort()
	return b.Labels()
}
