package app

import (
	"math"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/engine"
)

// TestServiceRecordsWhatItDecides: a replay of a service's recording decides what the service decided, when it did, whatever
// the source would answer now: through an outage that was caught up, and through a crash.
func TestServiceRecordsWhatItDecides(t *testing.T) {
	outage := func(x *session) *session {
		x.h.src.fail(&ingest.Error{Kind: ingest.KindUnreachable, Source: "s", Op: "read", Err: http.ErrServerClosed})
		x.walkSent(begin + 2*hour + 31*minute)
		x.h.src.fail(nil)
		return x
	}
	crash := func(x *session) *session {
		x.crash()
		return x.h.start(x.t)
	}
	for name, middle := range map[string]func(*session) *session{"outage": outage, "crash": crash} {
		t.Run(name, func(t *testing.T) {
			h := newQuick(t, broken)
			h.yaml += "storage: {recording: {enabled: true}}\n"
			cfg, served := h.transcribe(t, func(res *engine.Result) { res.Notices = ofAlarms(res.Notices, name) })
			x := h.start(t)
			x.walkSent(begin + 2*hour + 11*minute)
			x = middle(x)
			h.src.value = func(k int, at int64) float64 { // late samples change the past
				if at < begin {
					return math.NaN()
				}
				return broken(k, at)
			}
			x.walkSent(begin + 5*hour)
			x.stop()

			rec, err := ingest.OpenRecording(filepath.Join(h.opts.DataDir, recordingDir))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = rec.Close() }() // it was only read
			replayed := &transcript{t: t, renderer: served.renderer}
			report, err := Replay(t.Context(), ReplayOptions{
				Config: cfg, Source: RecordingSources(cfg, rec, nil), Ticks: RecordedTicks(rec), From: rec.From, To: rec.To,
				Each: func(res engine.Result) error {
					res.Notices = ofAlarms(res.Notices, name)
					return replayed.add(res)
				},
				Failed: func(detector string, err error) { t.Errorf("%s: %v", detector, err) },
			})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(served.out.String(), replayed.out.String()); d != "" || report.Alarms != 1 {
				t.Errorf("%d alarms; the replay of the recording differs (-served +replayed):\n%s", report.Alarms, d)
			}
			if strings.Count(served.out.String(), "\n") < 2 {
				t.Errorf("nothing was decided:\n%s", served.out.String())
			}
		})
	}
}

// ofAlarms leaves out what no replay says: that a source is down, and what is said anew after a crash.
func ofAlarms(ns []alerting.Notice, name string) []alerting.Notice {
	return slices.DeleteFunc(slices.Clone(ns), func(n alerting.Notice) bool { return n.Kind == alerting.KindService || name == "crash" })
}
