package readserver

import (
	"fmt"
	"io"
	"net/http"
	"runtime"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"go.yaml.in/yaml/v2"
)

type api struct {
	store  storage.SampleAndChunkQueryable
	opts   Options
	engine *promql.Engine
	parser parser.Parser
}

// Handler serves everything: /api/v1/{read,query,query_range,series,labels,label/{name}/values,metadata},
// /api/v1/status/{buildinfo,config}, /-/ready and /-/healthy. It is safe for concurrent use if the store is.
func Handler(q storage.SampleAndChunkQueryable, opts Options) http.Handler {
	opts = opts.withDefaults()
	p := parser.NewParser(parser.Options{})
	a := &api{store: q, opts: opts, parser: p, engine: promql.NewEngine(promql.EngineOpts{
		Logger: opts.Logger, MaxSamples: defaultMaxSamples, Timeout: defaultQueryTimeout, LookbackDelta: defaultLookback,
		EnableAtModifier: true, EnableNegativeOffset: true, Parser: p,
	})}
	mux := http.NewServeMux()
	mux.Handle("POST /api/v1/read", ReadHandler(q, opts))
	for path, e := range map[string]endpoint{
		"/api/v1/query":       a.query,
		"/api/v1/query_range": a.queryRange,
		"/api/v1/series":      a.series,
		"/api/v1/labels":      a.labelNames,
	} {
		mux.HandleFunc("GET "+path, a.serve(e))
		mux.HandleFunc("POST "+path, a.serve(e))
	}
	mux.HandleFunc("GET /api/v1/label/{name}/values", a.serve(a.labelValues))
	mux.HandleFunc("GET /api/v1/metadata", a.serve(a.metadata))
	mux.HandleFunc("GET /api/v1/status/buildinfo", a.serve(a.buildInfo))
	mux.HandleFunc("GET /api/v1/status/config", a.serve(a.config))
	mux.HandleFunc("GET /-/ready", a.ready)
	mux.HandleFunc("GET /-/healthy", a.healthy)
	return mux
}

func (a *api) buildInfo(*http.Request) (any, []string, error) {
	return map[string]string{
		"version": a.opts.Version, "revision": "", "branch": "", "buildUser": "", "buildDate": "", "goVersion": runtime.Version(),
	}, nil, nil
}

func (a *api) config(*http.Request) (any, []string, error) {
	if a.opts.Config != "" {
		return map[string]string{"yaml": a.opts.Config}, nil, nil
	}
	type global struct {
		ExternalLabels map[string]string `yaml:"external_labels,omitempty"`
	}
	raw, err := yaml.Marshal(struct {
		Global global `yaml:"global"`
	}{global{a.opts.ExternalLabels.Map()}})
	if err != nil {
		return nil, nil, fmt.Errorf("encode the configuration: %w", err)
	}
	return map[string]string{"yaml": string(raw)}, nil, nil
}

func (a *api) ready(w http.ResponseWriter, _ *http.Request) {
	if !a.opts.Ready() {
		http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
		return
	}
	a.text(w, "Ready.\n")
}

func (a *api) healthy(w http.ResponseWriter, _ *http.Request) { a.text(w, "Healthy.\n") }

func (a *api) text(w http.ResponseWriter, s string) {
	if _, err := io.WriteString(w, s); err != nil {
		a.opts.Logger.Warn("Answer not delivered", "err", err)
	}
}

// matcherSets parses every match[] parameter.
func (a *api) matcherSets(r *http.Request) ([][]*labels.Matcher, error) {
	sets := make([][]*labels.Matcher, 0, len(r.Form["match[]"]))
	for _, s := range r.Form["match[]"] {
		ms, err := a.parser.ParseMetricSelector(s)
		if err != nil {
			return nil, badParameter("match[]", err)
		}
		if !anyNonEmpty(ms) {
			return nil, badParameter("match[]", fmt.Errorf("match[] must contain at least one non-empty matcher"))
		}
		sets = append(sets, ms)
	}
	return sets, nil
}

func anyNonEmpty(ms []*labels.Matcher) bool {
	for _, m := range ms {
		if !m.Matches("") {
			return true
		}
	}
	return false
}
