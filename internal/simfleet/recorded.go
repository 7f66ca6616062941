package simfleet

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"

	"github.com/tidewatch/tidewatch"
)

// Recorded is a Feed of given series, for instance those of CSV files, as gauges. It is not safe for concurrent use.
type Recorded struct {
	series  []Series
	samples []sample // in order of time, then of series
	at      int      // the first not emitted
}

type sample struct {
	t    int64
	v    float64
	slot int
}

// LoadSeries takes series whose points are in ascending order of time; NaN becomes a staleness marker, so that the gap
// shows at once. Two series of the same labels, a series without a metric name and points out of order are errors.
func LoadSeries(all iter.Seq2[labels.Labels, []tidewatch.Point]) (*Recorded, error) {
	r := &Recorded{}
	seen := map[string]bool{}
	for ls, points := range all {
		key := ls.String()
		if ls.Get(model.MetricNameLabel) == "" {
			return nil, fmt.Errorf("load series %s: it has no metric name (label %s)", key, model.MetricNameLabel)
		}
		if seen[key] {
			return nil, fmt.Errorf("load series %s: given twice; labels must differ", key)
		}
		seen[key] = true
		slot := len(r.series)
		r.series = append(r.series, Series{Labels: ls, Slot: slot})
		for i, p := range points {
			if i > 0 && p.T <= points[i-1].T {
				return nil, fmt.Errorf("load series %s: point %d at %d is not after the one before at %d", key, i, p.T, points[i-1].T)
			}
			v := p.V
			if math.IsNaN(v) {
				v = math.Float64frombits(value.StaleNaN)
			}
			r.samples = append(r.samples, sample{p.T, v, slot})
		}
	}
	slices.SortFunc(r.samples, func(a, b sample) int {
		return cmp.Or(cmp.Compare(a.t, b.t), cmp.Compare(a.slot, b.slot))
	})
	return r, nil
}

// Span is the time of the first and of the last point, in Unix milliseconds; 0, 0 if there are none.
func (r *Recorded) Span() (first, last int64) {
	if len(r.samples) == 0 {
		return 0, 0
	}
	return r.samples[0].t, r.samples[len(r.samples)-1].t
}

// Len is the number of series.
func (r *Recorded) Len() int { return len(r.series) }

// AdvanceTo implements Feed.
func (r *Recorded) AdvanceTo(t int64, emit Emit) error {
	for ; r.at < len(r.samples) && r.samples[r.at].t <= t; r.at++ {
		s := r.samples[r.at]
		if err := emit(&r.series[s.slot], s.t, s.v); err != nil {
			return err
		}
	}
	return nil
}
