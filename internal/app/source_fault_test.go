package app

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tidewatch/tidewatch/ingest"
)

func answer(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, body, code) }
}

func typed(contentType, encoding, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		if encoding != "" {
			w.Header().Set("Content-Encoding", encoding)
		}
		_, _ = w.Write([]byte(body)) // the client may be gone
	}
}

func hangUp(w http.ResponseWriter, _ *http.Request) {
	if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = c.Close()
	}
}

func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the client has gone
	<-r.Context().Done()
}

// A source that fails over real HTTP while an alarm comes up: said once, counted, and nothing is lost or decided otherwise.
func TestSourceFaults(t *testing.T) {
	p := newPrometheus(t, broken, end, replica{})
	calmRun := newQuick(t, nil)
	calmRun.remote(p.URL+"/api/v1/read", "")
	x := calmRun.start(t)
	x.walkSent(end)
	want := x.transitions()
	x.stop()
	if len(want) != 2 {
		t.Fatalf("transitions %q, want an alarm and its end", want)
	}
	for _, tc := range enough([]struct {
		name    string
		fault   http.HandlerFunc
		kind    ingest.Kind
		logged  string
		message string
		minutes int64
	}{
		{"connection cut", hangUp, ingest.KindUnreachable, "source failed", "Source s answers again", 22},
		{"slow", hang, ingest.KindTimeout, "source failed", "", 2},
		{"401", answer(401, "no"), ingest.KindUnauthorized, "source failed", "Source s answers again", 22},
		{"400 sample limit", answer(400, "exceeded sample limit (5)"), ingest.KindLimit, "detector failed", "Detector Load is on again", 22},
		{"503", answer(503, "starting"), ingest.KindServer, "source failed", "Source s answers again", 22},
		{
			"corrupt", typed("application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse", "", "\x05garbage"),
			ingest.KindProtocol, "source failed", "Source s answers again", 22,
		},
		{"corrupt snappy", typed("application/x-protobuf", "snappy", "not snappy"), ingest.KindProtocol, "source failed", "Source s answers again", 22},
		{"wrong content type", typed("text/html", "", "<html>log in</html>"), ingest.KindProtocol, "source failed", "Source s answers again", 22},
		{"short", answer(500, "once"), ingest.KindServer, "source failed", "", 4},
	}) {
		t.Run(tc.name, func(t *testing.T) {
			h := newQuick(t, nil)
			if h.remote(p.URL+"/api/v1/read", ""); tc.kind == ingest.KindTimeout {
				h.remote(p.URL+"/api/v1/read", ", timeout: 500ms")
			}
			x := h.start(t)
			x.walkSent(begin + 2*hour + 4*minute)
			h.logs.clear()
			p.fail(tc.fault)
			defer p.fail(nil)
			x.walkSent(begin + 2*hour + (4+tc.minutes)*minute)
			up := map[bool]float64{true: 1}[tc.logged == "detector failed"]
			x.want(up, "tidewatch_source_up", "s")
			x.want(0, "tidewatch_detector_up", "Load")
			if n := x.metric("tidewatch_source_errors_total", string(tc.kind)); !(n >= 2) {
				t.Errorf("%v errors of kind %s counted, want every attempt\n%s", n, tc.kind, h.logs.text())
			}
			h.logs.once(t, "ERROR")
			h.logs.once(t, "ERROR", tc.logged, "kind="+string(tc.kind), p.URL)
			p.fail(nil)
			x.walkSent(end)
			x.want(1, "tidewatch_source_up", "s")
			x.want(1, "tidewatch_detector_up", "Load")
			if d := cmp.Diff(want, x.transitions()); d != "" {
				t.Errorf("decisions differ (-undisturbed +disturbed):\n%s", d)
			}
			h.wantServiceMessages(t, tc.message)
			x.stop()
		})
	}
}

