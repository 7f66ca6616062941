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
	r.begin()
	for i := range m {
		s := &m[i]
		if len(s.Floats) == 0 && len(s.Histograms) > 0 {
			return queryError(r.q.Expr, fmt.Errorf("series %s is a native histogram, not a number; take a number out of it, for example histogram_quantile(0.99, …), histogram_avg(…) or histogram_count(…)", s.Metric))
		}
		if !slices.ContainsFunc(s.Floats, func(p promql.FPoint) bool { return !math.IsNaN(p.F) }) {
			continue
		}
		v := r.row(s.Metric)
		for _, p := range s.Floats {
			v[(p.T-r.q.From)/r.q.Step] = p.F
		}
	}
	return r.end()
}

// put takes one series of a window that begins at from.
func (r *rows) put(ls labels.Labels, from int64, values []float64) {
	if !slices.ContainsFunc(values, func(x float64) bool { return !math.IsNaN(x) }) {
		return
	}
	v := r.row(ls)[(from-r.q.From)/r.q.Step:]
	for k, x := range values {
		if !math.IsNaN(x) {
			v[k] = x
		}
	}
}

// begin begins a window.
func (r *rows) begin() { r.seen = r.seen[:0] }

// mark says how many rows there are.
func (r *rows) mark() int { return len(r.list) }

// forget takes everything back that was put since a mark, in a window that begins at from.
func (r *rows) forget(mark int, from int64) {
	for _, row := range r.list[mark:] {
		delete(r.byID, row.Series.ID)
	}
	clear(r.list[mark:])
	r.list = r.list[:mark]
	for _, row := range r.list {
		v := row.V[(from-r.q.From)/r.q.Step:]
		for k := range v {
			v[k] = math.NaN()
		}
	}
}

// end ends a window; no two series of it may have become equal.
func (r *rows) end() error {
	slices.Sort(r.seen)
	if len(slices.Compact(r.seen)) != len(r.seen) {
		return queryError(r.q.Expr, errors.New("two series become equal when the source's labels are added; give one of them another label"))
	}
	return nil
}

// row gives the values of a series over the whole range, NaN at first.
func (r *rows) row(metric labels.Labels) []float64 {
	ls := r.identity(metric)
	id := tidewatch.SeriesID(r.q.Detector, ls)
	r.seen = append(r.seen, id)
	if i, ok := r.byID[id]; ok {
		return r.list[i].V
	}
	r.byID[id] = len(r.list)
	v := r.room()
	for k := range v {
		v[k] = math.NaN()
	}
	r.list = append(r.list, tidewatch.Row{Series: tidewatch.Series{ID: id, Labels: ls}, V: v})
	return v
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
	if r.q.MaxSeries <= 0 || len(r.list) <= r.q.MaxSeries*max(1, r.q.Beyond) {
		return nil
	}
	all := make([]labels.Labels, len(r.list))
	for i := range r.list {
		all[i] = r.list[i].Series.Labels
	}
	return TooManySeries(r.q, all)
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
