package models

import (
	"time"

	"github.com/tidewatch/tidewatch"
)

// Config is what a detector fixes for all models of its groups. Two equal Configs mean that learnt state may be kept
// across a reload; String is its canonical form and part of the configuration's hash.
type Config struct {
	Kind        string
	Rows        int             // series in one group; 1 for a univariate detector
	Step        time.Duration   // grid step, >= 1s
	Location    *time.Location  // wall-clock phases are computed in it; nil is UTC
	Seasons     []time.Duration // nil: auto (1d, 1w and 1h are tested); empty, not nil: none
	Min, Max    float64         // the metric's valid range, -Inf and +Inf where open
	AcceptAfter time.Duration   // a lasting shift becomes the new normal after this long; 0: 48h
	Transform   Transform       // of the kinds that judge each series for itself
	Shapes      bool            // of the kinds with ChannelIsolation: keep a library of each series' typical shapes as well
	Seed        uint64
}

// Model judges and learns one group, one goroutine at a time. All slices have Config.Rows entries. At each grid time the
// engine calls Score, then optionally Band and Explain, then Advance, with the same t; t is a multiple of Step and grows
// by exactly Step from call to call (a gap is NaN, not a skipped call).
//
// A model holds no clock and no random source but the seed, does not allocate in Score, Band and Advance once it is warm but when
// a series leaves its usual range for the first time or in earnest, and gives the same bits for the same inputs.
type Model interface {
	// Score judges x without changing the model. A NaN x has Surprise 0 except through ChannelMissing.
	Score(t int64, x []float64, out []tidewatch.Score)
	// Band gives the values between which a point at t would have had a ChannelBand surprise below the given one, clamped
	// to the valid range; NaN before Ready.
	Band(t int64, surprise float64, out []tidewatch.Band)
	// Explain says why row got the score that Score has just given it. surprise is the alarm's limit. It may allocate.
	Explain(t int64, x []float64, row int, surprise float64) tidewatch.Explanation
	// Advance moves the model past t: inputs, lags, rings and CUSUMs move with every point; parameters and calibration
	// learn from Calm points only; Quarantined points are kept for later admission. ev tells what happened.
	Advance(t int64, x []float64, v []tidewatch.Verdict, ev []tidewatch.Event)
	// AppendState appends the whole learnt state to b, versioned; LoadState restores it into a freshly made model.
	AppendState(b []byte) []byte
	LoadState(b []byte) error
}

// Prototype is a Model that can make others of its Config, which share with it what never changes. A detector has as many models as it
// has series.
type Prototype interface {
	Model
	// Another is a model as Spec.New makes it, with the Config of this one.
	Another() Model
}

// Shared is what the groups of one family have in common, for example a forest: immutable once built and named by its
// content, so that an alarm can say which version judged it.
type Shared interface {
	Version() uint64 // hash of the content
	AppendState(b []byte) []byte
}

// Sharer is a Model that judges with a Shared part. The engine collects samples of all groups of a family (those with the
// smallest hashes of seed, series and t, so that neither order nor sharding matters), builds a new Shared at fixed grid
// times and hands it to every group.
type Sharer interface {
	Model
	// Sample, between Score and Advance, appends the feature vector of the point that was scored, or nothing where there is none
	// (not ready, missing). It is not for points that the model is not to learn from. All vectors of a kind have the same length.
	Sample(dst []float64) []float64
	// Adopt makes s the part that judges from the next Score on; the statistics gathered under the previous one are kept
	// as the model sees fit. nil is never passed.
	Adopt(s Shared)
}

// Joiner is a Model of a joint kind: it judges the rows of a group as one. The first Score, Band, Verdict and Event are the group's
// (its own value is its surprise in decades: Mid is 0, the band is [0, limit], and x stands for the rows' values); the others say
// nothing. A row is a slot for a series; one whose series is gone has NaN.
type Joiner interface {
	Model
	// Rows is how many rows there are: Config.Rows, until Resize or LoadState make it another number.
	Rows() int
	// Resize makes room for so many rows, at most MaxJoint. New ones are as young as a series that has just begun. It never
	// takes rows away.
	Resize(rows int)
	// Succeed says that another series goes on in the row where the one before has ended; the row is young, as an Heir is.
	Succeed(row int)
	// Clear forgets what was learnt of a row, for another series to take the slot.
	Clear(row int)
}

// Spec describes one kind of model. A file of this package registers it with
//
//	var _ = register(Spec{…})
type Spec struct {
	Kind string
	Doc  string // one sentence for the configuration reference
	New  func(Config) (Model, error)
	// Joint says that the Models are Joiners; they judge a group from Least rows on.
	Joint bool
	Least int
	// Dim is the length of a Sample, 0 where nothing is shared. BuildShared builds from len(samples)/Dim vectors in the
	// engine's canonical order; LoadShared restores what AppendState wrote.
	Dim         int
	BuildShared func(seed uint64, samples []float64) Shared
	LoadShared  func(b []byte) (Shared, error)
}
