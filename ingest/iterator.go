package ingest

import (
	"math"
	"sort"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// millis is a time in Unix milliseconds. The alias also keeps vet's stdmethods from taking Seek for io.Seeker's.
type millis = int64

// floatIterator walks a float series. It decodes one chunk at a time into buffers that it keeps, so that stepping is an
// index and a whole series costs no allocation when the iterator is reused.
type floatIterator struct {
	s     *series
	next  int       // the chunk to decode next
	ts    []int64   // the samples of the chunk at hand that are still to be given out, or were
	vs    []float64 // of the same length
	i     int
	bufT  []int64
	bufV  []float64
	lastT int64 // the newest time of the chunks before
	err   error
}

var _ chunkenc.Iterator = (*floatIterator)(nil)

func (it *floatIterator) reset(s *series) {
	*it = floatIterator{s: s, i: -1, bufT: it.bufT, bufV: it.bufV, lastT: math.MinInt64}
}

// Next moves to the next sample inside of the range.
func (it *floatIterator) Next() chunkenc.ValueType {
	it.i++
	if it.i < len(it.ts) || it.load() {
		return chunkenc.ValFloat
	}
	return chunkenc.ValNone
}

// Seek moves to the first sample at or after t, unless the current one is. Chunks on the way are decoded, as a server may be wrong about
// where they end.
func (it *floatIterator) Seek(t millis) chunkenc.ValueType {
	if it.i >= 0 && it.i < len(it.ts) && it.ts[it.i] >= t {
		return chunkenc.ValFloat
	}
	it.i = max(it.i, 0)
	for len(it.ts) == 0 || it.ts[len(it.ts)-1] < t {
		if !it.load() {
			return chunkenc.ValNone
		}
	}
	it.i += sort.Search(len(it.ts)-it.i, func(k int) bool { return it.ts[it.i+k] >= t })
	return chunkenc.ValFloat
}

// load decodes the next chunk that has samples inside of the range, newer than those of the chunks before, and stands on the first one
// that is in the range.
func (it *floatIterator) load() bool {
	if n := len(it.ts); n > 0 {
		it.lastT = it.ts[n-1]
	}
	for it.err == nil && it.next < len(it.s.chunks) {
		c := &it.s.chunks[it.next]
		it.next++
		if c.maxt < it.s.mint {
			continue
		}
		if c.mint > it.s.maxt {
			break
		}
		ts, vs, err := c.floats(it.bufT, it.bufV)
		if err != nil {
			it.finish()
			it.err = err
			return false
		}
		if c.enc != chunkenc.EncNone {
			it.bufT, it.bufV = ts, vs
		}
		if it.ts, it.vs = within(ts, vs, it.s.mint, it.s.maxt, it.lastT); len(it.ts) > 0 {
			it.i = 0
			return true
		}
	}
	it.finish()
	return false
}

// within cuts ordered samples down to those in [mint, maxt] and newer than last.
func within(ts []int64, vs []float64, mint, maxt, last int64) ([]int64, []float64) {
	n := len(ts)
	if n > 0 && ts[n-1] > maxt {
		n = sort.Search(n, func(k int) bool { return ts[k] > maxt })
	}
	from := 0
	if n > 0 && (ts[0] < mint || ts[0] <= last) {
		from = sort.Search(n, func(k int) bool { return ts[k] >= mint && ts[k] > last })
	}
	return ts[from:n], vs[from:n]
}

func (it *floatIterator) finish() {
	it.next, it.ts, it.vs, it.i = len(it.s.chunks), nil, nil, -1
}

// At is the current sample.
func (it *floatIterator) At() (int64, float64) { return it.ts[it.i], it.vs[it.i] }

// AtT is the time of the current sample.
func (it *floatIterator) AtT() int64 { return it.ts[it.i] }

// AtST is 0: start timestamps are not used.
func (*floatIterator) AtST() int64 { return 0 }

// AtHistogram has nothing to give for a float series.
func (it *floatIterator) AtHistogram(*histogram.Histogram) (int64, *histogram.Histogram) {
	return it.AtT(), nil
}

// AtFloatHistogram has nothing to give for a float series.
func (it *floatIterator) AtFloatHistogram(*histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	return it.AtT(), nil
}

// Err is the first corruption met.
func (it *floatIterator) Err() error { return it.err }

// mixedIterator walks a series that holds histograms: chunkenc decodes, storage's chain iterator merges overlaps, and
// samples outside of the series' range are skipped.
type mixedIterator struct {
	chunkenc.Iterator
	mint, maxt int64
	err        error
}

func newMixedIterator(s *series) chunkenc.Iterator {
	its := make([]chunkenc.Iterator, 0, len(s.chunks))
	for i := range s.chunks {
		c := &s.chunks[i]
		if c.enc == chunkenc.EncNone {
			one := &floatIterator{}
			one.reset(&series{chunks: s.chunks[i : i+1], mint: s.mint, maxt: s.maxt})
			its = append(its, one)
			continue
		}
		it, err := c.iterator()
		if err != nil {
			return &mixedIterator{Iterator: chunkenc.NewNopIterator(), err: err}
		}
		its = append(its, it)
	}
	return &mixedIterator{Iterator: storage.ChainSampleIteratorFromIterators(nil, its), mint: s.mint, maxt: s.maxt}
}

// Next moves to the next sample inside of the range.
func (it *mixedIterator) Next() (kind chunkenc.ValueType) {
	defer it.guard(&kind)
	for {
		kind = it.Iterator.Next()
		if kind == chunkenc.ValNone || it.AtT() >= it.mint {
			return it.clip(kind)
		}
	}
}

// Seek moves to the first sample at or after t.
func (it *mixedIterator) Seek(t millis) (kind chunkenc.ValueType) {
	defer it.guard(&kind)
	return it.clip(it.Iterator.Seek(max(t, it.mint)))
}

func (it *mixedIterator) clip(kind chunkenc.ValueType) chunkenc.ValueType {
	if kind == chunkenc.ValNone || it.err != nil || it.AtT() > it.maxt {
		return chunkenc.ValNone
	}
	return kind
}

// AtFloatHistogram is the current histogram; an empty one, and an error, where its bytes are damaged.
func (it *mixedIterator) AtFloatHistogram(into *histogram.FloatHistogram) (t int64, h *histogram.FloatHistogram) {
	defer func() {
		if p := recover(); p != nil {
			it.err = corrupt("chunk", "%v", p)
			it.Iterator, h = chunkenc.NewNopIterator(), &histogram.FloatHistogram{}
		}
	}()
	return it.Iterator.AtFloatHistogram(into)
}

// guard keeps a panic over damaged histogram bytes as the iterator's error.
func (it *mixedIterator) guard(kind *chunkenc.ValueType) {
	if p := recover(); p != nil {
		it.err = corrupt("chunk", "%v", p)
		it.Iterator = chunkenc.NewNopIterator()
		*kind = chunkenc.ValNone
	}
}

// Err is the first corruption met.
func (it *mixedIterator) Err() error {
	if it.err != nil {
		return it.err
	}
	if err := it.Iterator.Err(); err != nil {
		return corrupt("chunk", "%w", err)
	}
	return nil
}
