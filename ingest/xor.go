package ingest

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
)

// decodeXOR appends the samples of an XOR chunk (Gorilla, as in tsdb/docs/format/chunks.md) to ts and vs. The bytes of the
// chunk are padded[:size]; padded must be at least slack bytes longer, because the reader loads eight bytes at a time.
// It gives exactly what tsdb/chunkenc's iterator gives, at less than half of its time. ordered says that the times appended
// ascend strictly.
func decodeXOR(padded []byte, size int, ts []int64, vs []float64) (_ []int64, _ []float64, ordered bool, _ error) {
	if size < 2 {
		return ts, vs, true, corrupt("chunk", "XOR chunk of %d bytes", size)
	}
	n := int(binary.BigEndian.Uint16(padded))
	if n == 0 {
		return ts, vs, true, nil
	}
	t, k := binary.Varint(padded[2:size])
	if k <= 0 || 2+k+8 > size {
		return ts, vs, true, corrupt("chunk", "XOR chunk ends in its first sample")
	}
	pos := 2 + k
	v := binary.BigEndian.Uint64(padded[pos:])
	pos += 8
	ts, vs = append(ts, t), append(vs, math.Float64frombits(v))
	if n == 1 {
		return ts, vs, true, nil
	}
	delta, k := binary.Uvarint(padded[pos:size])
	if k <= 0 {
		return ts, vs, true, corrupt("chunk", "XOR chunk ends in its second sample")
	}
	r := xorReader{b: padded, pos: (pos + k) * 8, end: size * 8, t: t, delta: delta, v: v, width: 64}
	// Every further sample takes two bits or more: a wrong count costs no memory.
	room := min(n-1, 4*size)
	ts, vs = slices.Grow(ts, room), slices.Grow(vs, room)
	at := len(ts)
	ts, vs = ts[:at+room], vs[:at+room]
	read, ordered := r.samples(ts[at:], vs[at:])
	if read < n-1 {
		return ts[:at+read], vs[:at+read], ordered, corrupt("chunk", "XOR chunk ends in sample %d of %d", read+2, n)
	}
	return ts, vs, ordered, nil
}

// xorReader holds the running state of a chunk: bit position, time, delta of times, bits of the value, and the window of
// meaningful bits that a value may reuse.
type xorReader struct {
	b        []byte
	pos, end int
	t        int64
	delta    uint64
	v        uint64
	trail    uint
	width    uint // meaningful bits
}

// load gives the 57 or more bits from bit position pos, left-aligned.
func (r *xorReader) load(pos int) uint64 {
	return binary.BigEndian.Uint64(r.b[pos>>3:]) << (uint(pos) & 7)
}

// take reads width bits (1 to 64) from the position and moves on.
func (r *xorReader) take(width uint) uint64 {
	w := r.load(r.pos) >> (64 - width)
	if width > 57 {
		hi := r.load(r.pos) >> 32
		lo := r.load(r.pos+32) >> 32
		w = (hi<<32 | lo) >> (64 - width)
	}
	r.pos += int(width)
	return w
}

// samples reads the second sample, which has no delta of deltas, and those after it, until ts and vs (of equal length) are
// full or the chunk ends; it gives how many there were, and whether their times ascend strictly.
//
// The state lives in local variables, hence in registers. The most bits that one sample can take are 145, and it is looked
// at whether they were there only after it: slack is more than that.
func (r *xorReader) samples(ts []int64, vs []float64) (n int, ordered bool) {
	var (
		b, pos, end  = r.b, r.pos, r.end
		t, delta, v  = r.t, r.delta, r.v
		trail, width = r.trail, r.width
	)
	ordered = true
	vs = vs[:len(ts)]
	for i := range ts {
		w := binary.BigEndian.Uint64(b[pos>>3:]) << (uint(pos) & 7)
		switch {
		case i == 0: // only a value
		case w>>63 == 0:
			pos++
			w <<= 1
		case w>>60 == 15: // 1111 and 64 bits
			delta += wide(b, pos+4)
			pos += 68
			w = binary.BigEndian.Uint64(b[pos>>3:]) << (uint(pos) & 7)
		default: // 10, 110, 1110 and 14, 17, 20 bits, of which the greatest is not negative
			ones := uint(bits.LeadingZeros64(^w))
			size := (11 + 3*ones) & 63
			d := w<<((ones+1)&63)>>((64-size)&63) - 1
			delta += uint64(int64(d<<((64-size)&63))>>((64-size)&63)) + 1
			pos += int(ones + 1 + size)
			w <<= (ones + 1 + size) & 63
		}
		// At least 57-24 bits of w are left; the value's control takes 13 of them.
		next := t + int64(delta)
		ordered = ordered && next > t
		t = next
		if w>>63 == 0 { // the same value
			pos++
		} else {
			if w>>62 == 3 { // a new window: 5 bits leading zeros, 6 bits width, 0 standing for 64
				lead := uint(w>>57) & 31
				width = (uint(w>>51)-1)&63 + 1
				pos += 13
				if lead+width > 64 {
					return i, ordered
				}
				trail = 64 - lead - width
			} else {
				pos += 2
			}
			x := binary.BigEndian.Uint64(b[pos>>3:]) << (uint(pos) & 7)
			if width > 57 {
				x = wide(b, pos)
			}
			v ^= x >> ((64 - width) & 63) << (trail & 63)
			pos += int(width)
		}
		if pos > end {
			return i, ordered
		}
		ts[i], vs[i] = t, math.Float64frombits(v)
	}
	return len(ts), ordered
}

// wide gives the 64 bits from bit position pos.
func wide(b []byte, pos int) uint64 {
	at, shift := pos>>3, uint(pos)&7
	return binary.BigEndian.Uint64(b[at:])<<shift | uint64(b[at+8])>>(8-shift)
}
