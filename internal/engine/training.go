package engine

import (
	"time"

	"github.com/tidewatch/tidewatch/models"
)

// TrainingState is CloudWatch's StateValue of an anomaly detector.
type TrainingState uint8

// The states of training.
const (
	PendingTraining         TrainingState = iota // too little history to judge: there is no band and no alarm
	TrainedInsufficientData                      // judged, but the longest season that may be learnt has not been seen for long enough
	Trained                                      // nothing more to wait for
	numTrainingStates
)

// String is CloudWatch's name of the state.
func (s TrainingState) String() string {
	return [...]string{"PENDING_TRAINING", "TRAINED_INSUFFICIENT_DATA", "TRAINED"}[s]
}

// Training is how far the learning of a series has come.
type Training struct {
	State TrainingState
	Rung  int // of the readiness ladder: 0 nothing yet, 1 level, 2 daily, 3 weekly
	// Progress is the share of the history that TRAINED needs, 0 to 1.
	Progress float64
	// Judged is when judging begins and Trained when the state becomes TRAINED if the series goes on reporting, Unix milliseconds; 0 where
	// that has happened, or cannot be told because values are missing.
	Judged, Trained int64
}

// training is that of a row, as of the newest decided column.
func (d *detector) training(r *row) Training {
	return trainingOf(d.ladder, r.ready, r.begun(), r.seen+d.step())
}

// begun is the time of the oldest point that the row's model has learnt of.
func (r *row) begun() int64 {
	if r.few().origin != nil {
		return r.few().origin.Begun
	}
	return r.first
}

// trainingOf is the training of a series seen from first up to but not including end; first 0 is one that was never seen.
func trainingOf(l models.Ladder, ready bool, first, end int64) Training {
	if first == 0 {
		return Training{}
	}
	history := time.Duration(end-first) * time.Millisecond
	t := Training{Progress: min(float64(history)/float64(l.Full()), 1)}
	due := func(span time.Duration) int64 {
		if history >= span {
			return 0
		}
		return first + span.Milliseconds()
	}
	if !ready {
		t.Judged, t.Trained = due(l.Level), due(l.Full())
		return t
	}
	t.Rung = 1
	if l.Daily > 0 && history >= l.Daily {
		t.Rung = 2
	}
	if l.Weekly > 0 && history >= l.Weekly {
		t.Rung = 3
	}
	if t.State = Trained; history < l.Full() {
		t.State, t.Trained = TrainedInsufficientData, due(l.Full())
	}
	return t
}

// TrainingSummary is the training of a detector's live series together.
type TrainingSummary struct {
	States [numTrainingStates]int
	// State is the one of the median series: one new pod among hundreds does not make a detector untrained. Without a live series it is
	// PendingTraining.
	State    TrainingState
	Progress float64 // mean
	// Judged and Trained are the latest of the series'.
	Judged, Trained int64
}

func (s *TrainingSummary) add(t Training) {
	n := float64(s.live())
	s.Progress += (t.Progress - s.Progress) / (n + 1)
	s.States[t.State]++
	s.Judged, s.Trained = max(s.Judged, t.Judged), max(s.Trained, t.Trained)
	below := 0
	for i, k := range s.States {
		if below += k; 2*below >= s.live() {
			s.State = TrainingState(i)
			return
		}
	}
}

func (s *TrainingSummary) live() (n int) {
	for _, k := range s.States {
		n += k
	}
	return n
}
