package ingest

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
)

// Need is the least that an expression takes at a time: the raw samples of all its selectors for one point.
type Need struct {
	Samples float64
	Widest  SelectorNeed // the selector with the most of them
}

// SelectorNeed is what one selector reads for one point.
type SelectorNeed struct {
	Selector string
	Series   int           // alive
	Span     time.Duration // from the oldest to the newest sample wanted: the range, or the look-back delta
	Samples  float64
}

// Need estimates what one point of an expression takes from the series alive at a time, and how often they were scraped before
// it: two instant queries for each selector, more where it selects several metrics.
func (a *API) Need(ctx context.Context, expr string, at time.Time) (Need, error) {
	e, err := exprParser.ParseExpr(expr)
	if err != nil {
		return Need{}, queryError(expr, parseMessage(err))
	}
	var n Need
	for i, sel := range selectorsOf(e) {
		mint, maxt := engineSpan(pathsOf(e)[i], at.UnixMilli())
		s := SelectorNeed{Selector: matcherString(sel.LabelMatchers), Span: time.Duration(maxt-mint+1) * time.Millisecond}
		if s.Series, err = a.SeriesCount(ctx, s.Selector, at); err != nil {
			return Need{}, err
		}
		rate, err := a.SampleRate(ctx, s.Selector, s.Series, at)
		if err != nil {
			return Need{}, err
		}
		s.Samples = rate * s.Span.Seconds()
		n.Samples += s.Samples
		if s.Samples >= n.Widest.Samples {
			n.Widest = s
		}
	}
	return n, nil
}

// selectorsOf are an expression's selectors in the order of pathsOf.
func selectorsOf(e parser.Expr) (out []*parser.VectorSelector) {
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		if sel, ok := n.(*parser.VectorSelector); ok {
			out = append(out, sel)
		}
		return nil
	})
	return out
}

// CheckNeed says before anything is read that an expression cannot be evaluated within the source's MaxSamples, however short
// the stretch of time. What the server does not tell is no error, nor is a source that has the server evaluate.
func CheckNeed(ctx context.Context, s Source, expr string, at time.Time) error {
	var r *Remote
	switch s := s.(type) {
	case *Remote:
		r = s
	case *auto:
		if s.State().Protocol != ProtocolQueryRange {
			r = s.remote
		}
	}
	if r == nil {
		return nil
	}
	n, err := r.API().Need(ctx, expr, at)
	if err != nil || n.Samples <= float64(r.cfg.MaxSamples) {
		return nil //nolint:nilerr // a server that does not tell is read; the limit holds all the same
	}
	w := n.Widest
	return &Error{Kind: KindLimit, Source: r.cfg.Name, Op: fmt.Sprintf("evaluate %q", expr), Err: fmt.Errorf(
		"one point takes about %s raw samples, more than max_samples, %s; %s alone has %d series over %s; shorten its range, select less, or let the server record it with a rule",
		millions(n.Samples), millions(float64(r.cfg.MaxSamples)), w.Selector, w.Series, model.Duration(w.Span.Round(time.Second)))}
}

// millions writes a number of samples: "1.3 million", "4200".
func millions(x float64) string {
	if x < 1e5 {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(x/1e6, 'f', 1, 64) + " million"
}
