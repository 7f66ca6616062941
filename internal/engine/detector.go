package engine

import (
	"math"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/quality"
	"github.com/tidewatch/tidewatch/models"
)

// Direction limits which side of the expectation alarms.
type Direction int8

// The directions.
const (
	Both  Direction = 0
	Above Direction = 1
	Below Direction = -1
)

// Deviation is the smallest distance from what the hour of the week lets expect (Score.Base: the short memory, which follows a
// lasting fault, does not count) that may alarm: Value in the metric's unit, or, where Relative, a fraction of the
// expectation's magnitude (0.3 is 30 %). The zero value asks for none.
type Deviation struct {
	Relative bool
	Value    float64
}

// met reports whether x lies at least d away from base.
func (d Deviation) met(x, base float64) bool {
	need := d.Value
	if d.Relative {
		need *= math.Abs(base)
	}
	return math.Abs(x-base) >= need
}

// Range is a half-open stretch of time [From, To), Unix milliseconds.
type Range struct{ From, To int64 }

// Promise is what the user asked for: a budget of false alarm onsets, or CloudWatch's literal band.
type Promise struct {
	// Count false alarms per Per are allowed: of the whole detector, or of each series where PerSeries.
	Count     float64
	Per       time.Duration
	PerSeries bool
	// Band, where > 0, replaces the budget: the per-point two-sided tail probability of so many standard deviations.
	Band float64
	// FDR, where > 0, replaces the budget: at most this share of all alarms is false.
	FDR float64
}

// Detector is one detector as the engine needs it. ConfigHash names the whole of it in decision ids; ModelHash the part
// that must be equal for learnt state to be kept.
type Detector struct {
	Name        string
	Expr        string
	Unit        string
	Labels      map[string]string
	Visible     *alerting.Visible // the labels that may leave
	Annotations map[string]string
	Location    *time.Location
	Model       models.Config
	Alarm       alerting.Policy
	Direction   Direction
	Deviation   Deviation
	Exclude     func(t int64) bool // nil: nothing is excluded from learning
	Promise     Promise
	Muted       bool // notify: false
	// Join makes groups of several series, judged as one: of those whose labels named here have equal values. nil: each series
	// is a group of its own; empty, not nil: all series of the detector are one. It needs a joint kind of model, which needs it.
	Join []string
	// Churn are the labels whose values are replaced in the course of time, so that a series which differs from one that has ended in them
	// alone goes on from what was learnt of it. nil: those that are known, and those that are found; empty: no series replaces another.
	Churn []string
	// Own gives up to MaxOwn series a forest of their own. It needs a kind of model that shares one, and is part of ModelHash.
	Own bool
	// Quality is what the data should be like; nil: it is not checked.
	Quality    *quality.Expect
	ConfigHash string
	ModelHash  string
}

func (d *Detector) step() int64 { return d.Model.Step.Milliseconds() }
