//go:build integration

package integration

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/app"
)

// counted passes requests to a server and counts them.
func counted(t *testing.T, p *promServer) (readURL string, requests *atomic.Int64) {
	t.Helper()
	u, err := url.Parse(p.url())
	if err != nil {
		t.Fatal(err)
	}
	proxy, requests := httputil.NewSingleHostReverseProxy(u), new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		b, err := io.ReadAll(r.Body) // net/http may cut an answer that begins while the request is still being passed on
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(b))
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/api/v1/read", requests
}

// recordedDay is three days of two gauges and two counters for each queue; on the last, one queue has a fault of an hour.
func recordedDay(end time.Time) []series {
	var out []series
	for i, q := range queues {
		depthOf, done := newSeries("queue_depth", "queue", q), newSeries("queue_done_total", "queue", q)
		total := 0.0
		for at := end.Add(-3 * 24 * time.Hour).UnixMilli(); at < end.UnixMilli(); at += 15_000 {
			t := at + int64(i)*700 + at/15_000%13
			v := depth(q, t)
			if left := end.UnixMilli() - t; i == 0 && left < 5*3_600_000 && left > 4*3_600_000 {
				v += 40
			}
			if total += math.Floor(v / 10); at/15_000%1999 == 7 {
				total = 0 // a restart
			}
			if at/15_000%977 > 960 {
				continue // a gap
			}
			depthOf.add(t, v)
			done.add(t, total)
		}
		out = append(out, depthOf, done)
	}
	return out
}

// TestRecordingReplaysAsTheServerDid records what detectors read from a real server. Replays of the recording decide the same, to
// the last bit and without a request, when the server's data have changed and when it is gone.
func TestRecordingReplaysAsTheServerDid(t *testing.T) {
	everyRelease(t, func(t *testing.T, r release) {
		t.Parallel()
		end := time.Now().Add(-time.Hour).Truncate(time.Minute)
		p := startProm(t, r, promOptions{external: map[string]string{"cluster": "eu1"}})
		p.write(t, recordedDay(end))
		readURL, requests := counted(t, p)
		cfg, err := configs.Parse("recording.yml", fmt.Appendf(nil, `
global: {history: 2d}
sources: [{name: main, url: %q, external_labels: {cluster: eu1}, labels: {site: a}}]
detectors:
  - {name: Depth, expr: queue_depth}
  - {name: Done, expr: "sum by (queue) (rate(queue_done_total[5m]))"}
  - {name: Share, expr: "queue_depth / on () group_left () sum(avg_over_time(queue_depth[10m]))", step: 5m}
  - {name: Slope, expr: "max_over_time(deriv(queue_depth[10m])[30m:1m])", step: 5m}
  - {name: All, expr: queue_depth, step: 5m, join: {}}
route: {receiver: log}
receivers: [{name: log, log_configs: [{}]}]
`, readURL))
		if err != nil {
			t.Fatal(err)
		}
		from, to := end.Add(-12*time.Hour).UnixMilli(), end.UnixMilli()
		replay := func(source func(string) (ingest.Source, error)) decision {
			t.Helper()
			var d decision
			report, err := app.Replay(t.Context(), app.ReplayOptions{
				Config: cfg, Source: source, From: from, To: to, Each: d.add,
				Failed: func(name string, err error) { t.Errorf("%s: %v", name, err) },
			})
			if err != nil || report.Detectors != len(cfg.Detectors) {
				t.Fatal(report, err)
			}
			return d
		}
		log := slog.New(slog.DiscardHandler)
		want := replay(app.RemoteSources(cfg, log))
		if len(want.onsets) == 0 {
			t.Fatal("the fault is not found")
		}
		dir := t.TempDir()
		rec, err := ingest.NewRecorder(dir, ingest.RecorderOptions{SegmentBytes: 100_000})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := app.Record(t.Context(), app.RecordOptions{
			Config: cfg, Recorder: rec, From: from, To: to, Logger: log,
			Failed: func(name string, err error) { t.Errorf("%s: %v", name, err) },
		}); err != nil {
			t.Fatal(err)
		}
		if err := rec.Close(); err != nil {
			t.Fatal(err)
		}
		asked := requests.Load()

		late := newSeries("queue_depth", "queue", queues[1])
		for at := end.Add(-8 * time.Hour).UnixMilli(); at < end.Add(-7*time.Hour).UnixMilli(); at += 15_000 {
			late.add(at+5000, 300)
		}
		p.write(t, []series{late})
		if changed := replay(app.RemoteSources(cfg, log)); cmp.Equal(changed.transitions, want.transitions) {
			t.Error("late samples change nothing, so they prove nothing")
		}
		p.signal(syscall.SIGKILL)
		before := requests.Load()
		for range 2 {
			stored, err := ingest.OpenRecording(dir)
			if err != nil {
				t.Fatal(err)
			}
			got := replay(app.RecordingSources(cfg, stored, log))
			if d := cmp.Diff(want.transitions, got.transitions) + cmp.Diff(want.notices, got.notices); d != "" {
				t.Errorf("the recording replays otherwise (-server +recording):\n%s", d)
			}
			if stored.From != from || stored.To != to {
				t.Errorf("the recording is of %d to %d, want %d to %d", stored.From, stored.To, from, to)
			}
			if err := stored.Close(); err != nil {
				t.Error(err)
			}
		}
		if n := requests.Load() - before; n != 0 || asked == 0 {
			t.Errorf("%d requests for the replays of the recording, %d before", n, asked)
		}
		same := func(what string, source func(string) (ingest.Source, error)) {
			t.Helper()
			if got := replay(source); !cmp.Equal(got.transitions, want.transitions) || !cmp.Equal(got.notices, want.notices) {
				t.Errorf("%s: replays otherwise: %.1500s", what, cmp.Diff(want.transitions, got.transitions)+cmp.Diff(want.notices, got.notices))
			}
		}
		stored, err := ingest.OpenRecording(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = stored.Close() }() // it was only read
		same("blocks that promtool makes of OpenMetrics", app.RecordingSources(cfg, throughPromtool(t, r, stored), log))
		other := startProm(t, r, promOptions{external: map[string]string{"cluster": "eu1"}})
		other.signal(syscall.SIGTERM)
		if _, _, err := app.ExportBlocks(t.Context(), stored, "main", filepath.Join(other.dir, "data")); err != nil {
			t.Fatal(err)
		}
		other.start(t)
		cfg.Sources[0].URL = other.readURL()
		same("a server that was given the blocks", app.RemoteSources(cfg, log))
	})
}

// throughPromtool exports a recording as OpenMetrics, has promtool make blocks of the text, and takes these in.
func throughPromtool(t *testing.T, r release, rec *ingest.Recording) *ingest.Recording {
	t.Helper()
	dir := t.TempDir()
	text, made, dst := filepath.Join(dir, "rec.om"), filepath.Join(dir, "blocks"), filepath.Join(dir, "rec")
	f, err := os.Create(text)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rec.WriteOpenMetrics(f, "main"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	tool := exec.Command(filepath.Join(filepath.Dir(r.binary), "promtool"), "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=24h", text, made)
	if out, err := tool.CombinedOutput(); err != nil {
		t.Fatalf("promtool: %v: %s", err, out)
	}
	w, err := ingest.NewRecorder(dst, ingest.RecorderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w.Declare(ingest.RecordedSource{Name: "main", External: labels.FromStrings("cluster", "eu1")})
	if _, err := app.ImportBlocks(t.Context(), w, "main", made); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := ingest.OpenRecording(dst)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = out.Close() }) // it was only read
	return out
}
