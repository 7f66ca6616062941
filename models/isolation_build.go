package models

import "math"

// forestKey separates the forest's random numbers from other uses of the same seed.
const forestKey = 0x666f72657374

// buildForest grows a forest from len(samples)/features vectors (Liu et al. 2008, algorithms 1 and 2). Tree i draws its
// sample and its splits from a counter keyed by (seed, i), so that trees do not depend on each other. Fewer than two vectors
// give nil.
func buildForest(seed uint64, samples []float64) Shared {
	n := len(samples) / features
	if n < 2 {
		return nil
	}
	data := make([][features]float32, n)
	for i := range data {
		for k := range features {
			data[i][k] = float32(samples[i*features+k])
		}
	}
	f := &forest{sample: min(n, forestSample), trees: make([]tree, forestTrees)}
	all := make([]int32, n)
	for i := range all {
		all[i] = int32(i)
	}
	g := grower{data: data, tree: make([]node, 0, forestSample-1)}
	for i := range forestTrees {
		g.random = newCounter(seed, forestKey, uint64(i))
		for k := range f.sample { // the first steps of a Fisher-Yates shuffle draw without replacement
			o := k + g.random.below(n-k)
			all[k], all[o] = all[o], all[k]
		}
		g.tree = g.tree[:0]
		g.grow(all[:f.sample], 0)
		if err := f.trees[i].set(g.tree); err != nil {
			panic("models: a tree grew " + err.Error()) // grow stops at forestDepth
		}
	}
	return f.seal()
}

// grower grows one tree.
type grower struct {
	data   [][features]float32
	random counter
	tree   []node
}

// grow makes a branch of the given vectors, which it reorders, and returns its code.
func (g *grower) grow(of []int32, depth int) int {
	if len(of) <= 1 || depth >= forestDepth {
		return leafCode + len(of)
	}
	feature, lo, hi := g.pick(of)
	if feature < 0 {
		return leafCode + len(of)
	}
	split := lo + float32(g.random.unit())*(hi-lo)
	if split <= lo { // rounding must not make an empty branch
		split = math.Nextafter32(lo, hi)
	}
	k := 0
	for i, v := range of {
		if g.data[v][feature] < split {
			of[i], of[k] = of[k], v
			k++
		}
	}
	at := len(g.tree)
	g.tree = append(g.tree, node{})
	left := g.grow(of[:k], depth+1)
	right := g.grow(of[k:], depth+1)
	g.tree[at] = node{split, pack(feature, left, right)}
	return at
}

// pick draws a feature that is not constant among the vectors, and its range; -1 where all are.
func (g *grower) pick(of []int32) (feature int, lo, hi float32) {
	first := g.random.below(features)
	for i := range features {
		feature = (first + i) % features
		lo, hi = g.data[of[0]][feature], g.data[of[0]][feature]
		for _, v := range of[1:] {
			lo, hi = min(lo, g.data[v][feature]), max(hi, g.data[v][feature])
		}
		if lo < hi {
			return feature, lo, hi
		}
	}
	return -1, 0, 0
}
