package ingest

import (
	"context"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/tidewatch/tidewatch/ingest/eval"
)

// ordered has Prometheus's engine evaluate an expression so that the same samples give the same bits every time. The engine
// collects the results of operators and functions in Go maps, and an aggregation of them adds up in another order every time. So
// what such an aggregation aggregates is evaluated before it, by a query of its own, and served to it as the series of a selector, in the
// order of their labels.
type ordered struct {
	engine   *promql.Engine
	lookback time.Duration
	data     storage.Queryable
	grid     eval.Grid
	stages   [][]storage.Series
}

// stageLabel is the label by which the selector of a stage is known; its value is the stage's number.
const stageLabel = "__tidewatch_stage__"

// subqueryStep is the step of subqueries that name none.
const subqueryStep = time.Minute

// matrix evaluates an expression that parses and hands over the result, which is valid until take returns.
func (o *ordered) matrix(ctx context.Context, text string, take func(promql.Matrix) error) error {
	e, err := exprParser.ParseExpr(text)
	if err != nil {
		return queryError(text, parseMessage(err))
	}
	changed := false
	for _, a := range aggregates(e) {
		mixed, err := o.mixed(ctx, a.expr.Expr, a.path)
		if err != nil {
			return err
		}
		if !mixed {
			continue
		}
		if err := o.stage(ctx, a.expr.Expr.String(), o.gridOf(a.path)); err != nil {
			return err
		}
		a.expr.Expr = &parser.VectorSelector{LabelMatchers: []*labels.Matcher{
			labels.MustNewMatcher(labels.MatchEqual, stageLabel, strconv.Itoa(len(o.stages)-1)),
		}}
		changed = true
	}
	if changed {
		text = e.String()
	}
	return o.run(ctx, text, o.grid, take)
}

// aggregateAt is an aggregation and what is around it, the outermost first.
type aggregateAt struct {
	expr *parser.AggregateExpr
	path []parser.Node
}

// aggregates are the aggregations of an expression in whose results the order of series shows, inner ones before outer ones.
func aggregates(e parser.Expr) (out []aggregateAt) {
	parser.Inspect(e, func(n parser.Node, path []parser.Node) error {
		if a, ok := n.(*parser.AggregateExpr); ok && eval.OrderShows(a.Op) {
			out = append(out, aggregateAt{a, slices.Clone(path)})
		}
		return nil
	})
	slices.Reverse(out)
	return out
}

// gridOf are the times at which the engine evaluates what lies at the end of a path: those of the innermost subquery in it.
func (o *ordered) gridOf(path []parser.Node) eval.Grid {
	var (
		inner parser.Expr = &parser.VectorSelector{}
		step  time.Duration
	)
	for i := len(path) - 1; i >= 0; i-- {
		q, ok := path[i].(*parser.SubqueryExpr)
		if !ok {
			continue
		}
		around := *q
		around.Expr = inner
		inner = &around
		if step == 0 {
			step = q.Step
			if step == 0 {
				step = subqueryStep
			}
		}
	}
	if step == 0 {
		return o.grid
	}
	mint, maxt := promql.FindMinMaxTime(&parser.EvalStmt{
		Expr: inner, Start: time.UnixMilli(o.grid.From), End: time.UnixMilli(o.grid.To), Interval: time.Duration(o.grid.Step) * time.Millisecond,
		LookbackDelta: o.lookback,
	})
	ms := step.Milliseconds()
	return eval.Grid{From: ceilTo(mint+o.lookback.Milliseconds(), ms), To: maxt - (maxt%ms+ms)%ms, Step: ms}
}

// run evaluates an expression whose selectors may be stages.
func (o *ordered) run(ctx context.Context, text string, g eval.Grid, take func(promql.Matrix) error) error {
	query, err := o.engine.NewRangeQuery(ctx, &stagedQueryable{o}, promql.NewPrometheusQueryOpts(false, o.lookback, nil), text,
		time.UnixMilli(g.From), time.UnixMilli(g.To), time.Duration(g.Step)*time.Millisecond)
	if err != nil {
		return queryError(text, err)
	}
	defer query.Close()
	m, err := query.Exec(ctx).Matrix()
	if err != nil {
		return err
	}
	return take(m)
}

// stage evaluates an expression and keeps its series; the engine's result is in the order of their labels.
func (o *ordered) stage(ctx context.Context, text string, g eval.Grid) error {
	list := []storage.Series{}
	if g.From <= g.To {
		err := o.run(ctx, text, g, func(m promql.Matrix) error {
			for i := range m {
				list = append(list, promql.NewStorageSeries(withGaps(m[i], g)))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	o.stages = append(o.stages, list)
	return nil
}

// withGaps copies a series, with a staleness marker at the first time of every gap, so that a selector sees each point at its own
// time only.
func withGaps(s promql.Series, g eval.Grid) promql.Series {
	out := promql.Series{Metric: s.Metric, Histograms: slices.Clone(s.Histograms), Floats: make([]promql.FPoint, 0, len(s.Floats)+1)}
	floats, histograms, before := s.Floats, s.Histograms, false
	for t := g.From; t <= g.To; t += g.Step {
		switch {
		case len(floats) > 0 && floats[0].T == t:
			out.Floats = append(out.Floats, floats[0])
			floats, before = floats[1:], true
		case len(histograms) > 0 && histograms[0].T == t:
			histograms, before = histograms[1:], true
		case before:
			out.Floats = append(out.Floats, promql.FPoint{T: t, F: math.Float64frombits(value.StaleNaN)})
			before = false
		}
	}
	return out
}

// stagedQueryable is the data with the stages evaluated so far.
type stagedQueryable struct{ o *ordered }

// Querier implements storage.Queryable.
func (q *stagedQueryable) Querier(mint, maxt int64) (storage.Querier, error) {
	data, err := q.o.data.Querier(mint, maxt)
	return &stagedQuerier{Querier: data, o: q.o}, err
}

type stagedQuerier struct {
	storage.Querier
	o *ordered
}

// Select gives a stage's series, or those of the data.
func (q *stagedQuerier) Select(ctx context.Context, inOrder bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.SeriesSet {
	if len(ms) != 1 || ms[0].Name != stageLabel {
		return q.Querier.Select(ctx, inOrder, hints, ms...)
	}
	n, err := strconv.Atoi(ms[0].Value)
	if err != nil || n < 0 || n >= len(q.o.stages) {
		return storage.EmptySeriesSet()
	}
	return &listSet[storage.Series]{list: q.o.stages[n]}
}
