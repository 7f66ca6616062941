package ingest

import (
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// mergeReplicas makes one series out of each run of series with equal labels. The list is sorted; the first of a run is
// the preferred replica.
//
// Samples of replicas are not simply interleaved: two Prometheus servers scrape one counter at different moments and
// stamp it differently, so that an interleaved counter may step back, which rate() takes for a reset. Instead the first
// replica is used wherever it has samples, and its gaps (longer than two of its usual intervals, the ends of the range
// included) are filled from the next replica, with samples at least half an interval away from its own.
//
// Of replicas that hold native histograms, the first one that has samples in the range is used alone.
func mergeReplicas(list []*series, b *budget) ([]*series, error) {
	out := list[:0]
	for i := 0; i < len(list); {
		j := i + 1
		for j < len(list) && labels.Equal(list[i].lset, list[j].lset) {
			j++
		}
		s := list[i]
		if j > i+1 {
			if err := s.fillFrom(list[i+1:j], b); err != nil {
				return nil, fmt.Errorf("merging replicas of %s: %w", s.lset, err)
			}
		}
		out = append(out, s)
		i = j
	}
	return out, nil
}

func (s *series) fillFrom(others []*series, b *budget) error {
	if !s.isFloat() {
		return nil
	}
	ts, vs, err := s.decode()
	if err != nil {
		return err
	}
	for _, o := range others {
		if !o.isFloat() {
			continue
		}
		ots, ovs, err := o.decode()
		if err != nil {
			return err
		}
		ts, vs = fillGaps(ts, vs, ots, ovs, s.mint, s.maxt)
	}
	c := decodedChunk(ts, vs)
	s.chunks = []chunk{c}
	return b.add(c.memory(), 0)
}

// fillGaps adds to the samples (ts, vs) those of (ots, ovs) that lie in gaps of the former within [mint, maxt].
func fillGaps(ts []int64, vs []float64, ots []int64, ovs []float64, mint, maxt int64) ([]int64, []float64) {
	if len(ts) == 0 {
		return ots, ovs
	}
	interval := usualInterval(ts, ots)
	var (
		outT []int64
		outV []float64
		k    int // the next sample of the other replica
	)
	fill := func(after, before int64) { // samples strictly inside (after, before)
		for k < len(ots) && ots[k] <= after {
			k++
		}
		for k < len(ots) && ots[k] < before {
			outT, outV = append(outT, ots[k]), append(outV, ovs[k])
			k++
		}
	}
	near := interval / 2
	if ts[0]-mint > 2*interval {
		fill(mint-1, ts[0]-near)
	}
	for i := range ts {
		if i > 0 && ts[i]-ts[i-1] > 2*interval {
			fill(ts[i-1]+near, ts[i]-near)
		}
		outT, outV = append(outT, ts[i]), append(outV, vs[i])
	}
	if last := ts[len(ts)-1]; maxt-last > 2*interval {
		fill(last+near, maxt+1)
	}
	return outT, outV
}

// usualInterval is the median distance of neighbouring samples, from the first slice that has two of them, else 1.
func usualInterval(candidates ...[]int64) int64 {
	for _, ts := range candidates {
		if len(ts) < 2 {
			continue
		}
		d := make([]int64, len(ts)-1)
		for i := range d {
			d[i] = ts[i+1] - ts[i]
		}
		slices.Sort(d)
		return d[len(d)/2]
	}
	return 1
}
