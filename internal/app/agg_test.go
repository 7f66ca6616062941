package app

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidewatch/tidewatch/internal/engine"
)

// A detector with agg reads a server whose samples are finer than its step: a fault of one sample in five, which the newest
// sample of each step does not show, is found in serve, and replay decides the same to the last bit.
func TestAggInServeAndReplay(t *testing.T) {
	p := newPrometheus(t, func(k int, at int64) float64 {
		v := calm(k, at)
		if k == 0 && at >= begin+2*hour && at < begin+3*hour && at%(5*minute) == 2*minute {
			v *= 5
		}
		return v
	}, end, replica{})
	for agg, alarms := range map[string]int{"max": 1, "last": 0} {
		h := newQuick(t, nil)
		h.remote(p.URL+"/api/v1/read", "")
		h.yaml = strings.Replace(h.yaml, "expr: load,", "expr: load, agg: "+agg+",", 1)
		cfg, err := h.config()
		if err != nil {
			t.Fatal(err)
		}
		var served, replayed []string
		note := func(into *[]string) func(engine.Result) error {
			return func(res engine.Result) error {
				for _, ch := range res.Changes {
					*into = append(*into, fmt.Sprintf("%+v", NewTransitionLine(ch, res.Now)))
				}
				return nil
			}
		}
		add := note(&served)
		h.opts.OnResult = func(res engine.Result) { _ = add(res) } // it gives none
		from := h.clock.Now().UnixMilli()
		h.run(t, end)
		report, err := Replay(t.Context(), ReplayOptions{
			Config: cfg, Source: RemoteSources(cfg, nil), From: from, To: end, Each: note(&replayed),
			Failed: func(d string, err error) { t.Error(d, err) },
		})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(served, replayed); d != "" {
			t.Errorf("%s: replay differs from serve (-serve +replay):\n%s", agg, d)
		}
		if report.Alarms != alarms || cfg.Detectors[0].Expr != agg+"_over_time(load[5m])" {
			t.Errorf("%s: %d alarms of %s, want %d", agg, report.Alarms, cfg.Detectors[0].Expr, alarms)
		}
	}
}
