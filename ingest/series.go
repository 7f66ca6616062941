package ingest

import (
	"sort"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// series is one series of a read: its chunks in order of time and not overlapping (if they hold floats), clipped to
// [mint, maxt] when iterated. It implements storage.Series.
type series struct {
	id         *identity
	lset       labels.Labels
	chunks     []chunk
	mint, maxt int64
}

// Labels is the series' identity.
func (s *series) Labels() labels.Labels { return s.lset }

// Iterator iterates over the samples of the series in strictly ascending time.
func (s *series) Iterator(reuse chunkenc.Iterator) chunkenc.Iterator {
	if s.isFloat() {
		it, ok := reuse.(*floatIterator)
		if !ok {
			it = &floatIterator{}
		}
		it.reset(s)
		return it
	}
	return newMixedIterator(s)
}

func (s *series) isFloat() bool {
	for i := range s.chunks {
		if !s.chunks[i].isFloat() {
			return false
		}
	}
	return true
}

// order sorts the chunks by time and merges those that overlap, so that one series is one ordered run. Overlaps come
// from out-of-order blocks, from requests that were split by time, and from servers that answer for several replicas.
// It gives by how many bytes the memory kept grew.
func (s *series) order() (int64, error) {
	if s.apart() {
		return 0, nil
	}
	sort.SliceStable(s.chunks, func(i, j int) bool { return s.chunks[i].mint < s.chunks[j].mint })
	if !s.isFloat() {
		return 0, nil // the mixed iterator merges as it goes
	}
	var grown int64
	out := s.chunks[:0]
	for i := 0; i < len(s.chunks); {
		j, maxt := i+1, s.chunks[i].maxt
		for j < len(s.chunks) && s.chunks[j].mint <= maxt {
			if j == i+1 && s.chunks[i].same(&s.chunks[j]) { // the same chunk in the answers to two requests
				s.chunks = append(s.chunks[:j], s.chunks[j+1:]...)
				continue
			}
			maxt = max(maxt, s.chunks[j].maxt)
			j++
		}
		c := s.chunks[i]
		if j > i+1 {
			merged, err := mergeChunks(s.chunks[i:j])
			if err != nil {
				return grown, err
			}
			grown += merged.memory()
			c = merged
		}
		out = append(out, c)
		i = j
	}
	s.chunks = out
	return grown, nil
}

// apart says that the chunks are in order and do not overlap, as nearly always.
func (s *series) apart() bool {
	for i := 1; i < len(s.chunks); i++ {
		if s.chunks[i].mint <= s.chunks[i-1].maxt {
			return false
		}
	}
	return true
}

// mergeChunks decodes overlapping float chunks into one; of equal times the sample of the earlier chunk stays.
func mergeChunks(cs []chunk) (chunk, error) {
	var (
		all chunk
		ts  []int64
		vs  []float64
		err error
	)
	for i := range cs {
		if ts, vs, err = cs[i].floats(ts, vs); err != nil {
			return all, err
		}
		all.ts, all.vs = append(all.ts, ts...), append(all.vs, vs...)
		if cs[i].enc == chunkenc.EncNone {
			ts, vs = nil, nil // they belong to the chunk
		}
	}
	return decodedChunk(all.ts, all.vs), nil
}

// decodedChunk is a chunk of the given samples, put in order.
func decodedChunk(ts []int64, vs []float64) chunk {
	ts, vs = ascending(ts, vs)
	c := chunk{ts: ts, vs: vs}
	if len(ts) > 0 {
		c.mint, c.maxt = ts[0], ts[len(ts)-1]
	}
	return c
}

// decode gives all samples of a float series in [mint, maxt], for merging replicas.
func (s *series) decode() ([]int64, []float64, error) {
	var (
		outT []int64
		outV []float64
	)
	it := &floatIterator{}
	it.reset(s)
	for it.Next() != chunkenc.ValNone {
		t, v := it.At()
		outT, outV = append(outT, t), append(outV, v)
	}
	return outT, outV, it.Err()
}
