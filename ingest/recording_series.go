package ingest

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// Sources are the names of the sources that the recording has something of, sorted.
func (r *Recording) Sources() []string { return slices.Sorted(maps.Keys(r.sources)) }

// EachSeries calls each with the samples of every series of a source, in order of name and labels, until it returns an error. The
// labels are those that the server itself holds: without its external labels. Samples are in strictly ascending time; of equal times the
// first that was recorded stays.
func (r *Recording) EachSeries(source string, each func(storage.Series) error) error {
	src := r.sources[source]
	if src == nil {
		return fmt.Errorf("recording %s: it has nothing of the source %q", r.dir, source)
	}
	sorted := slices.Clone(src.series)
	slices.SortStableFunc(sorted, func(a, b *recordedSeries) int {
		return strings.Compare(a.lset.Get(model.MetricNameLabel), b.lset.Get(model.MetricNameLabel))
	})
	for _, one := range sorted {
		s, err := r.whole(one, src.external)
		if err != nil {
			return err
		}
		if err := each(s); err != nil {
			return err
		}
	}
	return nil
}

// whole reads all chunks of a series.
func (r *Recording) whole(one *recordedSeries, external labels.Labels) (*series, error) {
	b := labels.NewBuilder(one.lset)
	external.Range(func(l labels.Label) {
		if one.lset.Get(l.Name) == l.Value {
			b.Del(l.Name)
		}
	})
	s := &series{lset: b.Labels(), mint: math.MinInt64, maxt: math.MaxInt64}
	for _, c := range one.chunks {
		data, err := r.data(c)
		if err != nil {
			return nil, err
		}
		padded := append(append(make([]byte, 0, len(data)+slack), data...), make([]byte, slack)...)
		s.chunks = append(s.chunks, chunk{mint: c.mint, maxt: c.maxt, enc: c.enc, size: len(data), padded: padded})
	}
	if _, err := s.order(); err != nil {
		return nil, fmt.Errorf("recording %s: series %s: %w", r.dir, one.lset, err)
	}
	return s, nil
}
