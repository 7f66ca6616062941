package engine

import (
	"math"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
)

// behind is what a block says of the samples behind its series, by their labels without the metric's name.
type behind map[uint64]struct{ resets, missed []float64 }

// apart takes the rows that are no series out of a block.
func apart(b tidewatch.Block) (tidewatch.Block, behind) {
	var of behind
	for i, r := range b.Rows {
		kind := r.Series.Labels.Get(tidewatch.BehindLabel)
		if kind == "" {
			if of != nil {
				b.Rows = append(b.Rows, r)
			}
			continue
		}
		if of == nil {
			of = behind{}
			b.Rows = append(make([]tidewatch.Row, 0, len(b.Rows)), b.Rows[:i]...)
		}
		key := nameless(r.Series.Labels)
		x := of[key]
		switch kind {
		case tidewatch.BehindResets:
			x.resets = r.V
		case tidewatch.BehindMissed:
			x.missed = r.V
		}
		of[key] = x
	}
	return b, of
}

// at is what is behind a series in column i; 0 where nothing is said.
func (of behind) at(ls labels.Labels, i int) (resets, missed float64) {
	if of == nil {
		return 0, 0
	}
	x := of[nameless(ls)]
	return known(x.resets, i), known(x.missed, i)
}

func known(v []float64, i int) float64 {
	if len(v) == 0 || math.IsNaN(v[i]) {
		return 0
	}
	return v[i]
}

func nameless(ls labels.Labels) uint64 {
	return labels.StableHash(ls.MatchLabels(false, model.MetricNameLabel, tidewatch.BehindLabel))
}
