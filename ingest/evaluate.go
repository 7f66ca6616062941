package ingest

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/tidewatch/tidewatch/ingest/eval"
)

// evaluation evaluates the expression of one query, window by window: with package eval where that knows it, else with
// Prometheus's engine. Both give the same bits, every time.
type evaluation struct {
	q         Query
	plan      *eval.Plan // nil: by the engine
	engine    *promql.Engine
	lookback  time.Duration
	maxPoints int
}

// newEvaluation prepares a query whose expression is known to parse.
func newEvaluation(q Query, engine *promql.Engine, lookback time.Duration, maxPoints int) *evaluation {
	e := &evaluation{q: q, engine: engine, lookback: lookback, maxPoints: maxPoints}
	if expr, err := exprParser.ParseExpr(q.Expr); err == nil {
		e.plan = eval.Compile(expr)
	}
	return e
}

// window evaluates the grid times from to to over the data and adds the results to the rows.
func (e *evaluation) window(ctx context.Context, data storage.Queryable, from, to int64, rows *rows) error {
	if e.plan != nil {
		err := e.byPlan(ctx, data, from, to, rows)
		if !errors.Is(err, eval.ErrEngine) {
			return err
		}
		// What is in the rows already is right: the engine gives it again.
		e.plan = nil
	}
	return e.byEngine(ctx, data, from, to, rows)
}

// byPlan is window by package eval; the error is eval.ErrEngine where that does not know the data.
func (e *evaluation) byPlan(ctx context.Context, data storage.Queryable, from, to int64, rows *rows) error {
	rows.begin()
	err := e.plan.Run(ctx, data, eval.Grid{From: from, To: to, Step: e.q.Step},
		eval.Options{LookbackDelta: e.lookback, MaxPoints: e.maxPoints},
		func(s eval.Series) error { rows.put(s.Labels, from, s.V); return nil })
	return errors.Join(err, rows.end())
}

func (e *evaluation) byEngine(ctx context.Context, data storage.Queryable, from, to int64, rows *rows) error {
	q := e.q
	q.From, q.To = from, to
	if r, ok := data.(*reader); ok { // what is evaluated first selects before the rest does
		r.expect(q)
	}
	o := &ordered{engine: e.engine, lookback: e.lookback, data: data, grid: eval.Grid{From: from, To: to, Step: q.Step}}
	return o.matrix(ctx, q.Expr, rows.add)
}
