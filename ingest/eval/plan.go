package eval

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
)

// ErrEngine says that the data have what this package leaves to Prometheus's engine.
var ErrEngine = errors.New("to be evaluated by the PromQL engine")

// absent stands where a series has no point: Prometheus's staleness marker, which no operation gives as a result.
var absent = math.Float64frombits(value.StaleNaN)

// Absent says whether a series has no point there. NaN is a value.
func Absent(v float64) bool { return math.Float64bits(v) == value.StaleNaN }

// Plan is a compiled expression. It is safe for concurrent use.
type Plan struct {
	root  node
	reads []*selection
}

// Grid is the times From, From+Step, …, To, both included; Unix milliseconds.
type Grid struct{ From, To, Step int64 }

// Options bound an evaluation.
type Options struct {
	LookbackDelta time.Duration // how old the newest sample may be for an instant selector
	MaxPoints     int           // most points of series kept, a promql.ErrTooManySamples beyond it; 0 is no limit
}

// Series is a series of the result with a value for each time of the grid, Absent where it has none. The values are valid
// only until the function that got them returns.
type Series struct {
	Labels labels.Labels
	V      []float64
}

// node is a part of an expression that gives series. each calls yield with one after the other; the values are overwritten
// by the next.
type node interface {
	each(r *run, yield func(Series) error) error
}

// run is one evaluation of a plan.
type run struct {
	ctx    context.Context
	grid   Grid
	n      int
	opts   Options
	sets   []storage.SeriesSet // of the plan's reads
	points int                 // kept
}

// selection is one selector of an expression.
type selection struct {
	index    int // in Plan.reads
	matchers []*labels.Matcher
	offset   int64 // milliseconds
	span     int64 // the range of a range selector; 0 for an instant selector
}

// Run evaluates the plan and calls yield for every series of the result that has a point. The order is that of the engine.
func (p *Plan) Run(ctx context.Context, data storage.Queryable, grid Grid, opts Options, yield func(Series) error) (err error) {
	if grid.Step <= 0 || grid.To < grid.From {
		return fmt.Errorf("evaluate from %d to %d by %d ms: no such grid", grid.From, grid.To, grid.Step)
	}
	r := &run{ctx: ctx, grid: grid, n: int((grid.To-grid.From)/grid.Step) + 1, opts: opts}
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for _, s := range p.reads {
		from, to := s.bounds(r)
		first, last = min(first, from), max(last, to)
	}
	q, err := data.Querier(first, last)
	if err != nil {
		return fmt.Errorf("expanding series: %w", err)
	}
	defer func() { err = errors.Join(err, q.Close()) }()
	// All of them before the first is read: a source can then read them at once.
	for _, s := range p.reads {
		from, to := s.bounds(r)
		hints := &storage.SelectHints{Start: from, End: to, Step: grid.Step, Range: s.span}
		r.sets = append(r.sets, q.Select(ctx, false, hints, s.matchers...))
	}
	return p.root.each(r, yield)
}

// bounds are the times of the samples wanted.
func (s *selection) bounds(r *run) (from, to int64) {
	back := s.span
	if back == 0 {
		back = r.opts.LookbackDelta.Milliseconds()
	}
	return r.grid.From - s.offset - back + 1, r.grid.To - s.offset
}

// at is the time of a step.
func (r *run) at(k int) int64 { return r.grid.From + int64(k)*r.grid.Step }

// keep accounts for one more series that is kept.
func (r *run) keep() error {
	r.points += r.n
	if r.opts.MaxPoints > 0 && r.points > r.opts.MaxPoints {
		return promql.ErrTooManySamples("query execution")
	}
	return nil
}

// blank is a series of n absent points.
func blank(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = absent
	}
	return v
}

// present says whether there is a point at all.
func present(v []float64) bool {
	for _, x := range v {
		if !Absent(x) {
			return true
		}
	}
	return false
}

// Compile makes a plan of an expression; nil if the engine must evaluate it. The expression belongs to the plan afterwards.
func Compile(e parser.Expr) *Plan {
	c := compiler{}
	root, ok := c.vector(e)
	if !ok || len(c.reads) == 0 {
		return nil
	}
	return &Plan{root: root, reads: c.reads}
}
