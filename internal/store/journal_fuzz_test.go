package store

import (
	"bytes"
	"testing"
)

// FuzzScanSegment reads arbitrary bytes as a segment: no panic, positions ascend within the file, and what was found is found
// again in the good prefix.
func FuzzScanSegment(f *testing.F) {
	good := encodeHeader(7)
	for _, r := range []string{"a", "", "some longer payload"} {
		good = appendRecord(good, []byte(r))
	}
	f.Add(good)
	f.Add(good[:len(good)-4])
	f.Add(append(bytes.Clone(good), 0, 0, 0, 0, 0, 0, 0, 0))
	flipped := bytes.Clone(good)
	flipped[segmentHeader+1] ^= 0xff
	f.Add(flipped)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		const start = 7
		records := 0
		last := Position(start)
		res, err := scanSegment(bytes.NewReader(b), start, start, int64(len(b)), func(p Position, payload []byte) error {
			if p < last+recordSize(payload) {
				t.Fatalf("position %d after %d for %d bytes", p, last, len(payload))
			}
			last = p
			records++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if res.end != last || res.end > start && int64(res.end-start)+segmentHeader > int64(len(b)) {
			t.Fatalf("end %d, last record %d, %d bytes", res.end, last, len(b))
		}
		if len(b) < segmentHeader {
			return
		}
		cut := b[:int64(len(b))-res.tail]
		again, err := scanSegment(bytes.NewReader(cut), start, start, int64(len(cut)), func(Position, []byte) error { records--; return nil })
		if err != nil || records != 0 || again.tail != 0 || again.end != res.end {
			t.Fatalf("the good prefix reads otherwise: %+v, %v, %d records", again, err, records)
		}
	})
}
