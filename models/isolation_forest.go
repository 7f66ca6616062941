package models

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/cespare/xxhash/v2"
)

// Size of a forest (Liu, Ting & Zhou 2008, "Isolation Forest", ICDM, section 4.2 recommends both).
const (
	forestTrees  = 100
	forestSample = 256
	forestDepth  = 8 // ceil(log2(forestSample))
)

// version names a forest by its content; 0 is none.
type version uint64

// short is half of it, which is enough to tell a forest from the one before.
func (v version) short() uint32 { return uint32(v) }

// node is an inner node of a tree as a forest is built and stored. A branch below leafCode is the index of an inner node of the same
// tree; from leafCode on it is a leaf that holds branch-leafCode samples.
type node struct {
	split float32
	packed
}

// packed holds a node's feature (4 bits) and its branches (10 bits each).
type packed uint32

const leafCode = forestSample

func pack(feature, left, right int) packed { return packed(feature | left<<4 | right<<14) }

func (p packed) feature() int { return int(p & 15) }
func (p packed) left() int    { return int(p >> 4 & 1023) }
func (p packed) right() int   { return int(p >> 14 & 1023) }

// forest is an isolation forest over feature vectors: immutable, at most 100 trees.
type forest struct {
	sample  int // vectors per tree
	trees   []tree
	version version
}

// averagePath is c(n) of Liu et al., equation 1: the mean length of an unsuccessful search among n samples.
func averagePath(n int) float64 {
	switch {
	case n <= 1:
		return 0
	case n == 2:
		return 1
	}
	const eulerGamma = 0.57721566490153286061
	m := float64(n - 1)
	return 2*(math.Log(m)+eulerGamma) - 2*m/float64(n)
}

// leafPath[n] is averagePath(n).
var leafPath = func() (c [forestSample + 1]float64) {
	for n := range c {
		c[n] = averagePath(n)
	}
	return c
}()

// shortfall is by how many splits the vector is isolated earlier than the average one: c(sample) - E[h]. Liu's score is
// 2^(shortfall/c(sample)-1), which orders vectors in the same way; the shortfall is a sum over splits, so that it can be shared
// out among the features exactly.
func (f *forest) shortfall(x *[features]float32) float64 {
	var v vector
	copy(v[:], x[:])
	sum, t := 0.0, f.trees
	for ; len(t) >= abreast; t = t[abreast:] {
		for _, l := range leaves((*[abreast]tree)(t), &v) {
			sum += l.path()
		}
	}
	for i := range t {
		sum += t[i].leaf[t[i].find(&v)].path()
	}
	if f.empty() {
		return 0
	}
	return leafPath[f.sample] - sum/float64(len(f.trees))
}

// share shares the shortfall out: out[i] is feature i's part. The expected path length before a split is depth + c(n); the
// split's feature gets what the split takes off it.
func (f *forest) share(x *[features]float32) (out [features]float64) {
	var v vector
	copy(v[:], x[:])
	for i := range f.trees {
		t := &f.trees[i]
		for at, depth := 1, 0; t.splits(at, depth); depth++ {
			next := t.branch(at, &v)
			out[t.feature[at]] += (leafPath[t.size(at, depth)] - 1 - leafPath[t.size(next, depth+1)]) / float64(len(f.trees))
			at = next
		}
	}
	return out
}

// Version implements Shared.
func (f *forest) Version() uint64 { return uint64(f.version) }

const forestFormat = 1

// AppendState implements Shared.
func (f *forest) AppendState(b []byte) []byte {
	b = append(b, 'F', forestFormat)
	b = binary.LittleEndian.AppendUint16(b, uint16(f.sample))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(f.trees)))
	var nodes []node
	for i := range f.trees {
		before := len(nodes)
		nodes = f.trees[i].appendNodes(nodes)
		b = binary.LittleEndian.AppendUint16(b, uint16(len(nodes)-before))
	}
	for _, n := range nodes {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(n.split))
		b = binary.LittleEndian.AppendUint32(b, uint32(n.packed))
	}
	return b
}

// seal computes the forest's version.
func (f *forest) seal() *forest {
	f.version = version(xxhash.Sum64(f.AppendState(nil)))
	if f.version == 0 {
		f.version = 1
	}
	return f
}

// loadForest restores a forest; every branch is checked, so that no state can make a path endless.
func loadForest(b []byte) (Shared, error) {
	if len(b) < 6 || b[0] != 'F' || b[1] != forestFormat {
		return nil, fmt.Errorf("load forest: not a forest of format %d", forestFormat)
	}
	f := &forest{sample: int(binary.LittleEndian.Uint16(b[2:]))}
	trees := int(binary.LittleEndian.Uint16(b[4:]))
	b = b[6:]
	if f.sample > forestSample || trees < 1 || trees > forestTrees || len(b) < 2*trees {
		return nil, fmt.Errorf("load forest: %d trees of %d samples, want at most %d of %d, complete", trees, f.sample, forestTrees, forestSample)
	}
	sizes, b := b[:2*trees], b[2*trees:]
	f.trees = make([]tree, trees)
	for i := range f.trees {
		n := int(binary.LittleEndian.Uint16(sizes[2*i:]))
		if len(b) < 8*n {
			return nil, fmt.Errorf("load forest: tree %d: %d bytes of nodes, want %d", i, len(b), 8*n)
		}
		nodes := make([]node, n)
		for k := range nodes {
			nodes[k] = node{math.Float32frombits(binary.LittleEndian.Uint32(b[8*k:])), packed(binary.LittleEndian.Uint32(b[8*k+4:]))}
		}
		b = b[8*n:]
		err := checkTree(nodes, f.sample)
		if err == nil {
			err = f.trees[i].set(nodes)
		}
		if err != nil {
			return nil, fmt.Errorf("load forest: tree %d: %w", i, err)
		}
	}
	if len(b) != 0 {
		return nil, fmt.Errorf("load forest: %d bytes left over", len(b))
	}
	return f.seal(), nil
}

// checkTree checks that branches lead forward and that the leaves hold the samples.
func checkTree(tree []node, sample int) error {
	size := 0
	for i, n := range tree {
		if n.feature() >= features || n.split != n.split || n.packed>>24 != 0 {
			return fmt.Errorf("node %d splits feature %d at %g", i, n.feature(), n.split)
		}
		for _, to := range [2]int{n.left(), n.right()} {
			switch {
			case to > leafCode+forestSample, to < leafCode && (to <= i || to >= len(tree)):
				return fmt.Errorf("node %d leads to %d", i, to)
			case to >= leafCode:
				size += to - leafCode
			}
		}
	}
	if len(tree) > 0 && (size != sample || len(tree) >= forestSample) {
		return fmt.Errorf("%d nodes hold %d samples, want %d", len(tree), size, sample)
	}
	return nil
}
