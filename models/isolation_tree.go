package models

import "fmt"

// tree is an isolation tree laid out for walking: a complete binary tree of forestDepth levels, the branches of node i at 2i and 2i+1, the
// root at 1. What lies below a leaf of lesser depth splits at 0 and ends in that leaf either way, so that every walk is forestDepth steps
// without a jump: which way a value goes cannot be predicted.
type tree struct {
	split   [forestSample]float32
	feature [forestSample]uint8
	leaf    [forestSample]leaf
}

// vector is a feature vector with room for every feature that 4 bits can name.
type vector [16]float32

// leaf is where a walk ends: the depth of the leaf and the samples that it holds.
type leaf uint16

const leafSizes = forestSample + 1

func newLeaf(depth, size int) leaf { return leaf(depth*leafSizes + size) }

func (l leaf) depth() int { return int(l) / leafSizes }
func (l leaf) size() int  { return int(l) % leafSizes }

// leafPaths[l] is the path length that leaf l stands for: its depth and the average path among its samples.
var leafPaths = func() (p [(forestDepth + 1) * leafSizes]float64) {
	for l := range p {
		p[l] = float64(leaf(l).depth()) + leafPath[leaf(l).size()]
	}
	return p
}()

func (l leaf) path() float64 { return leafPaths[l] }

// next is the branch of node at, cut to 8 bits, that v leads to.
func (t *tree) next(at uint8, v *vector) uint8 {
	right := uint8(1)
	if v[t.feature[at]&15] < t.split[at] {
		right = 0
	}
	return 2*at + right
}

// find is the leaf that v leads to: after forestDepth branches the number of the node is 256 more than the leaf's.
func (t *tree) find(v *vector) uint8 {
	at := uint8(1)
	for range forestDepth {
		at = t.next(at, v)
	}
	return at
}

// abreast is how many trees are walked at once: a walk waits for memory at every step, and walks do not wait for each other.
const abreast = 4

// leaves are those that v leads to.
func leaves(t *[abreast]tree, v *vector) [abreast]leaf {
	a, b, c, d := uint8(1), uint8(1), uint8(1), uint8(1)
	for range forestDepth {
		a, b, c, d = t[0].next(a, v), t[1].next(b, v), t[2].next(c, v), t[3].next(d, v)
	}
	return [abreast]leaf{t[0].leaf[a], t[1].leaf[b], t[2].leaf[c], t[3].leaf[d]}
}

// branch is next for a walk that may stop at any node.
func (t *tree) branch(at int, v *vector) int {
	if v[t.feature[at]&15] < t.split[at] {
		return 2 * at
	}
	return 2*at + 1
}

// first is the leftmost leaf below node at.
func (t *tree) first(at, depth int) leaf { return t.leaf[at<<(forestDepth-depth)-forestSample] }

// splits reports whether node at is an inner node.
func (t *tree) splits(at, depth int) bool { return t.first(at, depth).depth() > depth }

// size is the number of samples below node at.
func (t *tree) size(at, depth int) int {
	if !t.splits(at, depth) {
		return t.first(at, depth).size()
	}
	return t.size(2*at, depth+1) + t.size(2*at+1, depth+1)
}

// set lays out a tree of checked nodes; without any it is one leaf of nothing.
func (t *tree) set(nodes []node) error {
	if len(nodes) == 0 {
		return nil
	}
	return t.place(nodes, 0, 1, 0)
}

// place puts branch code of the nodes at node at.
func (t *tree) place(nodes []node, code, at, depth int) error {
	if code >= leafCode {
		first := at<<(forestDepth-depth) - forestSample
		for i := range 1 << (forestDepth - depth) {
			t.leaf[first+i] = newLeaf(depth, code-leafCode)
		}
		return nil
	}
	if depth == forestDepth {
		return fmt.Errorf("deeper than %d", forestDepth)
	}
	n := nodes[code]
	t.split[at], t.feature[at] = n.split, uint8(n.feature())
	if err := t.place(nodes, n.left(), 2*at, depth+1); err != nil {
		return err
	}
	return t.place(nodes, n.right(), 2*at+1, depth+1)
}

// appendNodes appends the tree's nodes in the order in which they are stored: a node, its left branch, its right branch.
func (t *tree) appendNodes(to []node) []node {
	if t.splits(1, 0) {
		to, _ = t.appendBranch(to, len(to), 1, 0)
	}
	return to
}

// appendBranch appends what lies at node at of the tree that begins at to[root], and returns its code.
func (t *tree) appendBranch(to []node, root, at, depth int) ([]node, int) {
	if !t.splits(at, depth) {
		return to, leafCode + t.first(at, depth).size()
	}
	here := len(to)
	to = append(to, node{})
	to, left := t.appendBranch(to, root, 2*at, depth+1)
	to, right := t.appendBranch(to, root, 2*at+1, depth+1)
	to[here] = node{t.split[at], pack(int(t.feature[at]), left, right)}
	return to, here - root
}

// empty reports whether no tree has a split: all samples were equal.
func (f *forest) empty() bool {
	for i := range f.trees {
		if f.trees[i].splits(1, 0) {
			return false
		}
	}
	return true
}
