package corpus

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"math"
)

// hash is SHA-256 over what is measured, whatever the file's format, its compression and the order of its rows: name of each
// channel, start, step, first measured point, and for each point its label (2: none) and its values.
func (s *Series) hash() (sum [32]byte) {
	h := sha256.New()
	for _, c := range s.Channels {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(c))))
		h.Write([]byte(c))
	}
	var b []byte
	for _, v := range []int64{s.Start, s.Step, int64(s.From), int64(s.Points()), int64(len(s.Channels))} {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	for i := range s.Missing {
		b = append(b, s.labelCode(i))
		for c := range s.Values {
			b = binary.LittleEndian.AppendUint64(b, canonicalBits(s.Values[c][i]))
		}
		b = flush(h, b)
	}
	h.Write(b)
	h.Sum(sum[:0])
	return sum
}

func (s *Series) labelCode(i int) byte {
	switch {
	case s.Label == nil:
		return 2
	case s.Label[i]:
		return 1
	}
	return 0
}

// canonicalBits has one pattern for all that is not a number.
func canonicalBits(x float64) uint64 {
	if math.IsNaN(x) {
		return 0x7ff8000000000001
	}
	return math.Float64bits(x)
}

// flush hands on what has gathered once it is worth it.
func flush(h hash.Hash, b []byte) []byte {
	if len(b) < 1<<14 {
		return b
	}
	h.Write(b)
	return b[:0]
}
