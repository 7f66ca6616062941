package ingest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/tidewatch/tidewatch"
)

// Read implements Source.
func (c *CSV) Read(ctx context.Context, q Query) (tidewatch.Block, error) {
	if err := q.check(); err != nil {
		return tidewatch.Block{}, err
	}
	rs := newRows(q, labels.EmptyLabels())
	ms, plain, err := plainSelector(q.Expr)
	switch {
	case err != nil:
	case plain:
		err = c.readPlain(ctx, ms, rs)
	default:
		err = c.readPromQL(ctx, q, rs)
	}
	if err == nil {
		err = rs.tooMany()
	}
	if err != nil {
		return tidewatch.Block{}, fmt.Errorf("detector %q: %w", q.Detector, err)
	}
	return rs.block(), nil
}

// plainSelector says whether the expression only selects series, and by what.
func plainSelector(expr string) (ms []*labels.Matcher, plain bool, err error) {
	if expr == "" {
		return nil, true, nil
	}
	if _, err := Analyze(expr); err != nil {
		return nil, false, err
	}
	e, err := exprParser.ParseExpr(expr)
	if err != nil {
		return nil, false, err
	}
	sel, ok := e.(*parser.VectorSelector)
	if !ok || sel.OriginalOffset != 0 || sel.Timestamp != nil {
		return nil, false, nil
	}
	return sel.LabelMatchers, true, nil
}

func (c *CSV) readPlain(ctx context.Context, ms []*labels.Matcher, rs *rows) error {
	var m promql.Matrix
	for _, s := range c.match(ms) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if floats := s.onGrid(rs.q, c.shift); len(floats) > 0 {
			m = append(m, promql.Series{Metric: s.lset, Floats: floats})
		}
	}
	return rs.add(m)
}

// onGrid takes for each grid time t the last sample in (t-step, t].
func (s *csvSeries) onGrid(q Query, shift int64) []promql.FPoint {
	var out []promql.FPoint
	i, _ := slices.BinarySearch(s.ts, q.From-q.Step-shift+1)
	for ; i < len(s.ts); i++ {
		at := s.ts[i] + shift
		t := ceilTo(at, q.Step)
		if t > q.To {
			break
		}
		if n := len(out); n > 0 && out[n-1].T == t {
			out[n-1].F = s.vs[i]
		} else {
			out = append(out, promql.FPoint{T: t, F: s.vs[i]})
		}
	}
	return out
}

// ceilTo is the smallest multiple of step at or after t.
func ceilTo(t, step int64) int64 {
	r := t % step
	if r < 0 {
		r += step
	}
	if r == 0 {
		return t
	}
	return t + step - r
}

func (c *CSV) match(ms []*labels.Matcher) []*csvSeries {
	var out []*csvSeries
	for i := range c.files {
		for _, s := range c.files[i].series {
			if !slices.ContainsFunc(ms, func(m *labels.Matcher) bool { return !m.Matches(s.lset.Get(m.Name)) }) {
				out = append(out, s)
			}
		}
	}
	slices.SortFunc(out, func(a, b *csvSeries) int { return labels.Compare(a.lset, b.lset) })
	return out
}

func (c *CSV) readPromQL(ctx context.Context, q Query, rs *rows) error {
	lookback := max(LookbackDelta, time.Duration(q.Step)*time.Millisecond)
	err := newEvaluation(q, newEngine(math.MaxInt32), lookback, 0).window(ctx, &csvQueryable{c}, q.From, q.To, rs)
	switch {
	case err == nil || ErrorKind(err) != KindNone:
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	default:
		return queryError(q.Expr, err)
	}
}
