package simfleet

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

type detector struct {
	Name      string  `yaml:"name"`
	Expr      string  `yaml:"expr"`
	Direction string  `yaml:"direction"`
	Min       float64 `yaml:"-"`
}

// detectorsOf reads the detectors of a configuration in configs.
func detectorsOf(t testing.TB, name string) []detector {
	t.Helper()
	raw, err := os.ReadFile("../../configs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Detectors []detector `yaml:"detectors"`
	}
	if err := yaml.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Detectors) == 0 {
		t.Fatalf("configs/%s has no detectors", name)
	}
	return file.Detectors
}

// newWorld is a world of the default fleet filled from its start to days after it.
func newWorld(t testing.TB, opts Options, days float64) (*World, *Fleet) {
	t.Helper()
	f, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	w, err := Open(context.Background(), t.TempDir(), f, f.Start(), f.Start()+int64(days*86_400_000))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w, f
}

// evaluate runs a range query over the world's store, from and to in Unix milliseconds.
func evaluate(t testing.TB, w *World, expr string, from, to int64, step time.Duration) promql.Matrix {
	t.Helper()
	eng := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e8, Timeout: time.Minute, LookbackDelta: 5 * time.Minute, Parser: parser.NewParser(parser.Options{})})
	q, err := eng.NewRangeQuery(context.Background(), w.DB(), nil, expr, time.UnixMilli(from), time.UnixMilli(to), step)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	t.Cleanup(q.Close)
	res := q.Exec(context.Background())
	m, err := res.Matrix()
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	return m
}
