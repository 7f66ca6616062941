package bench

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"

	"github.com/tidewatch/tidewatch/bench/measure"
)

// digest is SHA-256 over the bits of all scores and the states of all alarms, series by series.
func digest(list []measure.Series) string {
	h := sha256.New()
	var b []byte
	for i := range list {
		s := &list[i]
		b = binary.LittleEndian.AppendUint64(b[:0], uint64(len(s.Score)))
		for k, v := range s.Score {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
			if s.Alarm[k] {
				b = append(b, 1)
			}
		}
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