// wantServiceMessages checks that of the messages about Tidewatch itself there is one with this headline, or none if that is
// empty; and that it has ended.
func (h *harness) wantServiceMessages(t *testing.T, headline string) {
	t.Helper()
	var got []string
	for _, m := range h.slack.Messages("#oncall") {
		if strings.Contains(m.Text, "Source") || strings.Contains(m.Text, "Detector") || strings.Contains(m.Text, "clock") {
			got = append(got, fmt.Sprintf("%s, %d edits, %d replies", m.Text, m.Edits, len(m.Replies)))
		}
	}
	switch {
	case headline == "" && len(got) == 0:
	case len(got) == 1 && headline != "" && strings.Contains(got[0], headline) && strings.HasSuffix(got[0], "1 edits, 1 replies"):
	default:
		t.Errorf("messages about Tidewatch itself: %q, want one: %q, edited once, with a reply", got, headline)
	}
}

// A certificate that does not fit is an error of its own kind.
func TestSourceTLSMismatch(t *testing.T) {
	p := newPrometheus(t, calm, begin, replica{})
	server := httptest.NewUnstartedServer(p)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	h := newQuick(t, nil)
	h.remote(server.URL+"/api/v1/read", "")
	x := h.start(t)
	x.walk(begin + 20*minute)
	h.logs.once(t, "ERROR")
	h.logs.once(t, "ERROR", "kind=tls", "certificate")
	if err := x.Ready(); err != nil {
		t.Errorf("not ready although every detector was tried: %v", err)
	}
	x.stop()
}

// While a source is away for two hours an alarm comes and goes: one summary afterwards, no page, nothing decided twice.
func TestCatchUpAfterOutage(t *testing.T) {
	want := uninterrupted(t)
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprintf("restart=%v", restart), func(t *testing.T) {
			h := newQuick(t, broken)
			x := h.start(t)
			x.walkSent(begin + 2*hour - 10*minute)
			h.src.fail(&ingest.Error{Kind: ingest.KindUnreachable, Source: "s", Op: "read", Err: http.ErrServerClosed})
			x.walkSent(begin + 3*hour)
			if restart {
				x.crash()
				x = h.start(t)
			}
			x.walkSent(begin + 4*hour)
			if n := len(h.slack.Messages("#oncall")); n != 1 {
				t.Errorf("%d messages while the source is away, want one: %q", n, h.texts())
			}
			h.src.fail(nil)
			x.walkSent(end)
			if d := cmp.Diff(want.transitions, x.transitions()); d != "" {
				t.Errorf("decisions differ (-uninterrupted +caught up):\n%s", d)
			}
			h.wantServiceMessages(t, "Source s answers again")
			if texts := h.texts(); len(texts) != 2 || !strings.Contains(texts[1], "1 alarm found in the past") {
				t.Errorf("messages %q, want the outage and a summary", texts)
			}
			x.stop()
		})
	}
}

// An outage that a restart interrupts is told of once, also where the source is back before the restart is over.
func TestBlindAcrossRestart(t *testing.T) {
	h := newQuick(t, calm)
	x := h.start(t)
	x.walkSent(begin + hour)
	h.src.fail(&ingest.Error{Kind: ingest.KindServer, Source: "s", Op: "read", Err: http.ErrServerClosed})
	x.walkSent(begin + hour + 20*minute)
	if texts := h.texts(); len(texts) != 1 || !strings.Contains(texts[0], "Source s unreachable since 03:05 CEST") {
		t.Errorf("messages %q, want one about the source", texts)
	}
	x.stop()
	h.src.fail(nil)
	x = h.start(t)
	x.walkSent(begin + 2*hour)
	h.wantServiceMessages(t, "Source s answers again")
	x.stop()
}

