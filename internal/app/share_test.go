package app

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// An ordinary tick of many detectors is one request, whatever they select; with the first tick comes their history.
func TestTickSharesOneRead(t *testing.T) {
	p := newPrometheus(t, broken, end, replica{})
	var reads atomic.Int64
	served := p.handler
	p.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/api/v1/read") {
			reads.Add(1)
		}
		served.ServeHTTP(w, r)
	})
	h := newQuick(t, nil)
	h.remote(p.URL+"/api/v1/read", "")
	var more []string
	for i, expr := range []string{`load`, `avg_over_time(load[10m])`, `load{job="job1"}`, `sum(load)`, `sum by (job) (rate(load[1h]))`, `topk(1, load)`} {
		more = append(more, fmt.Sprintf("{name: Load%d, expr: '%s'}", i, expr))
	}
	h.yaml = strings.Replace(h.yaml, "labels: {severity: page}}", "labels: {severity: page}}, "+strings.Join(more, ", "), 1)
	h.yaml += "events: {enabled: false}\n" // they are a request of their own, so that they hold up no decision
	x := h.start(t)
	defer x.stop()
	x.walkSent(begin + 10*minute)
	before := reads.Load()
	x.walkSent(begin + 60*minute)
	if n := reads.Load() - before; n != 10 {
		t.Errorf("%d requests for 10 ticks of 7 detectors, want one a tick", n)
	}
	for i := range more {
		x.want(1, "tidewatch_detector_up", fmt.Sprintf("Load%d", i))
	}
}
