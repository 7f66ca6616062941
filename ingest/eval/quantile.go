package eval

import (
	"math"
	"slices"
	"strconv"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/schema"
)

// quantile is histogram_quantile over classic histograms.
type quantile struct {
	q  scalar
	of node
}

// classic is one histogram: its buckets' bounds and counts, in the order in which they came.
type classic struct {
	labels labels.Labels
	bounds []float64
	counts [][]float64
}

func (q *quantile) each(r *run, yield func(Series) error) error {
	list, err := q.histograms(r)
	if err != nil {
		return err
	}
	level := q.q.values(r)
	seen := identities{}
	v := make([]float64, r.n)
	var buckets promql.Buckets
	for _, h := range list {
		some := false
		for k := range v {
			buckets = buckets[:0]
			for i, bound := range h.bounds {
				if x := h.counts[i][k]; !Absent(x) {
					buckets = append(buckets, promql.Bucket{UpperBound: bound, Count: x})
				}
			}
			v[k] = absent
			if len(buckets) > 0 {
				v[k], _, _, _, _, _ = promql.BucketQuantile(level[k], buckets)
				some = true
			}
		}
		if !some {
			continue
		}
		if !seen.add(h.labels) {
			return ErrEngine
		}
		if err := yield(Series{h.labels, v}); err != nil {
			return err
		}
	}
	return nil
}

// histograms collects the buckets; series without a bound are left out.
func (q *quantile) histograms(r *run) ([]*classic, error) {
	var (
		list  []*classic
		byKey = map[string]*classic{}
		key   []byte
		b     = labels.NewBuilder(labels.EmptyLabels())
	)
	err := q.of.each(r, func(s Series) error {
		bound, ok := upperBound(s.Labels)
		if !ok {
			return nil
		}
		key = s.Labels.BytesWithoutLabels(key, model.BucketLabel)
		h, ok := byKey[string(key)]
		if !ok {
			b.Reset(s.Labels)
			h = &classic{labels: b.Del(model.BucketLabel).Labels().DropReserved(schema.IsMetadataLabel)}
			byKey[string(key)] = h
			list = append(list, h)
		}
		h.bounds, h.counts = append(h.bounds, bound), append(h.counts, slices.Clone(s.V))
		return r.keep()
	})
	return list, err
}

func upperBound(ls labels.Labels) (float64, bool) {
	x, err := strconv.ParseFloat(ls.Get(model.BucketLabel), 64)
	return x, err == nil && !math.IsNaN(x)
}
