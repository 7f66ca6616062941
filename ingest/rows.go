package ingest

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/tidewatch/tidewatch"
)

// rows collects the results of a query's windows on its grid.
type rows struct {
	q    Query
	n    int
	add1 labels.Labels // added where a series has no label of the name
	byID map[uint64]int
	list []tidewatch.Row
	free []float64
	seen []uint64 // the ids of the current window, to find series that became equal
	b    *labels.Builder
}

func newRows(q Query, add labels.Labels) *rows {
	return &rows{
		q: q, n: int((q.To-q.From)/q.Step) + 1, add1: add,
		byID: map[uint64]int{}, b: labels.NewBuilder(labels.EmptyLabels()),
	}
}

// add takes one window's matrix.
func (r *rows) add(m promql.Matrix) error {
	r.seen = r.seen[:0]
	for i := range m {
		s := &m[i]
		if len(s.Floats) == 0 && len(s.Histograms) > 0 {
			return queryError(r.q.Expr, fmt.Errorf("series %s is a native histogram, not a number; take a number out of it, for example histogram_quantile(0.99, …), histogram_avg(…) or histogram_count(…)", s.Metric))
		}
		if !anyNumber(s.Floats) {
			continue
		}
		if err := r.addSeries(s); err != nil {
			return err
		}
	}
	slices.Sort(r.seen)
	if len(slices.Compact(r.seen)) != len(r.seen) {
		return queryError(r.q.Expr, errors.New("two series become equal when the source's labels are added; give one of them another label"))
	}
	return nil
}

func anyNumber(fs []promql.FPoint) bool {
	for i := range fs {
		if !math.IsNaN(fs[i].F) {
			return true
		}
	}
	return false
}

func (r *rows) addSeries(s *promql.Series) error {
	ls := r.identity(s.Metric)
	id := tidewatch.SeriesID(r.q.Detector, ls)
	r.seen = append(r.seen, id)
	i, ok := r.byID[id]
	if !ok {
		i = len(r.list)
		r.byID[id] = i
		v := r.room()
		for k := range v {
			v[k] = math.NaN()
		}
		r.list = append(r.list, tidewatch.Row{Series: tidewatch.Series{ID: id, Labels: ls}, V: v})
	}
	v := r.list[i].V
	for _, p := range s.Floats {
		v[(p.T-r.q.From)/r.q.Step] = p.F
	}
	return nil
}

// room gives the values of one more row; those of a tick come in blocks.
func (r *rows) room() []float64 {
	if len(r.free) < r.n {
		r.free = make([]float64, r.n*max(1, rowBlock/r.n))
	}
	v := r.free[:r.n:r.n]
	r.free = r.free[r.n:]
	return v
}

// rowBlock is how many values are allocated together, where a row has fewer.
const rowBlock = 256

// identity adds the source's labels.
func (r *rows) identity(ls labels.Labels) labels.Labels {
	if r.add1.IsEmpty() {
		return ls
	}
	r.b.Reset(ls)
	r.add1.Range(func(l labels.Label) {
		if r.b.Get(l.Name) == "" {
			r.b.Set(l.Name, l.Value)
		}
	})
	return r.b.Labels()
}

// tooMany says whether there are more series than the detector allows.
func (r *rows) tooMany() error {
	if r.q.MaxSeries <= 0 || len(r.list) <= r.q.MaxSeries {
		return nil
	}
	all := make([]labels.Labels, len(r.list))
	for i := range r.list {
		all[i] = r.list[i].Series.Labels
	}
	return tooManySeries(r.q, all)
}

// block gives the rows in ascending order of id.
func (r *rows) block() tidewatch.Block {
	slices.SortFunc(r.list, func(a, b tidewatch.Row) int {
		switch {
		case a.Series.ID < b.Series.ID:
			return -1
		case a.Series.ID > b.Series.ID:
			return 1
		default:
			return 0
		}
	})
	return tidewatch.Block{Detector: r.q.Detector, From: r.q.From, Step: r.q.Step, N: r.n, Rows: r.list}
}
