package readserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// maxPoints is Prometheus's limit on the points of each series of a range query.
const maxPoints = 11_000

type queryData struct {
	ResultType parser.ValueType `json:"resultType"`
	Result     parser.Value     `json:"result"`
}

func (a *api) query(r *http.Request) (any, []string, error) {
	at, err := timeParameter(r, "time", a.opts.Now())
	if err != nil {
		return nil, nil, err
	}
	return a.evaluate(r, func(ctx context.Context) (promql.Query, error) {
		return a.engine.NewInstantQuery(ctx, a.store, nil, r.FormValue("query"), at)
	})
}

func (a *api) queryRange(r *http.Request) (any, []string, error) {
	from, to, step, err := rangeParameters(r)
	if err != nil {
		return nil, nil, err
	}
	return a.evaluate(r, func(ctx context.Context) (promql.Query, error) {
		return a.engine.NewRangeQuery(ctx, a.store, nil, r.FormValue("query"), from, to, step)
	})
}

func rangeParameters(r *http.Request) (from, to time.Time, step time.Duration, err error) {
	if from, err = parseTime(r.FormValue("start")); err != nil {
		return from, to, 0, badParameter("start", err)
	}
	if to, err = parseTime(r.FormValue("end")); err != nil {
		return from, to, 0, badParameter("end", err)
	}
	if to.Before(from) {
		return from, to, 0, badParameter("end", errors.New("end timestamp must not be before start time"))
	}
	if step, err = parseDuration(r.FormValue("step")); err != nil {
		return from, to, 0, badParameter("step", err)
	}
	if step < time.Millisecond {
		return from, to, 0, badParameter("step", errors.New("zero or negative query resolution step widths are not accepted. Try a positive integer"))
	}
	if to.Sub(from)/step > maxPoints {
		return from, to, 0, &apiError{"bad_data", fmt.Errorf("exceeded maximum resolution of %d points per timeseries. Try decreasing the query resolution (?step=XX)", maxPoints)}
	}
	return from, to, step, nil
}

func (a *api) evaluate(r *http.Request, prepare func(context.Context) (promql.Query, error)) (any, []string, error) {
	ctx := r.Context()
	if s := r.FormValue("timeout"); s != "" {
		d, err := parseDuration(s)
		if err != nil {
			return nil, nil, badParameter("timeout", err)
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	qry, err := prepare(ctx)
	if err != nil {
		return nil, nil, badParameter("query", err)
	}
	defer qry.Close()
	res := qry.Exec(ctx)
	if res.Err != nil {
		return nil, nil, queryError(res.Err)
	}
	warnings, _ := res.Warnings.AsStrings(r.FormValue("query"), 0, 0)
	// The result is encoded after Close, which may recycle its points, so it is encoded here.
	raw, err := encode(queryData{res.Value.Type(), nonNil(res.Value)})
	return raw, warnings, err
}

func encode(d queryData) (json.RawMessage, error) {
	raw, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("encode the result: %w", err)
	}
	return raw, nil
}

// nonNil makes an empty result an empty list in JSON, not null.
func nonNil(v parser.Value) parser.Value {
	switch x := v.(type) {
	case promql.Vector:
		if x == nil {
			return promql.Vector{}
		}
	case promql.Matrix:
		if x == nil {
			return promql.Matrix{}
		}
	}
	return v
}
