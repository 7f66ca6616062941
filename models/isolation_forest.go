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

// node is an inner node of a tree. A branch below leafCode is the index of an inner node of the same tree; from leafCode on
// it is a leaf that holds branch-leafCode samples.
type node struct {
	split float32
	packed
}

// packed holds a node's feature (4 bits) and its branches (10 bits each).
type packed uint32

const leafCode = forestSample

func pack(feature, left, right int) packed { return packed(feature | left<<4 | right<<14) }

func (p packed) feature() int { return int(p & 15) }

// branch is where v leads. The shift is chosen without a jump: which way a value goes cannot be predicted.
func (n node) branch(v float32) int {
	shift := 14
	if v < n.split {
		shift = 4
	}
	return int(n.packed >> (shift & 31) & 1023)
}

func (p packed) left() int  { return int(p >> 4 & 1023) }
func (p packed) right() int { return int(p >> 14 & 1023) }

// forest is an isolation forest over feature vectors: immutable, at most 100 trees of 255 inner nodes of 8 bytes.
type forest struct {
	sample  int // vectors per tree
	nodes   []node
	start   []uint32 // first node of each tree; one more than there are trees
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
	sum := 0.0
	for i, from := range f.start[:len(f.start)-1] {
		sum += path(f.nodes[from:f.start[i+1]], x)
	}
	if len(f.nodes) == 0 {
		return 0
	}
	return leafPath[f.sample] - sum/float64(len(f.start)-1)
}

// path is the path length of x in one tree.
func path(tree []node, x *[features]float32) float64 {
	at, depth := 0, 0
	if len(tree) == 0 { // all samples were equal: nothing is known
		return 0
	}
	for {
		n := tree[at]
		depth++
		if at = n.branch(x[n.feature()]); at >= leafCode {
			return float64(depth) + leafPath[at-leafCode]
		}
	}
}

// share shares the shortfall out: out[i] is feature i's part. The expected path length before a split is depth + c(n); the
// split's feature gets what the split takes off it.
func (f *forest) share(x *[features]float32) (out [features]float64) {
	trees := float64(len(f.start) - 1)
	for i, from := range f.start[:len(f.start)-1] {
		tree := f.nodes[from:f.start[i+1]]
		for at := 0; len(tree) > 0; {
			n := tree[at]
			next := n.branch(x[n.feature()])
			size := branchSize(tree, next)
			out[n.feature()] += (leafPath[branchSize(tree, at)] - 1 - leafPath[size]) / trees
			if next >= leafCode {
				break
			}
			at = next
		}
	}
	return out
}

// branchSize is the number of samples below a branch.
func branchSize(tree []node, branch int) int {
	if branch >= leafCode {
		return branch - leafCode
	}
	return branchSize(tree, tree[branch].left()) + branchSize(tree, tree[branch].right())
}

// Version implements Shared.
func (f *forest) Version() uint64 { return uint64(f.version) }

const forestFormat = 1

// AppendState implements Shared.
func (f *forest) AppendState(b []byte) []byte {
	b = append(b, 'F', forestFormat)
	b = binary.LittleEndian.AppendUint16(b, uint16(f.sample))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(f.start)-1))
	for i, from := range f.start[:len(f.start)-1] {
		b = binary.LittleEndian.AppendUint16(b, uint16(f.start[i+1]-from))
	}
	for _, n := range f.nodes {
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
	f.start = make([]uint32, 1, trees+1)
	for range trees {
		f.start = append(f.start, f.start[len(f.start)-1]+uint32(binary.LittleEndian.Uint16(b)))
		b = b[2:]
	}
	if total := int(f.start[trees]); len(b) != 8*total || total > forestTrees*(forestSample-1) {
		return nil, fmt.Errorf("load forest: %d bytes of nodes, want %d", len(b), 8*total)
	}
	for ; len(b) > 0; b = b[8:] {
		f.nodes = append(f.nodes, node{math.Float32frombits(binary.LittleEndian.Uint32(b)), packed(binary.LittleEndian.Uint32(b[4:]))})
	}
	for i := range trees {
		if err := checkTree(f.nodes[f.start[i]:f.start[i+1]], f.sample); err != nil {
			return nil, fmt.Errorf("load forest: tree %d: %w", i, err)
		}
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
