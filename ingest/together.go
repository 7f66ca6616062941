package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/tidewatch/tidewatch"
)

// ReadAll reads several queries of one source: those of a Remote in one request, as far as they can be, others side by side.
// Blocks and errors are in the order of the queries; what is wrong with one of them is no error of the others.
func ReadAll(ctx context.Context, s Source, qs []Query) ([]tidewatch.Block, []error) {
	blocks, errs := make([]tidewatch.Block, len(qs)), make([]error, len(qs))
	var rest []int
	if r := remoteOf(s); r != nil {
		rest = r.together(ctx, qs, blocks, errs)
	} else {
		for i := range qs {
			rest = append(rest, i)
		}
	}
	var wg sync.WaitGroup
	for _, i := range rest {
		wg.Go(func() { blocks[i], errs[i] = s.Read(ctx, qs[i]) })
	}
	wg.Wait()
	return blocks, errs
}

// remoteOf is the Remote that a source is, or has turned out to be; nil where it is another, or not known to be one yet.
func remoteOf(s Source) *Remote {
	switch s := s.(type) {
	case *Remote:
		return s
	case *auto:
		if s.State().Protocol == ProtocolRemoteRead {
			return s.remote
		}
	}
	return nil
}

// apartFor is how long queries are read one by one after the server, or a limit, has refused them together.
const apartFor = time.Hour

// together reads queries by one request and gives the indices of those that it did not read: what has no right to be read says
// so better by itself.
func (r *Remote) together(ctx context.Context, qs []Query, blocks []tidewatch.Block, errs []error) (rest []int) {
	var shared []int
	data := &reader{remote: r, ctx: ctx, whole: true, budget: r.bound()}
	for i, q := range qs {
		if r.apart(q) || !data.expect(q) {
			rest = append(rest, i)
			continue
		}
		shared = append(shared, i)
	}
	if len(shared) < 2 || r.prepare(ctx) != nil || r.slots.take(ctx) != nil {
		return append(rest, shared...)
	}
	defer r.slots.give()
	defer data.release()
	data.once.Do(data.load)
	if err := data.err; err != nil {
		now, later := separable(err)
		if now || later {
			r.refused.Store(r.cfg.Clock.Now().UnixMilli())
			r.cfg.Logger.Debug("to be read one by one", "source", r.cfg.Name, "queries", len(shared), "reason", err)
		}
		if now {
			return append(rest, shared...)
		}
		for _, i := range shared {
			errs[i] = r.failed(qs[i], r.asError(ctx, qs[i], err))
		}
		return rest
	}
	return append(rest, r.evaluateAll(ctx, data, shared, qs, blocks, errs)...)
}

// apart says whether a query must be read by itself: because it is longer than a window, or because the server wants it.
func (r *Remote) apart(q Query) bool {
	return r.sampled.Load() || q.check() != nil || q.To-q.From > r.cfg.Window.Milliseconds() ||
		r.cfg.Clock.Now().UnixMilli()-r.refused.Load() < apartFor.Milliseconds()
}

// separable says whether an error of a request for everything may be none for a part of it: one to ask for now, or, where the
// server is slow as it is, the next time.
func separable(err error) (now, later bool) {
	var e *Error
	switch ErrorKind(err) {
	case KindLimit, KindProtocol:
		return true, true
	case KindServer:
		return errors.As(err, &e) && e.Code == http.StatusInternalServerError, true
	case KindTimeout:
		return false, true
	default:
		return isOwnLimit(err), isOwnLimit(err)
	}
}

// evaluateAll evaluates queries over the data of all, in as many goroutines as there are slots. It gives the indices of those that
// were too much for one window.
func (r *Remote) evaluateAll(ctx context.Context, data *reader, shared []int, qs []Query, blocks []tidewatch.Block, errs []error) (rest []int) {
	work, tooMuch := make(chan int, len(shared)), make(chan int, len(shared))
	for _, i := range shared {
		work <- i
	}
	close(work)
	evaluate := func() {
		for i := range work {
			rows := newRows(qs[i], r.cfg.Labels)
			err := newEvaluation(qs[i], r.engine, LookbackDelta, r.cfg.MaxSamples).window(ctx, data, qs[i].From, qs[i].To, rows)
			if err == nil {
				err = rows.tooMany()
			}
			switch {
			case isOwnLimit(err):
				tooMuch <- i
			case err != nil:
				errs[i] = r.failed(qs[i], r.asError(ctx, qs[i], err))
			default:
				if len(rows.list) == 0 {
					r.foundNothing()
				}
				blocks[i] = rows.block()
			}
		}
	}
	var wg sync.WaitGroup
	for range min(r.cfg.Concurrency, len(shared)) - 1 {
		if r.slots.tryTake() {
			wg.Go(func() {
				defer r.slots.give()
				evaluate()
			})
		}
	}
	evaluate()
	wg.Wait()
	close(tooMuch)
	for i := range tooMuch {
		rest = append(rest, i)
	}
	return rest
}

// failed counts a query's error and names its detector.
func (r *Remote) failed(q Query, err error) error {
	r.countFailure(err)
	return fmt.Errorf("detector %q: %w", q.Detector, err)
}

// expect notes what the engine, or package eval, will select for a query; false if the query cannot be evaluated.
func (r *reader) expect(q Query) bool {
	if _, err := Analyze(q.Expr); err != nil {
		return false
	}
	e, err := exprParser.ParseExpr(q.Expr)
	if err != nil {
		return false
	}
	around := pathsOf(e)
	for i, sel := range selectorsOf(e) {
		start, end := engineRange(around[i], q.From, q.To)
		r.want(&selection{matchers: sel.LabelMatchers, key: matcherString(sel.LabelMatchers), start: start, end: end})
	}
	return true
}
