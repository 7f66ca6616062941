package app

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/internal/api"
)

// A source that fails is spared, and the API says so: its circuit, when it is tried again, and why.
func TestSourcesTold(t *testing.T) {
	p := newPrometheus(t, calm, end, replica{})
	h := newQuick(t, nil)
	h.remote(p.URL+"/api/v1/read", "")
	x := h.start(t)
	told := func() api.Source {
		t.Helper()
		var list []api.Source
		x.call(func(ctx context.Context) (err error) {
			list, err = backend{x.Service}.Sources(ctx)
			return err
		})
		if len(list) != 1 || list[0].Name != "s" || list[0].Protocol != "remote_read" {
			t.Fatalf("sources %+v", list)
		}
		return list[0]
	}
	x.walkSent(begin + hour)
	if s := told(); !s.Up || s.Circuit != "closed" || s.LastError != "" || begin+hour-int64(s.NewestSample) > 6*minute {
		t.Errorf("in good health: %+v", s)
	}
	var asked atomic.Int64
	p.fail(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		http.Error(w, "starting", http.StatusServiceUnavailable)
	})
	x.walkSent(begin + hour + 30*minute)
	s := told()
	if s.Up || s.DownSince == 0 || s.Circuit != "open" || int64(s.RetryAt) < begin+hour+29*minute || !strings.Contains(s.LastError, "HTTP status 503 Service Unavailable: starting") {
		t.Errorf("while it fails: %+v", s)
	}
	x.want(1, "tidewatch_source_circuit_state", "s", "open")
	x.want(0, "tidewatch_source_circuit_state", "s", "closed")
	if n, tries := asked.Load(), int64(30*time.Minute/failedRetry); n >= tries*3/4 || n < 30 {
		t.Errorf("asked %d times in half an hour; every failed read again would be %d", n, tries)
	}
	p.fail(nil)
	x.walkSent(begin + 2*hour)
	if s := told(); !s.Up || s.DownSince != 0 || s.Circuit != "closed" || s.RetryAt != 0 || s.LastError != "" {
		t.Errorf("after it: %+v", s)
	}
	h.wantServiceMessages(t, "Source s answers again")
	x.stop()
}

// Samples that arrive after their points were decided, be it others for the same time or those of a second replica, change
// neither what was decided nor what is learnt, also not where a restart repeats the journal: the state is the same to the
// last bit.
func TestLateSamplesChangeNothing(t *testing.T) {
	const late = begin + 2*hour + 40*minute // in the middle of the alarm
	a, b := labels.FromStrings("replica", "a"), labels.FromStrings("replica", "b")
	prompt := newPrometheus(t, broken, end, replica{labels: a})
	rewritten := newPrometheus(t, func(k int, at int64) float64 {
		if at < late-10*minute { // nothing that an undecided point looks back to
			return broken(1, at) - 500
		}
		return broken(k, at)
	}, end, replica{labels: a}, replica{labels: b})
	run := func(disturbed bool) (transitions []string, state []byte) {
		h := newQuick(t, nil)
		h.remote(prompt.URL+"/api/v1/read", ", drop_labels: [replica]")
		x := h.start(t)
		x.walkSent(late)
		if disturbed {
			before := x.transitions()
			h.remote(rewritten.URL+"/api/v1/read", ", drop_labels: [replica]")
			x.crash()
			x = h.start(t)
			if d := cmp.Diff(before, x.transitions()); d != "" {
				t.Errorf("after the restart (-before +after):\n%s", d)
			}
		}
		x.walkSent(end)
		transitions, state = x.transitions(), x.snapshotBytes()
		x.stop()
		return transitions, state
	}
	want, wantState := run(false)
	got, state := run(true)
	if d := cmp.Diff(want, got); d != "" || len(want) != 2 {
		t.Errorf("%d decisions; (-prompt +late):\n%s", len(want), d)
	}
	if !bytes.Equal(wantState, state) {
		t.Errorf("the state differs: %d and %d bytes", len(wantState), len(state))
	}
}
