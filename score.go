package tidewatch

// Band is what was expected of one point: Lower <= Mid <= Upper, in the metric's own unit.
type Band struct {
	Lower, Mid, Upper float64
}

// Channel names the evidence that decided a score.
type Channel uint8

// The channels, in the order in which Score.Parts holds them.
const (
	ChannelNone      Channel = iota // nothing was surprising, or the score is not ready
	ChannelBand                     // this one point lies far from its expectation
	ChannelSustained                // several points together lie away from it
	ChannelShift                    // a CUSUM says that the level has moved
	ChannelVariance                 // the noise has become larger or smaller
	ChannelIsolation                // the shape of the residual is unlike any before
	ChannelFlat                     // a metric that always moved stands still
	ChannelMissing                  // a metric that was always there is not
	NumChannels                     // the number of channels, ChannelNone included
)

var channelNames = [NumChannels]string{"none", "band", "sustained", "shift", "variance", "isolation", "flat", "missing"}

// String is the channel's name in the API, in logs and in messages.
func (c Channel) String() string {
	if c < NumChannels {
		return channelNames[c]
	}
	return "unknown"
}

// Score is a model's judgement of one point, made before the model has learnt it.
//
// Surprise is -log10 of the calibrated probability, given all channels, of a point as extreme as this one: 0 is expected,
// 3 is once in a thousand points. It is finite, never negative, and means the same for every model. Parts are the
// channels' own surprises before they are combined; where Surprise is below PartsFrom only those of the band and of Channel are worked out,
// and the others are 0. Side is -1 where the evidence lies below the expectation, +1 above, 0
// where it has no side (variance, flat, missing). Before Ready the Surprise is 0.
type Score struct {
	Surprise float64
	Mid      float64 // the expectation ŷ; NaN before Ready
	Base     float64 // ŷ without the short memory: what the hour of the week lets expect; NaN before Ready
	Parts    [NumChannels]float32
	Channel  Channel
	Side     int8
	Ready    bool
}

// PartsFrom is the surprise from which on a Score has all Parts. No budget of false alarms lets a point below it breach.
const PartsFrom = 2

// Verdict is what the alarm side made of a point, told to the model when it advances.
type Verdict uint8

// The verdicts.
const (
	Calm        Verdict = iota // learn from it
	Quarantined                // anomalous: keep it aside, learn nothing from it until the regime is accepted
	Excluded                   // inside the user's exclude ranges: never learn from it
	Expected                   // a person said that this is normal: accept the regime that it belongs to now
)

// Event is what happened inside a model while it advanced.
type Event uint8

// The events.
const (
	NoEvent        Event = iota
	RegimeAccepted       // a lasting shift became the new normal; the old regime is remembered
	RegimeReturned       // the series went back to a remembered regime
)

// Term is one summand of an expectation, or one feature of an isolation score, in the words of the message.
type Term struct {
	Name  string // for example "level", "trend", "Tuesday 03:00", "recent"
	Value float64
}

// Explanation says why a point got its score. The Terms sum to the Mid of the score (to 1e-9 relative); the Features'
// values sum to the isolation channel's own statistic.
type Explanation struct {
	Terms    []Term
	Features []Term
	// Statistic and Limit are the deciding channel's own figure and the value at which it would have the stated
	// surprise; both are in the channel's unit, which Unit names.
	Statistic, Limit float64
	Unit             string
	// Seasons are the seasons in use, for example "1d", "1w"; History is the learnt span in milliseconds.
	Seasons []string
	History int64
}
