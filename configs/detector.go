package configs

import (
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/models"
)

// Detector watches the series of one PromQL expression. Exactly one of Expect, ExpectPerSeries, FDR and Band is set.
type Detector struct {
	Name   string // the alertname
	Preset string // the preset that it came from; "" for the user's own
	Source string // name of its Source
	// Expr is PromQL, a vector: what is evaluated. Of a detector that joins several expressions it is the one that returns all,
	// and with Agg each selector stands in its function, avg_over_time(x[1m]).
	Expr string
	Agg  Agg // how the samples of a step become its point

	Step    time.Duration // grid step, >= 1s
	Delay   time.Duration // a grid point t is read at t + Delay; what the source's spread adds is part of it
	History time.Duration // read at the first start

	Join        []string        // labels whose equal values make a group that is judged as one; nil: each series for itself; empty: all
	Churn       []string        // labels whose values are replaced in the course of time; nil: found automatically; empty: none
	Model       string          // a kind of package models
	Seasons     []time.Duration // nil: found automatically; empty, not nil: none
	Transform   models.Transform
	Shapes      bool           // a library of typical shapes is kept of each series
	OwnForest   bool           // each series is judged with a forest of its own, not with one that all share
	Location    *time.Location // never nil
	AcceptAfter time.Duration  // a lasting shift becomes the new normal
	Range       [2]float64     // valid values of the metric; -Inf and +Inf where open
	Exclude     Exclude

	Expect          Rate    // false alarm episodes of the whole detector
	ExpectPerSeries Rate    // false alarm episodes of each series
	FDR             float64 // share of all alarms that may be false, > 0
	Band            float64 // standard deviations, CloudWatch-literal, > 0
	Direction       Direction
	MinDeviation    MinDeviation

	Alarm     alerting.Policy
	MaxSeries int // output series alive now; above it new ones are left out

	DataQuality    bool          // data is checked
	ExpectInterval time.Duration // between two samples; 0: not declared
	MaxGap         time.Duration // longest time without a value; 0: inferred
	RequireLabels  []string      // that every series must have

	Labels      map[string]string // added to the alarm
	Annotations map[string]string // templates, see alerting.Facts
	Unit        string            // "" infers it
	Notify      bool              // false: everything but messages

	input string // what else decides which samples the expression sees: the source's name and external labels
}

// ModelConfig is the configuration of the detector's models for groups of that many rows; the caller sets the Seed.
func (d Detector) ModelConfig(rows int) models.Config {
	return models.Config{
		Kind: d.Model, Rows: rows, Step: d.Step, Location: d.Location, Seasons: d.Seasons,
		Min: d.Range[0], Max: d.Range[1], AcceptAfter: d.AcceptAfter, Transform: d.Transform, Shapes: d.Shapes,
	}
}

// Direction says which deviations count. Its value is the tidewatch.Score.Side that counts; Both counts every side.
type Direction int8

// The directions.
const (
	Both  Direction = 0
	Above Direction = 1
	Below Direction = -1
)

// String is the direction as the configuration writes it.
func (d Direction) String() string {
	switch d {
	case Above:
		return "above"
	case Below:
		return "below"
	default:
		return "both"
	}
}

// MinDeviation is the least deviation from the expectation that counts: Value in the metric's unit, or Value × |expectation|
// where Relative. The zero value is no limit.
type MinDeviation struct {
	Relative bool
	Value    float64 // >= 0; 30% is 0.3
}
