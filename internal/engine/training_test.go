package engine

import (
	"math"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch/models"
)

// TestTraining walks up the readiness ladder.
func TestTraining(t *testing.T) {
	const h, first = int64(3_600_000), int64(1_700_000_000_000)
	ladder := func(kind string, step time.Duration, seasons []time.Duration) models.Ladder {
		l, err := (models.Config{Kind: kind, Rows: 1, Step: step, Seasons: seasons}).Ladder()
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	auto := ladder("combined", 5*time.Minute, nil)
	for _, c := range []struct {
		name            string
		ladder          models.Ladder
		ready           bool
		hours           int64
		want            TrainingState
		rung            int
		progress        float64
		judged, trained int64 // hours after the first point
	}{
		{"just born", auto, false, 1, PendingTraining, 0, 1. / 360, 6, 360},
		{"values are missing", auto, false, 8, PendingTraining, 0, 8. / 360, 0, 360},
		{"level", auto, true, 6, TrainedInsufficientData, 1, 6. / 360, 0, 360},
		{"day", auto, true, 48, TrainedInsufficientData, 2, 48. / 360, 0, 360},
		{"week", auto, true, 360, Trained, 3, 1, 0, 0},
		{"for long", auto, true, 9999, Trained, 3, 1, 0, 0},
		{"no seasons", ladder("combined", 5*time.Minute, []time.Duration{}), true, 6, Trained, 1, 1, 0, 0},
		{"a day only", ladder("combined", 5*time.Minute, []time.Duration{24 * time.Hour}), true, 24, TrainedInsufficientData, 1, 0.5, 0, 48},
		{"36 points at least", ladder("combined", time.Hour, nil), false, 6, PendingTraining, 0, 6. / 360, 36, 360},
		{"a group needs a day", ladder("joint", 5*time.Minute, nil), false, 6, PendingTraining, 0, 6. / 360, 24, 360},
	} {
		at := func(hours int64) int64 {
			if hours == 0 {
				return 0
			}
			return first + hours*h
		}
		got := trainingOf(c.ladder, c.ready, first, first+c.hours*h)
		if got.State != c.want || got.Rung != c.rung || math.Abs(got.Progress-c.progress) > 1e-9 || got.Judged != at(c.judged) || got.Trained != at(c.trained) {
			t.Errorf("%s: %s, rung %d, %.3f, judged %d, trained %d; want %s, %d, %.3f, %d, %d", c.name, got.State, got.Rung, got.Progress,
				got.Judged, got.Trained, c.want, c.rung, c.progress, at(c.judged), at(c.trained))
		}
	}
	if got := trainingOf(auto, false, 0, 5); got != (Training{}) {
		t.Errorf("never seen: %+v", got)
	}
	var s TrainingSummary
	for _, n := range []int64{1, 400, 400, 50} {
		s.add(trainingOf(auto, n > 6, first, first+n*h))
	}
	if s.States != [3]int{1, 1, 2} || s.State != TrainedInsufficientData || s.Judged != first+6*h || s.Trained != first+360*h || math.Abs(s.Progress-(2+51./360)/4) > 1e-9 {
		t.Errorf("of four series: %+v", s)
	}
}
