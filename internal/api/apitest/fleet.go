package apitest

import (
	"math"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/internal/api"
)

// Now is the moment at which the made-up data were taken.
var Now = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

func at(before time.Duration) api.Time { return api.Time(Now.Add(-before).UnixMilli()) }

// Series of the fleet.
const (
	CheckoutSeries api.SeriesID = 11400714819323198485
	DiskSeries     api.SeriesID = 42
)

// Fleet is a small service in the middle of an incident: one alarm, one that has no data, one detector that fails.
func Fleet() *Backend {
	checkout := labels.FromStrings("job", "checkout", "region", "eu1")
	disk := labels.FromStrings("__name__", "disk_free_bytes", "instance", "db-0:9100")
	return &Backend{
		AllDetectors: fleetDetectors(),
		AllSources: []api.Source{
			{Name: "edge", Protocol: "query_range", DownSince: at(20 * time.Minute), Circuit: "open", RetryAt: at(-12 * time.Second), LastError: "HTTP status 503 Service Unavailable", NewestSample: at(21 * time.Minute)},
			{Name: "prod", Protocol: "remote_read", Up: true, Circuit: "closed", NewestSample: at(40 * time.Second)},
		},
		AllAlarms:    fleetAlarms(checkout, disk),
		AllAnomalies: fleetAnomalies(checkout, disk),
		AllEvents: []api.Event{
			{ID: "6f1c2d3e4f5a6b7c", Time: at(7 * time.Minute), Known: at(6 * time.Minute), Kind: "deploy", Text: "build_info of checkout changed 1.8.2 → 1.8.3", Labels: labels.FromStrings("job", "checkout"), Origin: "prod"},
			{ID: "0a1b2c3d4e5f6071", Time: at(2 * time.Hour), Known: at(2 * time.Hour), Kind: "maintenance", Text: "the disks of db-0 were replaced", Labels: labels.FromStrings("instance", "db-0:9100"), Origin: "api"},
		},
		AllCauses: fleetCauses(checkout),
		Histories: map[string]api.History{
			"a-checkout": {AlarmID: "a-checkout", Transitions: []api.Transition{
				{Time: at(4 * time.Minute), From: "OK", To: "ALARM", Rule: "m-of-n", Since: at(6 * time.Minute), Breaches: 3, Of: 5, Reason: "3 out of the last 5 datapoints were outside the band", StateReasonData: fleetReasonData()},
				{Time: at(30 * time.Hour), From: "INSUFFICIENT_DATA", To: "OK", Rule: "enough-data", Of: 5},
			}},
			"a-disk": {AlarmID: "a-disk"},
		},
		Explained: map[string]api.Explanation{
			"a-checkout": fleetExplanation(checkout),
			"a-disk": {
				AlarmID: "a-disk", Detector: "disk-free", SeriesID: DiskSeries, Labels: disk, Expr: "disk_free_bytes", State: "INSUFFICIENT_DATA",
				Reason: "No datapoints were received for 5 periods", Y: nan, Yhat: nan, YhatLower: nan, YhatUpper: nan, Score: nan, Channel: "none", Statistic: nan, Limit: nan,
			},
		},
		Bands: map[uint64]api.BandSeries{
			uint64(CheckoutSeries): fleetBand(checkout),
			uint64(DiskSeries):     {SeriesID: DiskSeries, Detector: "disk-free", Labels: disk, StepSeconds: 60},
		},
		Exported: []api.ExportedSeries{
			{Detector: "checkout-5xx", Labels: checkout, Point: api.BandPoint{Time: at(time.Minute), Y: .062, Yhat: .004, YhatLower: .001, YhatUpper: .009, Score: 2.4}},
		},
	}
}

var nan = api.Value(math.NaN())

// fleetReasonData is what checkout's alarm was raised on, with two points of the five.
func fleetReasonData() *api.ReasonData {
	return &api.ReasonData{
		Version: "1.0", QueryDate: at(4*time.Minute - 30*time.Second), StartDate: at(8 * time.Minute), PeriodSeconds: 60, EvaluationPeriods: 5,
		DatapointsToAlarm: 3, EvaluationRange: 7, TreatMissingData: "ignore", Rule: "m-of-n", Row: "M of N decide.", Threshold: 1, RecoveryThreshold: 1, ModelConfig: "5d41402a",
		RecentDatapoints: []api.Value{.058, .062}, RecentLowerThresholds: []api.Value{.001, .001}, RecentUpperThresholds: []api.Value{.009, .009},
		EvaluatedDatapoints: []api.EvaluatedDatapoint{
			{Timestamp: at(4 * time.Minute), Value: .062, Lower: .001, Upper: .009, Score: 2.4, Breaching: true},
			{Timestamp: at(5 * time.Minute), Value: .058, Lower: .001, Upper: .009, Score: 2.2, Breaching: true},
		},
		TriggeringAlarms: []api.TriggeringAlarm{},
	}
}

