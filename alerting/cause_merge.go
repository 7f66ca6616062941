package alerting

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

const (
	causeCertain = 4.0             // deviations that chance does not give
	causeEffect  = 0.06            // excess correlation of a pair below which moving together means nothing
	causeShare   = 4               // the strongest pair in so many counts for the effect: a cascade is a chain, its ends are far apart
	causeAlpha   = 0.01            // largest P of a cause
	causeNear    = 2*causeLags + 1 // smaller shifts look at some of the same lags
	causeDraws   = 999
	causeTries   = 8
	causeSeed    = 0x7469646577617463
)

// bond is what holds two sets of alarms together: the sum of step over the pairs between them, b shifted against a.
type bond struct {
	a, b   int // a < b
	step   []float64
	excess []float64 // of each pair, the largest first
	z      float64
}

// bonds is the graph of sets; a set is called after its first alarm.
type bonds []map[int]*bond

// mergeCauses parts n alarms into sets of indices, each in ascending order.
func mergeCauses(n int, pairs []causePair) [][]int {
	g := make(bonds, n)
	sets := make([][]int, n)
	for i := range sets {
		sets[i], g[i] = []int{i}, map[int]*bond{}
	}
	for _, p := range pairs {
		excess, _ := overChance(p.step)
		g.put(&bond{a: p.a, b: p.b, step: p.step, excess: []float64{excess}})
	}
	for {
		best := g.best()
		if best == nil {
			break
		}
		sets[best.a] = append(sets[best.a], sets[best.b]...)
		sets[best.b] = nil
		g.merge(best.a, best.b)
	}
	sets = slices.DeleteFunc(sets, func(s []int) bool { return s == nil })
	for _, s := range sets {
		slices.Sort(s)
	}
	return sets
}

func (g bonds) put(b *bond) {
	b.z = certainty(b)
	g[b.a][b.b], g[b.b][b.a] = b, b
}

// best is the most certain bond, of several the first by its sets; nil if none is certain enough.
func (g bonds) best() *bond {
	var best *bond
	for a := range g {
		for b, e := range g[a] {
			if a < b && e.z >= causeCertain && (best == nil || compareBonds(e, best) < 0) {
				best = e
			}
		}
	}
	return best
}

func compareBonds(x, y *bond) int {
	return cmp.Or(cmp.Compare(y.z, x.z), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
}

// merge puts set b into set a.
func (g bonds) merge(a, b int) {
	delete(g[a], b)
	delete(g[b], a)
	for _, c := range slices.Sorted(maps.Keys(g[b])) {
		e := g[b][c]
		sum := &bond{a: min(a, c), b: max(a, c), step: e.seenFrom(b), excess: slices.Clone(e.excess)}
		if old := g[a][c]; old != nil {
			sum.excess = append(sum.excess, old.excess...)
			slices.SortFunc(sum.excess, func(x, y float64) int { return cmp.Compare(y, x) })
			for k, v := range old.seenFrom(a) {
				sum.step[k] += v
			}
		}
		if sum.a != a {
			sum.step = reversed(sum.step)
		}
		delete(g[c], b)
		g.put(sum)
	}
	g[b] = nil
}

// seenFrom is a copy of step with the other set shifted against the given one.
func (e *bond) seenFrom(set int) []float64 {
	if set == e.a {
		return slices.Clone(e.step)
	}
	return reversed(e.step)
}

func reversed(step []float64) []float64 {
	n := len(step)
	out := make([]float64, n)
	for k := range out {
		out[k] = step[(n-k)%n]
	}
	return out
}

// certainty is z of Causes, 0 where the effect is too small to count.
func certainty(e *bond) float64 {
	strongest := e.excess[:(len(e.excess)+causeShare-1)/causeShare]
	sum := 0.0
	for _, v := range strongest {
		sum += v
	}
	if sum < causeEffect*float64(len(strongest)) {
		return 0
	}
	_, z := overChance(e.step)
	return z
}

// overChance is by how much step[0] exceeds the mean over the shifts, and the same in deviations.
func overChance(step []float64) (excess, z float64) {
	null := step[causeNear : len(step)-causeNear+1]
	sum, squares := 0.0, 0.0
	for _, v := range null {
		sum += v
	}
	mean := sum / float64(len(null))
	for _, v := range null {
		squares += float64((v - mean) * (v - mean))
	}
	excess = step[0] - mean
	if squares == 0 {
		return excess, 0
	}
	return excess, excess / math.Sqrt(squares/float64(len(null)))
}

// shiftTest is P of Causes for a set of alarms.
func shiftTest(set []int, pairs []causePair) float64 {
	if len(set) < 2 {
		return 1
	}
	var within []causePair
	observed := 0.0
	for _, p := range pairs {
		_, a := slices.BinarySearch(set, p.a)
		_, b := slices.BinarySearch(set, p.b)
		if a && b {
			within = append(within, p)
			observed += p.step[0]
		}
	}
	n := len(within[0].step)
	reached := 0
	shift := make([]int, set[len(set)-1]+1)
	draw := uint64(causeSeed)
	for range causeDraws {
		draw = drawShifts(draw, shift, set, n)
		sum := 0.0
		for _, p := range within {
			sum += p.step[(shift[p.b]-shift[p.a]+n)%n]
		}
		if sum >= observed {
			reached++
		}
	}
	return float64(1+reached) / (1 + causeDraws)
}

// drawShifts draws a shift in [0, n) for each alarm of the set, and draws again, up to causeTries times, one that is so near to an
// earlier one that the two would be compared at the lags that were observed. It returns the state of the source.
func drawShifts(draw uint64, shift, set []int, n int) uint64 {
	for at, i := range set {
		for range causeTries {
			draw += 0x9e3779b97f4a7c15
			s := int(splitMix(draw) % uint64(n))
			shift[i] = s
			if !slices.ContainsFunc(set[:at], func(j int) bool {
				apart := (s - shift[j] + n) % n
				return min(apart, n-apart) < causeNear
			}) {
				break
			}
		}
	}
	return draw
}

// splitMix is the finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
func splitMix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
