package measure

import (
	"math"
	"slices"
)

const (
	// VUSWindow is L of VUS-PR in points: buffers of 0 to L/2 points on either side of an event.
	VUSWindow = 100
	// VUSHold is the number of points over which VUS-PR's hold variant takes the running maximum of Score.
	VUSHold = 16
	// vusThresholds is the number of thresholds of a curve.
	vusThresholds = 250
)

// VUSPR is the volume under the surface of precision and recall over thresholds and buffer widths (Paparrizos et al., VLDB 2022), as TSB-AD
// computes it. For each window w of 0 to window, points up to w/2 (rounded down) off an event carry the soft label sqrt(1 - d/w) at distance d;
// those of several events are added, to at most 1. At a threshold, with O the labelled and B the sum of soft labels of the alarmed points, P the
// labelled points, and N the alarmed points:
//
//	precision = (O + B) / N
//	recall    = min(1, (O + B) / (P + B/2)) · share of the buffered events (joined where they touch) that hold an alarmed point
//
// and the area is Σ (recall_k - recall_k-1)·precision_k over 250 thresholds at even ranks of the scores, from the highest to the lowest. The
// volume is the mean of the areas over all windows, none left out. None without events.
//
// With hold > 1 the score of a point is the greatest of the last hold points of the grid, itself included: causal, as an alarm that is held.
func VUSPR(s *Series, window, hold int) Number {
	events := s.events()
	if len(events) == 0 {
		return None()
	}
	v := newVolume(s, events, s.held(hold))
	sum := 0.0
	for w := range window + 1 {
		sum += v.area(w)
	}
	return Number(sum / float64(window+1))
}

// held is Score at the measured points, or the greatest of the last hold points where that is more than one.
func (s *Series) held(hold int) []float64 {
	out := make([]float64, len(s.Score))
	for i := s.From; i < len(out); i++ {
		for k := max(s.From, i-hold+1); k <= i; k++ {
			if s.measured(k) {
				out[i] = max(out[i], s.Score[k])
			}
		}
	}
	return out
}

// volume holds what all windows share. The rank of a point is the first threshold, counted from the highest, at which it is alarmed.
type volume struct {
	events  []span
	rank    []int // per point; vusThresholds where it has no value
	within  []bool
	alarmed []float64 // N per threshold
	hits    []float64 // O per threshold
	size    float64   // P
	first   []int     // per event, the lowest rank within reach points of it
	reach   int

	soft    []float64 // per point: its soft label at the window at hand; zero between windows
	touched []int
	buffer  []float64 // per rank: the sum of soft labels
	exist   []float64 // per rank: buffered events that are first alarmed there
}

func newVolume(s *Series, events []span, score []float64) *volume {
	n := len(score)
	v := &volume{
		events: events, rank: make([]int, n), within: make([]bool, n), hits: make([]float64, vusThresholds),
		first: make([]int, len(events)), soft: make([]float64, n),
		buffer: make([]float64, vusThresholds+1), exist: make([]float64, vusThresholds+1),
	}
	thresholds, alarmed := rankThresholds(s, score)
	v.alarmed = alarmed
	for i := range v.rank {
		v.rank[i] = vusThresholds
		if s.measured(i) {
			v.rank[i], _ = slices.BinarySearchFunc(thresholds, score[i], func(threshold, at float64) int {
				if threshold <= at {
					return 1
				}
				return -1
			})
		}
	}
	for e, ev := range events {
		v.first[e] = vusThresholds
		for i := ev.from; i <= ev.to; i++ {
			v.within[i] = true
			v.first[e] = min(v.first[e], v.rank[i])
			if s.measured(i) {
				v.size++
				v.hits[v.rank[i]]++
			}
		}
	}
	for k := 1; k < vusThresholds; k++ {
		v.hits[k] += v.hits[k-1]
	}
	return v
}

// rankThresholds are the scores at vusThresholds even ranks of the measured points, descending, and how many points reach each.
func rankThresholds(s *Series, score []float64) (thresholds, alarmed []float64) {
	sorted := make([]float64, 0, len(score))
	for i, x := range score {
		if s.measured(i) {
			sorted = append(sorted, x)
		}
	}
	slices.Sort(sorted)
	last := len(sorted) - 1
	thresholds, alarmed = make([]float64, vusThresholds), make([]float64, vusThresholds)
	for k := range thresholds {
		rank := int(float64(k) * (float64(last) / (vusThresholds - 1)))
		if k == vusThresholds-1 {
			rank = last
		}
		thresholds[k] = sorted[last-rank]
		below, _ := slices.BinarySearch(sorted, thresholds[k])
		alarmed[k] = float64(len(sorted) - below)
	}
	return thresholds, alarmed
}

// area is the area under the curve of window w; windows come in ascending order.
func (v *volume) area(w int) float64 {
	v.extend(w / 2)
	v.label(w)
	groups := v.join(w / 2)
	area, before, buffered, existing := 0.0, 0.0, 0.0, 0.0
	for k := range vusThresholds {
		buffered += v.buffer[k]
		existing += v.exist[k]
		found := v.hits[k] + buffered
		recall := min(1, found/(v.size+float64(buffered/2))) * (existing / groups)
		area += float64((recall - before) * (found / v.alarmed[k]))
		before = recall
	}
	return area
}

// extend brings first up to the given reach.
func (v *volume) extend(reach int) {
	for ; v.reach < reach; v.reach++ {
		for e, ev := range v.events {
			for _, i := range [2]int{ev.from - v.reach - 1, ev.to + v.reach + 1} {
				if i >= 0 && i < len(v.rank) {
					v.first[e] = min(v.first[e], v.rank[i])
				}
			}
		}
	}
}

// label sums the soft labels of window w outside the events by rank.
func (v *volume) label(w int) {
	clear(v.buffer)
	for d := 1; d <= w/2; d++ {
		weight := math.Sqrt(1 - float64(d)/float64(w))
		for _, ev := range v.events {
			v.touch(ev.from-d, weight)
			v.touch(ev.to+d, weight)
		}
	}
	for _, i := range v.touched {
		v.buffer[v.rank[i]] += min(1, v.soft[i])
		v.soft[i] = 0
	}
	v.touched = v.touched[:0]
}

func (v *volume) touch(i int, weight float64) {
	if i < 0 || i >= len(v.soft) || v.within[i] {
		return
	}
	if v.soft[i] == 0 {
		v.touched = append(v.touched, i)
	}
	v.soft[i] += weight
}

// join counts the events whose buffers touch as one, by the rank at which the first of its points is alarmed, and gives their number.
func (v *volume) join(half int) float64 {
	clear(v.exist)
	groups, rank := 0.0, vusThresholds
	for e, ev := range v.events {
		rank = min(rank, v.first[e])
		if e+1 < len(v.events) && ev.to+half >= v.events[e+1].from-half {
			continue
		}
		v.exist[rank]++
		groups++
		rank = vusThresholds
	}
	return groups
}