func fleetDetectors() []api.Detector {
	return []api.Detector{
		{
			Name: "checkout-5xx", Source: "prod", Expr: `sum by (job, region) (rate(http_requests_total{code=~"5.."}[5m]))`, StepSeconds: 60,
			State: api.DetectorRunning, Series: 12, MaxSeries: 1000, Readiness: api.Readiness{Daily: 2, Weekly: 10},
			Training:       api.Training{State: "TRAINED", Progress: .95, TrainedAt: at(-9 * 24 * time.Hour)},
			TrainingSeries: api.TrainingCounts{Insufficient: 2, Trained: 10},
			Alarms:         api.AlarmCounts{OK: 11, Alarm: 1}, Promise: "1/30d", LastTick: at(time.Minute),
			DataQuality: []api.DataQuality{{Reason: "late", Text: "of 60 points read again, 5 had come after their time was decided and 0 had changed; a longer delay waits for them", Since: at(20 * time.Minute)}},
			Expects:     api.Expectations{IntervalSeconds: 30, IntervalInferred: true, MaxGapSeconds: 600, MaxGapInferred: true, Series: 12, Labels: []string{"job", "region"}, Lower: 0, Upper: 1},
		},
		{
			Name: "disk-free", Source: "prod", Expr: "disk_free_bytes", StepSeconds: 60, State: api.DetectorFailing, Series: 3, MaxSeries: 1000,
			Readiness:      api.Readiness{Learning: 1, Level: 2},
			Training:       api.Training{State: "TRAINED_INSUFFICIENT_DATA", Progress: .05, JudgedAt: at(-3 * time.Hour), TrainedAt: at(-15 * 24 * time.Hour)},
			TrainingSeries: api.TrainingCounts{Pending: 1, Insufficient: 2},
			Alarms:         api.AlarmCounts{OK: 2, InsufficientData: 1}, Promise: "provisional: 1/9d",
			DataQuality: []api.DataQuality{}, LastTick: at(11 * time.Minute),
			EvaluationState: api.EvaluationFailure, EvaluationReason: "remote-read from prod: connection refused", LastError: "remote-read from prod: connection refused", LastErrorAt: at(time.Minute),
		},
	}
}

func fleetAlarms(checkout, disk labels.Labels) []api.Alarm {
	return []api.Alarm{
		{
			ID: "a-checkout", Detector: "checkout-5xx", SeriesID: CheckoutSeries, Labels: checkout, State: "ALARM", Since: at(4 * time.Minute),
			Annotations: map[string]string{"summary": "checkout fails"}, Readiness: "weekly", Training: api.Training{State: "TRAINED", Progress: 1}, Promise: "1/30d", Rule: "m-of-n",
			Reason:         "3 out of the last 5 datapoints were outside the band: 0.062, expected 0.001 to 0.009",
			ActionsEnabled: true, Time: at(time.Minute), Score: 2.4, Y: .062, Yhat: .004, YhatLower: .001, YhatUpper: .009, Channel: "band",
		},
		{
			ID: "a-disk", Detector: "disk-free", SeriesID: DiskSeries, Labels: disk, State: "INSUFFICIENT_DATA",
			Reason: "No datapoints were received for 5 periods", Readiness: "learning",
			Training: api.Training{State: "PENDING_TRAINING", Progress: .25, JudgedAt: at(-3 * time.Hour), TrainedAt: at(-15 * 24 * time.Hour)}, Promise: "provisional: 1/9d",
			ActionsDisabled: api.DisabledActions{By: "anna (slack)", Time: at(time.Minute), Target: "a-disk", Comment: "new disks"},
			Score:           nan, Y: nan, Yhat: nan, YhatLower: nan, YhatUpper: nan, Channel: "none",
		},
	}
}