// Ten times more series than max_series: the error names both numbers, others go on, and it ends by itself.
func TestTooManySeries(t *testing.T) {
	h := newQuick(t, calm)
	h.yaml = strings.Replace(quickConfig, "detectors: [", "detectors: [{name: Wide, expr: wide, max_series: 2}, ", 1)
	wide := &source{series: 3, value: calm}
	h.src.other = map[string]*source{"Wide": wide}
	wide.series = 2
	x := h.start(t)
	x.walkSent(begin + hour)
	wide.fail(&ingest.TooManySeriesError{Detector: "Wide", Limit: 2, Got: 20})
	h.logs.clear()
	x.walkSent(begin + 2*hour)
	h.logs.once(t, "ERROR")
	h.logs.once(t, "ERROR", `"Wide"`, "20 series", "max_series is 2")
	x.want(0, "tidewatch_detector_up", "Wide")
	x.want(1, "tidewatch_detector_up", "Load")
	x.want(1, "tidewatch_source_up", "s")
	x.want(float64(newestDue(x.config().Detectors[1], begin+2*hour))/1000, "tidewatch_detector_last_evaluation_timestamp_seconds", "Load")
	if texts := h.texts(); len(texts) != 1 || !strings.Contains(texts[0], "Detector Wide is off: 20 series, max_series is 2") {
		t.Errorf("messages %q, want one about the detector", texts)
	}
	x.crash() // also across a restart
	x = h.start(t)
	x.walkSent(begin + 2*hour + 30*minute)
	wide.fail(nil)
	x.walkSent(begin + 3*hour)
	h.wantServiceMessages(t, "Detector Wide is on again")
	x.want(1, "tidewatch_detector_up", "Wide")
	x.stop()
}

// One bad expression beside a good one says nothing of their source.
func TestOneBadExpression(t *testing.T) {
	h := newQuick(t, broken)
	h.yaml = strings.Replace(quickConfig, "detectors: [", "detectors: [{name: Bad, expr: bad}, ", 1)
	bad := &source{series: 1, value: calm}
	h.src.other = map[string]*source{"Bad": bad}
	for _, kind := range []ingest.Kind{ingest.KindQuery, ingest.KindProtocol} {
		bad.fail(&ingest.Error{Kind: kind, Source: "s", Op: "evaluate bad", Err: fmt.Errorf("expected vector, got scalar")})
		h.logs.clear()
		x := h.start(t)
		x.walkSent(h.clock.Now().UnixMilli() + 30*minute)
		h.logs.once(t, "ERROR")
		h.logs.once(t, "ERROR", "detector=Bad", "got scalar")
		x.want(1, "tidewatch_source_up", "s")
		x.want(1, "tidewatch_detector_up", "Load")
		x.stop()
	}
	if texts := h.texts(); len(texts) != 1 || !strings.Contains(texts[0], "Detector Bad fails since") {
		t.Errorf("messages %q, want one about the detector", texts)
	}
}

// A source without any series is no failure, and what appears later is watched.
func TestEmptyResult(t *testing.T) {
	h := newQuick(t, calm)
	h.src.series = 0
	x := h.start(t)
	x.walk(begin + 30*minute)
	if err := x.Ready(); err != nil {
		t.Error(err)
	}
	x.want(1, "tidewatch_source_up", "s")
	x.call(func(context.Context) error { h.src.mu.Lock(); defer h.src.mu.Unlock(); h.src.series = 2; return nil })
	x.walk(begin + hour)
	if st := x.core.Status()[0]; st.Series != 2 {
		t.Errorf("%d series are watched, want the 2 that have appeared", st.Series)
	}
	if n := h.logs.count("ERROR"); n != 0 || len(h.texts()) != 0 {
		t.Errorf("%d errors, messages %q", n, h.texts())
	}
	x.stop()
}

// A source that does not answer holds up no other one.
func TestSlowSourceHoldsUpNoOther(t *testing.T) {
	h := newQuick(t, calm)
	h.yaml = strings.NewReplacer("sources: [", `sources: [{name: slow, url: "http://slow.invalid/api/v1/read"}, `,
		"detectors: [{", "detectors: [{name: Stuck, source: slow, expr: up}, {source: s, ").Replace(quickConfig)
	stuck := stuckSource{make(chan struct{})}
	h.open(map[string]ingest.Source{"s": h.src, "slow": stuck})
	h.opts.Clock = fastClock(begin, 3000)
	x := h.live(t)
	<-stuck.asked
	h.waitFor(t, "ten ticks of the other source", func() bool { return h.src.asked() >= 12 })
	x.want(0, "tidewatch_clock_behind_seconds")
	if err := x.Ready(); err == nil || !strings.Contains(err.Error(), "Stuck") {
		t.Errorf("ready: %v, want the detector that was never evaluated", err)
	}
	began := time.Now()
	x.end()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("shutdown took %s", took)
	}
}
