package baseline

import "math"

// treeDepth is the height limit of Liu et al.: log2 of the sample.
const treeDepth = 8

// averagePath[n] is c(n) of Liu et al., equation 1: the mean length of an unsuccessful search among n values.
var averagePath = func() (c [forestSample + 1]float64) {
	const eulerGamma = 0.57721566490153286061
	c[2] = 1
	for n := 3; n < len(c); n++ {
		m := float64(n - 1)
		c[n] = 2*(math.Log(m)+eulerGamma) - 2*m/float64(n)
	}
	return c
}()

// leaf and above is a branch that ends with branch-leaf values; below it is the index of a split.
const leaf = 1 << 10

type split struct {
	at      float64
	feature uint16
	branch  [2]uint16 // below at, and not
}

// tree is an isolation tree; its first split is the root, none means that all values were equal.
type tree struct{ splits []split }

// path is h(x): the splits passed and the average of what is left undivided.
func (t *tree) path(x *[shingle]float64) float64 {
	if len(t.splits) == 0 {
		return averagePath[forestSample]
	}
	at, depth := 0, 0
	for {
		s := &t.splits[at]
		side := 0
		if x[s.feature] >= s.at {
			side = 1
		}
		depth++
		if at = int(s.branch[side]); at >= leaf {
			return float64(depth) + averagePath[at-leaf]
		}
	}
}

func (t *tree) grow(of [][shingle]float64, random *counter) {
	if t.splits == nil {
		t.splits = make([]split, 0, forestSample-1)
	}
	t.splits = t.splits[:0]
	t.branch(of, 0, random)
}

// branch divides the values, which it reorders, and returns the branch's code.
func (t *tree) branch(of [][shingle]float64, depth int, random *counter) uint16 {
	if len(of) <= 1 || depth >= treeDepth {
		return uint16(leaf + len(of))
	}
	feature, lo, hi := pick(of, random)
	if lo == hi {
		return uint16(leaf + len(of))
	}
	at := lo + float64(random.unit()*(hi-lo))
	if at <= lo { // rounding must not make an empty branch
		at = math.Nextafter(lo, hi)
	}
	k := 0
	for i := range of {
		if of[i][feature] < at {
			of[i], of[k] = of[k], of[i]
			k++
		}
	}
	i := len(t.splits)
	t.splits = append(t.splits, split{})
	below := t.branch(of[:k], depth+1, random)
	above := t.branch(of[k:], depth+1, random)
	t.splits[i] = split{at: at, feature: uint16(feature), branch: [2]uint16{below, above}}
	return uint16(i)
}

// pick draws a feature that is not constant among the values, and its range; lo == hi where all are.
func pick(of [][shingle]float64, random *counter) (feature int, lo, hi float64) {
	first := random.below(shingle)
	for i := range shingle {
		feature = (first + i) % shingle
		lo, hi = of[0][feature], of[0][feature]
		for k := range of {
			lo, hi = min(lo, of[k][feature]), max(hi, of[k][feature])
		}
		if lo < hi {
			break
		}
	}
	return feature, lo, hi
}
