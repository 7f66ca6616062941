package ingest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sort"

	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// chunk is a stretch of one series: encoded as it came (enc and padded), or decoded (enc is EncNone; ts and vs).
type chunk struct {
	mint, maxt int64
	enc        chunkenc.Encoding
	size       int    // the encoded bytes are padded[:size]
	padded     []byte // at least slack bytes longer than size
	ts         []int64
	vs         []float64
}

// samples is the number of samples the chunk says to hold; every encoding begins with it in two bytes.
func (c *chunk) samples() int {
	if c.enc == chunkenc.EncNone {
		return len(c.ts)
	}
	if c.size < 2 {
		return 0
	}
	n := int(binary.BigEndian.Uint16(c.padded))
	if c.enc == chunkenc.EncHistogramST || c.enc == chunkenc.EncFloatHistogramST {
		n &= 0x3fff // the upper two bits are flags
	}
	return n
}

// isFloat says whether the chunk holds plain floats.
func (c *chunk) isFloat() bool {
	return c.enc == chunkenc.EncNone || c.enc == chunkenc.EncXOR || c.enc == chunkenc.EncXOR2
}

// memory is what the chunk keeps alive, in bytes.
func (c *chunk) memory() int64 { return int64(c.size) + 16*int64(len(c.ts)) }

// same says whether both are the same encoded chunk.
func (c *chunk) same(o *chunk) bool {
	return c.enc != chunkenc.EncNone && c.enc == o.enc && c.mint == o.mint && c.maxt == o.maxt &&
		bytes.Equal(c.padded[:c.size], o.padded[:o.size])
}

// floats decodes a float chunk into ts and vs, which are reused, and puts it in order: times strictly ascending, of equal
// times the first sample. A decoded chunk gives its own slices.
func (c *chunk) floats(ts []int64, vs []float64) ([]int64, []float64, error) {
	var (
		err     error
		ordered bool
	)
	switch c.enc {
	case chunkenc.EncNone:
		return c.ts, c.vs, nil
	case chunkenc.EncXOR:
		ts, vs, ordered, err = decodeXOR(c.padded, c.size, ts[:0], vs[:0])
	default:
		ts, vs, err = c.floatsSlow(ts[:0], vs[:0])
	}
	if err == nil && !ordered {
		ts, vs = ascending(ts, vs)
	}
	return ts, vs, err
}

// floatsSlow decodes through chunkenc: XOR2, and whatever float encoding comes after it.
func (c *chunk) floatsSlow(ts []int64, vs []float64) (_ []int64, _ []float64, err error) {
	defer recoverCorrupt(&err)
	it, err := c.iterator()
	if err != nil {
		return ts, vs, err
	}
	for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
		t, v := it.At()
		ts, vs = append(ts, t), append(vs, v)
	}
	if it.Err() != nil {
		return ts, vs, corrupt("chunk", "%s: %w", c.enc, it.Err())
	}
	return ts, vs, nil
}

// iterator opens an encoded chunk with chunkenc, which knows every encoding.
func (c *chunk) iterator() (_ chunkenc.Iterator, err error) {
	defer recoverCorrupt(&err)
	if c.size < 2 {
		return nil, corrupt("chunk", "%s chunk of %d bytes", c.enc, c.size)
	}
	if !c.isFloat() {
		if err := checkHistogram(c.padded, c.size); err != nil {
			return nil, err
		}
	}
	ch, err := chunkenc.FromData(c.enc, c.padded[:c.size:c.size])
	if err != nil {
		return nil, corrupt("chunk", "%w", err)
	}
	return ch.Iterator(nil), nil
}

// recoverCorrupt turns a panic of chunkenc over damaged bytes into an error: its histogram readers index by what they read.
func recoverCorrupt(err *error) { //nolint:gocritic // it sets the result of the function that defers it
	if p := recover(); p != nil {
		*err = corrupt("chunk", "%s", fmt.Sprint(p))
	}
}

// ascending brings samples in strictly ascending order of time, in place. Of equal times the first one stays.
func ascending(ts []int64, vs []float64) ([]int64, []float64) {
	ordered := true
	for i := 1; i < len(ts); i++ {
		if ts[i] <= ts[i-1] {
			ordered = false
			break
		}
	}
	if ordered {
		return ts, vs
	}
	sort.Stable(byTime{ts, vs})
	n := 1
	for i := 1; i < len(ts); i++ {
		if ts[i] != ts[n-1] {
			ts[n], vs[n] = ts[i], vs[i]
			n++
		}
	}
	return ts[:n], vs[:n]
}

type byTime struct {
	ts []int64
	vs []float64
}

func (s byTime) Len() int           { return len(s.ts) }
func (s byTime) Less(i, j int) bool { return s.ts[i] < s.ts[j] }
func (s byTime) Swap(i, j int) {
	s.ts[i], s.ts[j] = s.ts[j], s.ts[i]
	s.vs[i], s.vs[j] = s.vs[j], s.vs[i]
}
