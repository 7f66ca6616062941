package ingest

import "math/bits"

// histogramHeader is what stands before the layout of a histogram chunk: two bytes count, one byte flags.
const histogramHeader = 3

// checkHistogram reads the layout of a histogram chunk (zero threshold, schema, positive and negative spans; see
// tsdb/chunkenc's histogram_meta.go) and demands that it has no more buckets than the chunk has bits, since every bucket
// takes at least one bit of the first sample. chunkenc allocates what the layout says before it looks at the data: 28
// damaged bytes made it ask for 30 GB.
func checkHistogram(padded []byte, size int) error {
	if size <= histogramHeader {
		return corrupt("chunk", "histogram chunk of %d bytes", size)
	}
	r := xorReader{b: padded, pos: 8 * histogramHeader, end: 8 * size}
	if threshold := r.take(8); threshold == 255 {
		r.pos += 64
	}
	r.varbit() // schema
	var buckets uint64
	for range 2 {
		spans := r.varbit()
		if spans > uint64(r.end) {
			return corrupt("chunk", "histogram chunk of %d bytes with %d spans", size, spans)
		}
		for range spans {
			buckets += r.varbit() & 0xffffffff // lengths are 32 bits wide
			r.varbit()                         // offset
		}
	}
	if r.pos > r.end {
		return corrupt("chunk", "histogram chunk ends in its layout")
	}
	if buckets > uint64(r.end) {
		return corrupt("chunk", "histogram chunk of %d bytes with %d buckets", size, buckets)
	}
	return nil
}

// varbitSizes are the widths of chunkenc's variable-length integers by the number of leading ones.
var varbitSizes = [9]uint{0, 3, 6, 9, 12, 18, 25, 56, 64}

// varbit reads one such integer; beyond the end it stays there and gives 0.
func (r *xorReader) varbit() uint64 {
	if r.pos >= r.end {
		r.pos = r.end + 1
		return 0
	}
	ones := min(bits.LeadingZeros64(^r.load(r.pos)), 8)
	r.pos += min(ones+1, 8)
	width := varbitSizes[ones]
	if r.pos+int(width) > r.end {
		r.pos = r.end + 1
		return 0
	}
	if width == 0 {
		return 0
	}
	return r.take(width)
}
