package app

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/internal/api"
)

// deployed is a release of job0 shortly before the fault of faulty.
func deployed(kind string, t int64) map[string]float64 {
	const fault = origin + 4*day + 3*hour
	switch {
	case kind == "deploy" && t < fault-3*minute:
		return map[string]float64{"__name__ build_info job job0 version 1.4": 1}
	case kind == "deploy":
		return map[string]float64{"__name__ build_info job job0 version 1.5": 1}
	case kind == "restart" && t < fault:
		return map[string]float64{"job job0 instance a": float64(origin / 1000)}
	case kind == "restart":
		return map[string]float64{"job job0 instance a": float64(fault/1000 - 40)}
	}
	return nil
}

// blocks is all that the channel's messages say.
func (h *harness) blocks() string {
	var b strings.Builder
	for _, m := range h.slack.Messages("#oncall") {
		b.Write(m.Blocks)
		b.WriteByte('\n')
	}
	return b.String()
}

// TestPostedEventsSurviveACrash posts an event before a fault, crashes, and finds it in the message and in the API all the same.
func TestPostedEventsSurviveACrash(t *testing.T) {
	h := newQuick(t, broken)
	x := h.start(t)
	x.walkSent(begin + 2*hour - 10*minute)
	_, err := backend{x.Service}.PostEvent(t.Context(), api.Event{
		Time: api.Time(begin + 2*hour - 12*minute), Kind: "deploy", Text: "the release of job0 2.0", Labels: labels.FromStrings("job", "job0"),
	})
	if err != nil {
		t.Fatal(err)
	}
	before := x.snapshotBytes()
	x.crash()
	x = h.start(t)
	if !bytes.Equal(before, x.snapshotBytes()) {
		t.Error("the state after the crash is not the state before it")
	}
	x.walkSent(begin + 3*hour)
	if texts := h.blocks(); !strings.Contains(texts, "after the release of job0 2.0.") {
		t.Errorf("no message names the event:\n%s", texts)
	}
	page, err := backend{x.Service}.Events(t.Context(), api.EventQuery{From: begin, To: begin + day, Limit: 10})
	if err != nil || len(page.Events) != 1 || page.Events[0].Origin != "api" {
		t.Errorf("events %+v, %v; want the one that was posted", page.Events, err)
	}
	x.stop()
}

// TestEventsOfAFailingSourceAreCaughtUpOn looks for events again where a look failed.
func TestEventsOfAFailingSourceAreCaughtUpOn(t *testing.T) {
	h := newHarness(t, &source{series: 4, value: faulty, told: deployed}, origin+3*day+30_000)
	s, err := New(t.Context(), h.opts)
	if err != nil {
		t.Fatal(err)
	}
	err = s.RunWith(t.Context(), func(ctx context.Context) error {
		at := origin + 4*day + 2*hour
		if err := s.Walk(ctx, h.clock, at); err != nil {
			return err
		}
		h.src.fail(context.DeadlineExceeded)
		if err := s.Walk(ctx, h.clock, at+2*hour); err != nil {
			return err
		}
		h.src.fail(nil)
		return s.Walk(ctx, h.clock, at+3*hour)
	})
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, e := range s.core.Events() {
		texts = append(texts, e.Text)
	}
	if got := strings.Join(texts, "; "); got != "build_info of job0 changed 1.4 → 1.5; job0 restarted" {
		t.Errorf("events %q", got)
	}
}
