package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/tidewatch/tidewatch"
)

// maxRangePoints is how many points of a series one query_range may ask for: Prometheus refuses more than 11,000 steps.
const maxRangePoints = 11_000

// QueryRange is a Source over the query_range of a Prometheus-compatible HTTP API, for servers without remote-read. The
// server evaluates the expression, which is sent as it is, to VictoriaMetrics as metricsQL writes it. For a selector alone the points are those of a Remote over the
// same samples: the newest sample within LookbackDelta, which the server is asked for too, and none after a staleness
// marker. What functions do with their range is the server's.
//
// Labels to drop are removed from results, as there is nothing before them to remove from: where results become equal, each
// point is that of the first in the order of the labels removed that has one. An aggregation on the server has seen all
// replicas.
//
// Memory: one window's points, at most MaxBytesInFlight/Concurrency of JSON. A window over it, over the server's 11,000 points
// per series or over another limit of the server is halved and asked for again.
type QueryRange struct {
	caller
	cfg    RemoteConfig
	client *http.Client
	url    string
	slots  slots

	victoria atomic.Bool // the server is VictoriaMetrics
}

var _ Source = (*QueryRange)(nil)

// NewQueryRange checks the configuration and prepares a client; it does not connect. The URL ends in /api/v1/query_range, or
// in /api/v1/read, which names the same server. External labels are left to the server.
func NewQueryRange(cfg RemoteConfig) (*QueryRange, error) {
	base, ok := apiBase(cfg.URL)
	if !ok {
		return nil, fmt.Errorf("source %q: url %q must end in %s", cfg.Name, RedactURL(cfg.URL), rangePath)
	}
	if _, query, ok := strings.Cut(cfg.URL, "?"); ok {
		cfg.URL = base + rangePath + "?" + query
	} else {
		cfg.URL = base + rangePath
	}
	client, calls, err := cfg.open()
	if err != nil {
		return nil, err
	}
	return &QueryRange{caller: calls, cfg: cfg, client: client, url: cfg.URL, slots: newSlots(cfg.Concurrency, cfg.Name, calls.metrics)}, nil
}

// Close drops idle connections.
func (s *QueryRange) Close() { s.client.CloseIdleConnections() }

// Read asks the server for the query's expression at its grid times.
func (s *QueryRange) Read(ctx context.Context, q Query) (tidewatch.Block, error) {
	b, err := s.read(ctx, q)
	if err != nil {
		s.countFailure(err)
		return tidewatch.Block{}, fmt.Errorf("detector %q: %w", q.Detector, err)
	}
	return b, nil
}

func (s *QueryRange) read(ctx context.Context, q Query) (tidewatch.Block, error) {
	if err := q.check(); err != nil {
		return tidewatch.Block{}, err
	}
	if err := ParseExpr(q.Expr); err != nil {
		return tidewatch.Block{}, err
	}
	rows := newRows(q, s.cfg.Labels)
	most := max(1, min(s.cfg.Window.Milliseconds()/q.Step, maxRangePoints))
	for from := q.From; from <= q.To; {
		steps := min((q.To-from)/q.Step+1, most)
		err := s.readWindow(ctx, q, from, from+(steps-1)*q.Step, rows)
		switch {
		case err == nil:
			from += steps * q.Step
		case steps > 1 && s.smallerHelps(err):
			most = steps / 2
			s.countSplit(err)
			s.cfg.Logger.Debug("window halved", "source", s.name, "detector", q.Detector, "steps", most, "reason", err)
		case isOwnLimit(err):
			return tidewatch.Block{}, &Error{Kind: KindLimit, Source: s.name, Op: fmt.Sprintf("read %q", q.Expr), URL: s.shown, Err: err}
		default:
			return tidewatch.Block{}, err
		}
	}
	return rows.block(), nil
}

// smallerHelps tells errors that fewer points may avoid.
func (*QueryRange) smallerHelps(err error) bool {
	return isOwnLimit(err) || (ErrorKind(err) == KindLimit && isSampleLimit(err))
}

func (s *QueryRange) readWindow(ctx context.Context, q Query, from, to int64, rows *rows) error {
	if err := s.slots.take(ctx); err != nil {
		return &Error{Kind: transportKind(ctx, err), Source: s.name, Op: fmt.Sprintf("read %q", q.Expr), Err: err}
	}
	defer s.slots.give()
	var m promql.Matrix
	err := s.call(ctx, fmt.Sprintf("read %q", q.Expr), func(ctx context.Context) (code int, err error) {
		m, code, err = s.exchange(ctx, q, from, to)
		if errors.Is(err, errVictoria) {
			m, code, err = s.exchange(ctx, q, from, to)
		}
		return code, err
	})
	if err != nil {
		return err
	}
	if err := rows.add(s.dropLabels(m)); err != nil {
		return err
	}
	return rows.tooMany()
}

// dropLabels removes the labels to drop and merges the series that become equal by it.
func (s *QueryRange) dropLabels(m promql.Matrix) promql.Matrix {
	if len(s.cfg.DropLabels) == 0 {
		return m
	}
	slices.SortFunc(m, func(a, b promql.Series) int { return labels.Compare(a.Metric, b.Metric) })
	b := labels.NewBuilder(labels.EmptyLabels())
	out, at := m[:0], map[string]int{}
	for _, series := range m {
		b.Reset(series.Metric)
		series.Metric = b.Del(s.cfg.DropLabels...).Labels()
		key := series.Metric.String()
		if i, ok := at[key]; ok {
			out[i].Floats = fillPoints(out[i].Floats, series.Floats)
			continue
		}
		at[key] = len(out)
		out = append(out, series)
	}
	return out
}

// fillPoints are the points of a with those of b at the times that a lacks; both are in order of time.
func fillPoints(a, b []promql.FPoint) []promql.FPoint {
	out := make([]promql.FPoint, 0, max(len(a), len(b)))
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || (len(a) > 0 && a[0].T < b[0].T):
			out, a = append(out, a[0]), a[1:]
		case len(a) == 0 || b[0].T < a[0].T:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, a[0]), a[1:], b[1:]
		}
	}
	return out
}

// answersRange says whether the server answers query_range at all.
func (s *QueryRange) answersRange(ctx context.Context, at, step int64) error {
	return s.call(ctx, "ask whether query_range is there", func(ctx context.Context) (int, error) {
		m, code, err := s.exchange(ctx, Query{Expr: "vector(1)", Step: step}, at, at)
		if err == nil && (len(m) != 1 || len(m[0].Floats) != 1) {
			err = corrupt("answer", "%w", errors.New("vector(1) does not give one point"))
		}
		return code, err
	})
}
