package ingest

import (
	"context"
	"errors"
	"fmt"

	"github.com/prometheus/prometheus/promql"
	"github.com/tidewatch/tidewatch"
)

// Read evaluates the query's expression at its grid times over samples read from the server. It is what Prometheus's
// query_range would answer, laid on the grid.
//
// A long range is read in windows (RemoteConfig.Window), and series are evaluated as they come, so that memory grows neither with the range
// nor with the samples, apart from the block itself: 8 bytes for each series and step. What cannot be evaluated so (see docs/ingest.md) is
// held for one window.
func (r *Remote) Read(ctx context.Context, q Query) (tidewatch.Block, error) {
	b, err := r.read(ctx, q)
	if err != nil {
		return tidewatch.Block{}, r.failed(q, err)
	}
	return b, nil
}

func (r *Remote) read(ctx context.Context, q Query) (tidewatch.Block, error) {
	if err := q.check(); err != nil {
		return tidewatch.Block{}, err
	}
	a, err := Analyze(q.Expr)
	if err != nil {
		return tidewatch.Block{}, err
	}
	if err := r.prepare(ctx); err != nil {
		return tidewatch.Block{}, err
	}
	rows, e := newRows(q, r.cfg.Labels), newEvaluation(q, r.engine, LookbackDelta, r.cfg.MaxSamples)
	window := max(r.cfg.Window, 2*a.LookBack)
	next := q.From
	if f := r.newFeed(ctx, e, window); f != nil {
		if next, err = f.read(e, rows); err != nil {
			return tidewatch.Block{}, r.asError(ctx, q, err)
		}
	}
	if err := r.readWindows(ctx, e, next, window.Milliseconds(), rows); err != nil {
		return tidewatch.Block{}, r.asError(ctx, q, err)
	}
	if len(rows.list) == 0 {
		r.foundNothing()
	}
	return rows.block(), nil
}

// readWindows reads and evaluates the grid times that begin with from, in windows whose samples are held in memory.
func (r *Remote) readWindows(ctx context.Context, e *evaluation, from, window int64, rows *rows) error {
	q := e.q
	for from <= q.To {
		steps := max(1, min((q.To-from)/q.Step+1, window/q.Step))
		err := r.readWindow(ctx, e, from, from+(steps-1)*q.Step, rows)
		switch {
		case err == nil:
			from += steps * q.Step
		case isOwnLimit(err) && steps > 1:
			window = steps / 2 * q.Step
			r.countSplit(err)
			r.cfg.Logger.Debug("window halved", "source", r.cfg.Name, "detector", q.Detector, "steps", steps/2, "reason", err)
		default:
			return err
		}
	}
	return nil
}

// check says what is wrong with a query's grid.
func (q *Query) check() error {
	if q.Step <= 0 {
		return queryError(q.Expr, fmt.Errorf("step is %d ms; it must be positive", q.Step))
	}
	if q.From%q.Step != 0 || q.To%q.Step != 0 {
		return queryError(q.Expr, fmt.Errorf("range %d to %d is not on the grid; both must be multiples of the step of %d ms", q.From, q.To, q.Step))
	}
	if q.To < q.From {
		return queryError(q.Expr, fmt.Errorf("range %d to %d ends before it begins", q.From, q.To))
	}
	return nil
}

// readWindow reads and evaluates the grid times from to to and adds the results to the rows.
func (r *Remote) readWindow(ctx context.Context, e *evaluation, from, to int64, rows *rows) error {
	if err := r.slots.take(ctx); err != nil {
		return err
	}
	defer r.slots.give()
	data := &reader{remote: r, ctx: ctx, budget: r.bound()}
	defer data.release()
	err := e.window(ctx, data, from, to, rows)
	if data.err != nil {
		return data.err
	}
	if err != nil {
		return err
	}
	return rows.tooMany()
}

// isOwnLimit tells errors that a smaller window may avoid: this source's limits and the engine's.
func isOwnLimit(err error) bool {
	var own *limitError
	var samples promql.ErrTooManySamples
	return errors.As(err, &own) || errors.As(err, &samples)
}

// asError gives what went wrong in a window a kind.
func (r *Remote) asError(ctx context.Context, q Query, err error) error {
	var damage *corruptError
	switch {
	case ErrorKind(err) != KindNone:
		return err
	case isOwnLimit(err):
		return &Error{Kind: KindLimit, Source: r.cfg.Name, Op: fmt.Sprintf("evaluate %q", q.Expr), Err: err}
	case errors.As(err, &damage):
		return r.damaged(err)
	case ctx.Err() != nil:
		return &Error{Kind: transportKind(ctx, ctx.Err()), Source: r.cfg.Name, Op: fmt.Sprintf("evaluate %q", q.Expr), Err: ctx.Err()}
	default:
		return queryError(q.Expr, err)
	}
}
