package engine

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/tidewatch/tidewatch/models"
)

const (
	poolSize   = 2048 // samples kept of a family in one generation
	minSamples = 256  // fewer than this build nothing
)

// pool keeps the samples with the smallest hashes of (seed, series, t): a uniform sample of everything that was offered, the
// same whatever the order or the sharding.
type pool struct {
	dim  int
	size int // samples that are kept; 0: poolSize
	hash []uint64
	vec  []float64 // dim values per hash
	max  uint64    // the largest hash kept once the pool is full
}

func sampleHash(seed, series uint64, t int64) uint64 {
	var b [24]byte
	binary.LittleEndian.PutUint64(b[:], seed)
	binary.LittleEndian.PutUint64(b[8:], series)
	binary.LittleEndian.PutUint64(b[16:], uint64(t))
	return xxhash.Sum64(b[:])
}

// wants reports whether a sample with this hash could still enter.
func (p *pool) wants(h uint64) bool {
	return len(p.hash) < 2*p.keeps() && (p.max == 0 || h <= p.max)
}

func (p *pool) keeps() int {
	if p.size == 0 {
		return poolSize
	}
	return p.size
}

func (p *pool) add(h uint64, v []float64) {
	p.hash = append(p.hash, h)
	p.vec = append(p.vec, v...)
	if len(p.hash) == 2*p.keeps() {
		p.shrink()
	}
}

// shrink sorts by hash and keeps the smallest.
func (p *pool) shrink() {
	order := make([]int, len(p.hash))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(p.hash[a], p.hash[b]) })
	keeps := p.keeps()
	n := min(len(order), keeps)
	hash, vec := make([]uint64, 0, 2*keeps), make([]float64, 0, 2*keeps*p.dim)
	for _, i := range order[:n] {
		hash = append(hash, p.hash[i])
		vec = append(vec, p.vec[i*p.dim:(i+1)*p.dim]...)
	}
	p.hash, p.vec = hash, vec
	if n == keeps {
		p.max = hash[n-1]
	}
}

func (p *pool) merge(q *pool) {
	for i, h := range q.hash {
		if p.wants(h) {
			p.add(h, q.vec[i*p.dim:(i+1)*p.dim])
		}
	}
}

// family is what the groups of one detector share: two generations of samples and the part built from them.
type family struct {
	cur, prev pool
	shared    models.Shared
}

// rebuild makes the next shared part of both generations, or returns nil while there are too few samples. turn ends the
// current generation.
func (f *family) rebuild(spec models.Spec, seed uint64, turn bool) models.Shared {
	f.cur.shrink()
	samples := slices.Concat(f.prev.vec, f.cur.vec)
	if len(samples) < minSamples*spec.Dim {
		return nil
	}
	if turn {
		f.prev, f.cur = f.cur, pool{dim: spec.Dim, size: f.cur.size}
	}
	f.shared = spec.BuildShared(seed, samples)
	return f.shared
}
