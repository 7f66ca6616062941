package app

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/internal/api"
)

// A detector that grows beyond max_series goes on judging what it judged, which a fault in it shows; the new ones are left out, which it
// says after some minutes, and come in once all fit.
func TestSeriesLeftOut(t *testing.T) {
	h := newQuick(t, calm)
	h.yaml = strings.Replace(quickConfig, "detectors: [", "detectors: [{name: Wide, expr: wide, max_series: 4}, ", 1)
	alive := func(k int, at int64) bool { // four, from 1 h to 3 h two more, which then remain in the place of two others
		return k < 2 || k < 4 && at < begin+3*hour || k >= 4 && at >= begin+hour
	}
	wide := &source{series: 6, value: func(k int, at int64) float64 {
		switch {
		case !alive(k, at):
			return math.NaN()
		case k == 0 && at >= begin+2*hour && at < begin+150*minute, k == 4 && at < begin+3*hour:
			return calm(k, at) + 100
		}
		return calm(k, at)
	}}
	h.src.other = map[string]*source{"Wide": wide}
	state := func(x *session) (d api.Detector) {
		all, err := backend{x.Service}.Detectors(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return all[slices.IndexFunc(all, func(d api.Detector) bool { return d.Name == "Wide" })]
	}
	x := h.start(t)
	x.walkSent(begin + hour + 2*minute)
	if texts := h.texts(); len(texts) != 0 {
		t.Errorf("messages %q after two minutes, want none yet", texts)
	}
	x.walkSent(begin + 90*minute)
	if texts := h.texts(); len(texts) != 1 || !strings.Contains(texts[0], "Detector Wide leaves out 2 of 6 series: max_series is 4") {
		t.Errorf("messages %q, want one about what is left out", texts)
	}
	if d := state(x); d.EvaluationState != api.PartialData || d.State != api.DetectorRunning || d.Series != 4 ||
		d.EvaluationReason != "2 new series of 6 are left out until all fit into max_series; those that were judged before are judged on." {
		t.Errorf("the detector is %+v", d)
	}
	x.want(2, "tidewatch_detector_left_out_series", "Wide")
	x.want(1, "tidewatch_detector_up", "Wide")
	x.crash()
	x = h.start(t)
	x.walkSent(begin + 2*hour + 20*minute)
	if texts := h.texts(); len(texts) != 2 || !strings.Contains(texts[1], "job0") {
		t.Errorf("messages %q, want one more, about the fault of a series that was judged before", texts)
	}
	x.walkSent(begin + 3*hour + 10*minute)
	if texts := h.texts(); len(texts) < 2 || !strings.Contains(texts[0], "Detector Wide judges all of its series again") {
		t.Errorf("messages %q, want the first to say that it is over", texts)
	}
	if d := state(x); d.EvaluationState != "" {
		t.Errorf("the detector is %+v", d)
	}
	x.want(0, "tidewatch_detector_left_out_series", "Wide")
	for _, k := range []int{4, 5} {
		if id := tidewatch.SeriesID("Wide", labels.FromStrings("job", fmt.Sprintf("job%d", k))); !x.core.Known("Wide", id) {
			t.Errorf("job%d has not come in", k)
		}
	}
	x.stop()
}