func fleetAnomalies(checkout, disk labels.Labels) []api.Anomaly {
	return []api.Anomaly{
		{
			ID: "n-2", AlarmID: "a-checkout", Detector: "checkout-5xx", SeriesID: CheckoutSeries, Labels: checkout, Start: at(6 * time.Minute),
			State: api.AnomalyActive, Alarmed: true, Points: 5, PeakAt: at(2 * time.Minute), Score: 2.4, Surprise: 9.1,
			Y: .062, Yhat: .004, YhatLower: .001, YhatUpper: .009, Channel: "band",
		},
		{
			ID: "n-1", AlarmID: "a-disk", Detector: "disk-free", SeriesID: DiskSeries, Labels: disk, Start: at(9 * time.Hour), End: at(8*time.Hour + 30*time.Minute),
			State: api.AnomalyEnded, Points: 31, PeakAt: at(8*time.Hour + 50*time.Minute), Score: 1.2, Surprise: 4.4,
			Y: 1.5e9, Yhat: 4e9, YhatLower: 3.5e9, YhatUpper: 4.5e9, Channel: "shift", Note: "REGIME_ACCEPTED",
		},
	}
}

func fleetExplanation(checkout labels.Labels) api.Explanation {
	return api.Explanation{
		AlarmID: "a-checkout", Detector: "checkout-5xx", SeriesID: CheckoutSeries, Labels: checkout,
		Expr:  `sum by (job, region) (rate(http_requests_total{code=~"5.."}[5m]))`,
		State: "ALARM", Reason: "3 out of the last 5 datapoints were outside the band: 0.062, expected 0.001 to 0.009",
		Why:  "Expected 0.004 = level 0.005 - Monday 03:00 0.001. History 15 d.",
		Time: at(time.Minute), Y: .062, Yhat: .004, YhatLower: .001, YhatUpper: .009, Score: 2.4, Surprise: 9.1, Channel: "band", Side: 1,
		Parts:     []api.Part{{Channel: "band", Surprise: 9.1}, {Channel: "isolation", Surprise: 1.5}},
		Terms:     []api.Term{{Name: "level", Value: .005}, {Name: "Monday 03:00", Value: -.001}},
		Features:  []api.Term{{Name: "jump", Value: .4}},
		Statistic: 29, Limit: 4.1, Unit: "robust standard deviations", Seasons: []string{"1d", "1w"}, HistorySeconds: 15 * 86400, Promise: "1/30d",
	}
}

// fleetBand is six hours of a daily rhythm with one missing sample and an incident at its end.
func fleetBand(checkout labels.Labels) api.BandSeries {
	b := api.BandSeries{SeriesID: CheckoutSeries, Detector: "checkout-5xx", Labels: checkout, StepSeconds: 60, HeldFrom: at(6 * time.Hour), HeldTo: at(time.Minute)}
	for ago := 6 * time.Hour; ago >= time.Minute; ago -= time.Minute {
		mid := .004 + .001*math.Round(100*math.Sin(ago.Hours()))/100
		p := api.BandPoint{Time: at(ago), Y: api.Value(mid), Yhat: api.Value(mid), YhatLower: api.Value(mid - .003), YhatUpper: api.Value(mid + .005)}
		switch {
		case ago == 3*time.Hour:
			p.Y, p.Score = nan, nan
		case ago <= 6*time.Minute:
			p.Y, p.Score = .062, 2.4
		}
		b.Points = append(b.Points, p)
	}
	return b
}

func fleetCauses(checkout labels.Labels) api.CauseList {
	return api.CauseList{
		Causes: []api.Cause{{
			Members: []api.CauseMember{
				{AlarmID: "a-checkout", Detector: "checkout-5xx", Labels: checkout, Onset: at(6 * time.Minute), SpreadSeconds: 30},
				{AlarmID: "a-basket", Detector: "basket-latency", Labels: labels.FromStrings("job", "basket", "region", "eu1"), Onset: at(4 * time.Minute), SpreadSeconds: 30},
			},
			First: []string{"a-checkout"}, Labels: []api.CauseLabel{{Name: "region", Value: "eu1", Quiet: 3}}, P: .001,
			Nearby: []api.CauseEvent{{ID: "6f1c2d3e4f5a6b7c", Time: at(7 * time.Minute), Kind: "deploy", Text: "build_info of checkout changed 1.8.2 → 1.8.3"}},
		}},
		Alone: 1, QuietSeries: 212, Pairs: 3,
	}
}
