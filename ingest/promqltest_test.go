//go:build integration

package ingest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/storage"
	"github.com/tidewatch/tidewatch/ingest/eval"
	"github.com/tidewatch/tidewatch/internal/readserver"
)

// notApplicable are the files of promqltest that say nothing about a range engine over remote-read, and why.
var notApplicable = map[string]string{
	"info.test":             "info() asks the storage again while it evaluates; Tidewatch refuses it, like every experimental function",
	"start_timestamps.test": "start timestamps are a feature of the server's own storage; remote-read has none",
}

// withoutHint are the evaluations that show the counter-reset hint of the first histogram read. The server forgets it when it cuts
// a chunk at the beginning of the range; no number depends on it.
var withoutHint = map[string][]string{
	"range_queries.test": {"eval instant at 2m some_metric[2m]"},
	"native_histograms.test": {
		"eval instant at 5m sum(metric)", "eval instant at 5m avg(metric)",
		"eval instant at 3m sum_over_time(mixed[3m])", "eval instant at 3m avg_over_time(mixed[3m])",
		"eval instant at 11m histogram_count(sum_over_time(mixed[2m]))", "eval instant at 11m histogram_count(avg_over_time(mixed[2m]))",
	},
}

// TestPromqltest runs the engine's own test files with their data behind remote-read, and every range query of them that
// package eval knows by it as well, which must give the same bits.
func TestPromqltest(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/prometheus/prometheus").Output()
	names, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "promql", "promqltest", "testdata", "*.test"))
	if err != nil || len(names) == 0 {
		t.Skipf("the module's test files are not there: %v", err)
	}
	server := newStorageServer(t)
	e := &remoteEngine{
		t: t, server: server, remote: newTestRemote(t, RemoteConfig{URL: server.url}), exprs: map[string]bool{},
		engine: promql.NewEngine(promql.EngineOpts{
			Logger: promslog.NewNopLogger(), MaxSamples: promqltest.DefaultMaxSamplesPerQuery, Timeout: time.Minute,
			NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
			EnableAtModifier:         true, EnableNegativeOffset: true, EnableDelayedNameRemoval: true, Parser: parser.NewParser(promqltest.TestParserOpts),
		}),
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			if why := notApplicable[filepath.Base(name)]; why != "" {
				t.Skip(why)
			}
			promqltest.RunTestWithStorage(t, promqlFile(t, name), e, func(t testing.TB) storage.Storage { return promqltest.NewBuiltinTestStorage(t) })
		})
	}
	t.Logf("%d queries; %d ranges of %d expressions by package eval as well, %d of them left to the engine", e.queries, e.planned, len(e.exprs), e.left)
	if len(e.exprs) < 500 || e.left > e.planned/2 {
		t.Error("package eval was asked for too little of it")
	}
}

// promqlFile is a file without the evaluations that cannot hold.
func promqlFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "\n\n")
	for _, line := range withoutHint[filepath.Base(name)] {
		n := len(blocks)
		blocks = slices.DeleteFunc(blocks, func(b string) bool { return strings.HasPrefix(b, line+"\n") || strings.Contains(b, "\n"+line+"\n") })
		if len(blocks) == n {
			t.Errorf("%s has no %q", name, line)
		}
	}
	return strings.Join(blocks, "\n\n")
}

// storageServer serves whatever storage is set by remote-read.
type storageServer struct {
	url string
	now http.Handler
}

func newStorageServer(t *testing.T) *storageServer {
	s := &storageServer{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.now.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	s.url = server.URL + "/api/v1/read"
	return s
}

// remoteEngine is Prometheus's engine over what Tidewatch reads from a storage.
type remoteEngine struct {
	t       *testing.T
	engine  *promql.Engine
	server  *storageServer
	remote  *Remote
	queries int
	planned int
	left    int
	exprs   map[string]bool
}

func (e *remoteEngine) reader(ctx context.Context, q storage.Queryable) *reader {
	e.server.now = readserver.ReadHandler(q.(storage.SampleAndChunkQueryable), readserver.Options{})
	return &reader{remote: e.remote, ctx: ctx, budget: &budget{}}
}

// NewInstantQuery implements promql.QueryEngine.
func (e *remoteEngine) NewInstantQuery(ctx context.Context, q storage.Queryable, opts promql.QueryOpts, qs string, ts time.Time) (promql.Query, error) {
	e.queries++
	return e.engine.NewInstantQuery(ctx, e.reader(ctx, q), opts, qs, ts)
}

// NewRangeQuery implements promql.QueryEngine; it compares with package eval on the way.
func (e *remoteEngine) NewRangeQuery(ctx context.Context, q storage.Queryable, opts promql.QueryOpts, qs string, start, end time.Time, step time.Duration) (promql.Query, error) {
	e.queries++
	e.compare(ctx, q, qs, eval.Grid{From: start.UnixMilli(), To: end.UnixMilli(), Step: step.Milliseconds()})
	return e.engine.NewRangeQuery(ctx, e.reader(ctx, q), opts, qs, start, end, step)
}

func (e *remoteEngine) compare(ctx context.Context, q storage.Queryable, expr string, grid eval.Grid) {
	parsed, err := exprParser.ParseExpr(expr)
	if err != nil || eval.Compile(parsed) == nil || grid.To < grid.From {
		return
	}
	e.exprs[expr] = true
	e.planned++
	got, err := runPlan(e.t, expr, e.reader(ctx, q), grid)
	want, wantErr := runEngine(expr, e.reader(ctx, q), grid)
	switch {
	case errors.Is(err, eval.ErrEngine):
		e.left++
	case (err == nil) != (wantErr == nil):
		e.t.Errorf("%s: %v, the engine's %v", expr, err, wantErr)
	default:
		if diff := seriesDiff(got, want); diff != "" {
			e.t.Errorf("%s on %+v: %s", expr, grid, diff)
		}
	}
}
