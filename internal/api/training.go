package api

import "github.com/prometheus/prometheus/model/labels"

// Training is how far learning has come, in CloudWatch's words.
type Training struct {
	State     string  `json:"state" enum:"PENDING_TRAINING,TRAINED_INSUFFICIENT_DATA,TRAINED" doc:"PENDING_TRAINING: too little history to judge. TRAINED_INSUFFICIENT_DATA: judged, but the longest season has not been seen for long enough. TRAINED: nothing more to wait for. Of a detector: the state of its median series."`
	Progress  float64 `json:"progress" minimum:"0" maximum:"1" doc:"Share of the history that TRAINED needs. Of a detector: the mean."`
	JudgedAt  Time    `json:"judged_at,omitzero" doc:"When judging begins if the series goes on reporting; absent if it has begun or cannot be told. Of a detector: of its youngest series."`
	TrainedAt Time    `json:"trained_at,omitzero" doc:"When TRAINED will be reached if the series goes on reporting; absent if it has been or cannot be told. Of a detector: by all its series."`
}

// TrainingCounts counts a detector's live series by the state of their training.
type TrainingCounts struct {
	Pending      int `json:"pending_training" minimum:"0" doc:"In state PENDING_TRAINING."`
	Insufficient int `json:"trained_insufficient_data" minimum:"0" doc:"In state TRAINED_INSUFFICIENT_DATA."`
	Trained      int `json:"trained" minimum:"0" doc:"In state TRAINED."`
}

// Origin says whose baseline a series goes on from.
type Origin struct {
	SeriesID SeriesID      `json:"series_id" doc:"The series before; a 64-bit number as a decimal string."`
	Labels   labels.Labels `json:"labels" doc:"Its labels."`
	At       Time          `json:"at" doc:"When its baseline was taken over."`
	Begun    Time          `json:"begun" doc:"Oldest point that the baseline knows of."`
}
