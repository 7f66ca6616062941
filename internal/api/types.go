package api

import (
	"encoding/json"

	"github.com/prometheus/prometheus/model/labels"
)

// The states of an anomaly.
const (
	AnomalyActive = "active" // its newest point still breaches
	AnomalyEnded  = "ended"
)

// Anomaly is a stretch of points of one series that breached: their anomaly_score was above 1.
type Anomaly struct {
	ID       string        `json:"id" doc:"Stable identity of the stretch."`
	AlarmID  string        `json:"alarm_id" doc:"The alarm that watches the series."`
	Detector string        `json:"detector" doc:"Name of the detector."`
	SeriesID SeriesID      `json:"series_id" doc:"Identity of the series; a 64-bit number as a decimal string."`
	Labels   labels.Labels `json:"labels" doc:"The series' labels."`
	Start    Time          `json:"start" doc:"First breaching point."`
	End      Time          `json:"end,omitzero" doc:"Last breaching point; absent while active."`
	State    string        `json:"state" enum:"active,ended" doc:"Whether the newest point still breaches."`
	Alarmed  bool          `json:"alarmed" doc:"Whether the stretch brought the alarm into the state ALARM."`
	Points   int           `json:"points" minimum:"1" doc:"Number of breaching points."`

	PeakAt    Time    `json:"peak_at" doc:"Time of the point with the highest score; the values below are that point's."`
	Score     Value   `json:"anomaly_score" doc:"Highest anomaly_score of the stretch; above 1 breaches."`
	Surprise  Value   `json:"surprise" doc:"-log10 of the calibrated tail probability, before policy."`
	Y         Value   `json:"y" doc:"Observed value."`
	Yhat      Value   `json:"yhat" doc:"Expected value."`
	YhatLower Value   `json:"yhat_lower" doc:"Lower edge of the band."`
	YhatUpper Value   `json:"yhat_upper" doc:"Upper edge of the band."`
	Channel   Channel `json:"channel" doc:"The evidence that decided."`
	Note      string  `json:"note,omitempty" doc:"Why it ended otherwise than by calm points, for example REGIME_ACCEPTED."`
}

// Channel is the name of a tidewatch.Channel: its String.
type Channel string

// Alarm is one detector's alarm on one series.
type Alarm struct {
	ID                  string            `json:"id" doc:"Stable identity of the alarm."`
	Detector            string            `json:"detector" doc:"Name of the detector."`
	SeriesID            SeriesID          `json:"series_id" doc:"Identity of the series; a 64-bit number as a decimal string."`
	Labels              labels.Labels     `json:"labels" doc:"The series' labels."`
	Annotations         map[string]string `json:"annotations,omitempty" doc:"Annotations, templates expanded."`
	State               string            `json:"state" enum:"OK,ALARM,INSUFFICIENT_DATA" doc:"CloudWatch's name of the state."`
	Since               Time              `json:"since,omitzero" doc:"When the state was entered; absent if it never changed."`
	Reason              string            `json:"reason" doc:"Why it is in this state, in one sentence with the values."`
	ActionsSuppressedBy string            `json:"actions_suppressed_by,omitempty" enum:"Alarm,WaitPeriod,ExtensionPeriod" doc:"Of a composite alarm with an actions_suppressor, what keeps the action of its present state back."`
	CompositeRule       string            `json:"composite_rule,omitempty" doc:"Of a composite alarm, what it is made of; such an alarm has no series and learns nothing."`
	Rule                string            `json:"rule,omitempty" doc:"Row of the decision table that decided the newest transition."`
	Note                string            `json:"note,omitempty" doc:"For example REGIME_ACCEPTED or STOPPED_REPORTING."`
	DataStopped         bool              `json:"data_stopped,omitempty" doc:"An incident of it stays open although nothing says that the breach goes on: too few real points have come."`
	Muted               bool              `json:"muted,omitempty" doc:"Notifications are off (notify: false or dry run)."`
	ActionsEnabled      bool              `json:"actions_enabled" doc:"Whether messages tell of it: neither muted nor switched off by a person."`
	ActionsDisabled     DisabledActions   `json:"actions_disabled,omitzero" doc:"Who switched its actions off; absent if they are on."`
	SetBy               string            `json:"set_by,omitempty" doc:"Who set the state, until the next evaluation; absent where nobody did."`
	InhibitedBy         []string          `json:"inhibited_by,omitempty" doc:"Ids of the firing alarms by which inhibit_rules keep it from being told, or would if it fired."`
	MutedBy             []string          `json:"muted_by,omitempty" doc:"Mute rules and time intervals of its routes that keep it from being told, or would if it fired; \"outside X\" where a route tells only during X."`
	SilencedBy          []string          `json:"silenced_by,omitempty" doc:"Ids of the silences that keep it from being told, or would if it fired; of feedback not_anomaly, too."`
	Readiness           string            `json:"readiness" enum:"learning,level,daily,weekly" doc:"What has been learnt of the series."`
	Training            Training          `json:"training" doc:"How far learning has come."`
	Inherited           Origin            `json:"inherited_from,omitzero" doc:"Where the baseline comes from, if the series replaced another; absent if it is its own."`
	Promise             string            `json:"promise,omitempty" doc:"False-alarm promise of the detector."`
	DataQuality         DataQuality       `json:"data_quality,omitzero" doc:"Set while the series' data cannot be judged: DATA_QUALITY beside the state, which stays as it is."`

	Time      Time    `json:"timestamp,omitzero" doc:"Time of the newest point; the values below are that point's."`
	Score     Value   `json:"anomaly_score" doc:"Above 1 breaches."`
	Y         Value   `json:"y" doc:"Observed value."`
	Yhat      Value   `json:"yhat" doc:"Expected value."`
	YhatLower Value   `json:"yhat_lower" doc:"Lower edge of the band."`
	YhatUpper Value   `json:"yhat_upper" doc:"Upper edge of the band."`
	Channel   Channel `json:"channel" doc:"The evidence behind the score."`
}

// Transition is one change of an alarm's state.
type Transition struct {
	Time     Time   `json:"timestamp" doc:"Grid time of the newest point that it was decided on."`
	From     string `json:"from" enum:"OK,ALARM,INSUFFICIENT_DATA" doc:"State before."`
	To       string `json:"to" enum:"OK,ALARM,INSUFFICIENT_DATA" doc:"State after."`
	Rule     string `json:"rule" doc:"Row of the decision table that decided."`
	Since    Time   `json:"since,omitzero" doc:"Oldest breaching point that counted."`
	Breaches int    `json:"breaches" minimum:"0" doc:"Breaching points among those evaluated."`
	Of       int    `json:"of" minimum:"0" doc:"Points evaluated."`
	Reason   string `json:"reason,omitempty" doc:"In one sentence with the values."`
	Note     string `json:"note,omitempty" doc:"For example REGIME_ACCEPTED."`
	SetBy    string `json:"set_by,omitempty" doc:"Who set the state, and where in parentheses; absent where points or a rule decided."`

	StateReasonData *ReasonData     `json:"state_reason_data,omitempty" doc:"What it was decided on; absent in older history and where a person set the state."`
	SetReasonData   json.RawMessage `json:"set_reason_data,omitempty" doc:"What the person gave who set the state."`

	TrainedOn TrainedOn `json:"trained_on,omitzero" doc:"The data that had taught the models that judged; absent in older history."`
}

// TrainedOn names the data that a detector's models have been given. Equal hashes are equal data: a replay over a recording that has
// the same one decides the same.
type TrainedOn struct {
	SHA256 string `json:"sha256" doc:"SHA-256, chained over the points of all series in order of time and series."`
	From   Time   `json:"from" doc:"Grid time of the oldest point."`
	To     Time   `json:"to" doc:"Grid time of the newest point."`
	Points int    `json:"points" minimum:"0" doc:"Points, missing ones not counted."`
}

// History is an alarm's transitions, newest first. Omitted is how many older ones were left out by the limit.
type History struct {
	AlarmID     string       `json:"alarm_id" doc:"The alarm."`
	Transitions []Transition `json:"transitions" doc:"Newest first."`
	Omitted     int          `json:"omitted" minimum:"0" doc:"Older transitions left out by the limit."`
}

// BandPoint is one scored point. A missing sample is NaN in Y; before a series is ready the other values are NaN.
type BandPoint struct {
	Time      Time  `json:"timestamp" doc:"Grid time."`
	Y         Value `json:"y" doc:"Observed value; NaN where the sample is missing."`
	Yhat      Value `json:"yhat" doc:"Expected value."`
	YhatLower Value `json:"yhat_lower" doc:"Lower edge of the band."`
	YhatUpper Value `json:"yhat_upper" doc:"Upper edge of the band."`
	Score     Value `json:"anomaly_score" doc:"Above 1 breaches."`
}

// BandSeries is a stretch of a series with its band.
type BandSeries struct {
	SeriesID    SeriesID      `json:"series_id" doc:"Identity of the series; a 64-bit number as a decimal string."`
	Detector    string        `json:"detector" doc:"Name of the detector."`
	Labels      labels.Labels `json:"labels" doc:"The series' labels."`
	StepSeconds float64       `json:"step_seconds" doc:"Distance of the grid points."`
	HeldFrom    Time          `json:"held_from,omitzero" doc:"Oldest point that is held; absent if none."`
	HeldTo      Time          `json:"held_to,omitzero" doc:"Newest point that is held; absent if none."`
	Points      []BandPoint   `json:"points" doc:"Oldest first."`
}

// Term is one summand of an expectation or one feature of an isolation score.
type Term struct {
	Name  string `json:"name" doc:"For example level, trend, Tuesday 03:00."`
	Value Value  `json:"value" doc:"In the metric's unit (terms) or the statistic's (features)."`
}

// Part is the surprise of one channel before the channels are combined.
type Part struct {
	Channel  Channel `json:"channel" doc:"Name of the channel."`
	Surprise Value   `json:"surprise" doc:"-log10 of its tail probability."`
}

// Explanation says why an alarm is in its state. The terms sum to Yhat.
type Explanation struct {
	AlarmID        string        `json:"alarm_id" doc:"The alarm."`
	Detector       string        `json:"detector" doc:"Name of the detector."`
	SeriesID       SeriesID      `json:"series_id" doc:"Identity of the series; a 64-bit number as a decimal string."`
	Labels         labels.Labels `json:"labels" doc:"The series' labels."`
	Expr           string        `json:"expr" doc:"The detector's PromQL."`
	State          string        `json:"state" enum:"OK,ALARM,INSUFFICIENT_DATA" doc:"State of the alarm."`
	Reason         string        `json:"reason" doc:"In one sentence with the values."`
	Why            string        `json:"why" doc:"How the expectation came about, in one sentence."`
	Time           Time          `json:"timestamp,omitzero" doc:"The point explained; absent if there is none yet."`
	Y              Value         `json:"y" doc:"Observed value."`
	Yhat           Value         `json:"yhat" doc:"Expected value."`
	YhatLower      Value         `json:"yhat_lower" doc:"Lower edge of the band."`
	YhatUpper      Value         `json:"yhat_upper" doc:"Upper edge of the band."`
	Score          Value         `json:"anomaly_score" doc:"Above 1 breaches."`
	Surprise       Value         `json:"surprise" doc:"-log10 of the calibrated tail probability, before policy."`
	Channel        Channel       `json:"channel" doc:"The evidence that decided."`
	Side           int           `json:"side" minimum:"-1" maximum:"1" doc:"-1 below the expectation, +1 above, 0 neither."`
	Parts          []Part        `json:"parts" doc:"Every channel's own surprise."`
	Terms          []Term        `json:"terms" doc:"Summands of yhat."`
	Features       []Term        `json:"features" doc:"Summands of the isolation channel's statistic; empty where it did not take part."`
	Statistic      Value         `json:"statistic" doc:"The deciding channel's own figure."`
	Limit          Value         `json:"limit" doc:"What the statistic must exceed to breach."`
	Unit           string        `json:"unit,omitempty" doc:"Unit of statistic and limit."`
	Seasons        []string      `json:"seasons" doc:"Seasons in use, for example 1d, 1w."`
	HistorySeconds float64       `json:"history_seconds" doc:"Learnt span."`
	Inherited      Origin        `json:"inherited_from,omitzero" doc:"Where the baseline comes from, if the series replaced another; absent if it is its own."`
	Promise        string        `json:"promise,omitempty" doc:"False-alarm promise of the detector."`
	TrainedOn      TrainedOn     `json:"trained_on,omitzero" doc:"The data that had taught the models that raised the newest alarm; without an alarm, that has taught them."`
}

// The states of a detector.
const (
	DetectorStarting = "starting" // history is being fetched and learnt
	DetectorRunning  = "running"  // its last tick was good
	DetectorFailing  = "failing"  // its last tick failed; LastError says why; it goes on trying
	DetectorOff      = "off"      // it was taken out of service, for example because it matched too many series
)

// Readiness counts series by what has been learnt of them. A series stands on one rung only.
type Readiness struct {
	Learning int `json:"learning" minimum:"0" doc:"Too little history to judge."`
	Level    int `json:"level" minimum:"0" doc:"Level known (6 h)."`
	Daily    int `json:"daily" minimum:"0" doc:"Daily rhythm known (2 d)."`
	Weekly   int `json:"weekly" minimum:"0" doc:"Weekly rhythm known (15 d)."`
}

// AlarmCounts counts a detector's alarms by state.
type AlarmCounts struct {
	OK               int `json:"ok" minimum:"0" doc:"In state OK."`
	Alarm            int `json:"alarm" minimum:"0" doc:"In state ALARM."`
	InsufficientData int `json:"insufficient_data" minimum:"0" doc:"In state INSUFFICIENT_DATA."`
}

// Detector is the status of one detector.
type Detector struct {
	Name             string         `json:"name" doc:"Name in the configuration."`
	Source           string         `json:"source" doc:"Name of its source."`
	Expr             string         `json:"expr" doc:"Its PromQL."`
	StepSeconds      float64        `json:"step_seconds" doc:"Distance of the grid points."`
	State            string         `json:"state" enum:"starting,running,failing,off" doc:"Whether it works."`
	Series           int            `json:"series" minimum:"0" doc:"Series in its state."`
	MaxSeries        int            `json:"max_series" minimum:"0" doc:"Most series that it may have; 0 if unlimited."`
	Readiness        Readiness      `json:"readiness" doc:"Series by what has been learnt of them."`
	Training         Training       `json:"training" doc:"How far learning has come."`
	TrainingSeries   TrainingCounts `json:"training_series" doc:"Live series by the state of their training."`
	Alarms           AlarmCounts    `json:"alarms" doc:"Alarms by state."`
	DataQuality      []DataQuality  `json:"data_quality" doc:"What is wrong with its data now; empty if nothing is."`
	Expects          Expectations   `json:"expects,omitzero" doc:"What its data should be like, as declared or inferred; absent where they are not checked."`
	Promise          string         `json:"promise" doc:"For example 1/30d or provisional: 1/9d."`
	TrainedOn        TrainedOn      `json:"trained_on,omitzero" doc:"The data that has taught its models; absent before the first point."`
	EvaluationState  string         `json:"evaluation_state,omitempty" enum:"PARTIAL_DATA,EVALUATION_FAILURE" doc:"PARTIAL_DATA: series are left out of what is judged; absent where all are."`
	EvaluationReason string         `json:"evaluation_reason,omitempty" doc:"Why, with the numbers."`
	LastTick         Time           `json:"last_tick,omitzero" doc:"Grid time of the newest evaluated point; absent before the first."`
	LastError        string         `json:"last_error,omitempty" doc:"Newest error; absent if there was none."`
	LastErrorAt      Time           `json:"last_error_at,omitzero" doc:"When it happened."`
}

// DataQuality is a fault of a detector's data: the state DATA_QUALITY with its reason.
type DataQuality struct {
	Reason   string `json:"reason" doc:"For example unit_jump, stale or schema."`
	Text     string `json:"text" doc:"The same with its numbers."`
	Since    Time   `json:"since" doc:"When it began."`
	Series   int    `json:"series,omitempty" minimum:"0" doc:"How many series have it; absent where it is the detector's as a whole."`
	Withheld bool   `json:"withheld" doc:"Whether values are neither judged nor learnt because of it."`
}

// Expectations are what a detector's data should be like.
type Expectations struct {
	IntervalSeconds  float64  `json:"interval_seconds" doc:"Time between two samples; 0: unknown."`
	IntervalInferred bool     `json:"interval_inferred" doc:"Whether that was inferred, and not declared as expect_interval; it is looked at once a day."`
	MaxGapSeconds    float64  `json:"max_gap_seconds" doc:"Longest time without a value."`
	MaxGapInferred   bool     `json:"max_gap_inferred" doc:"Whether that was inferred, and not declared as max_gap."`
	Series           float64  `json:"series" doc:"Usual number of series, inferred."`
	Labels           []string `json:"labels" doc:"Labels that all series have: those of require_labels, and inferred ones."`
	Lower            Value    `json:"lower" doc:"Least valid value, from range; NaN where open."`
	Upper            Value    `json:"upper" doc:"Greatest valid value, from range; NaN where open."`
}

// Source is how a source does.
type Source struct {
	Name         string       `json:"name" doc:"Name in the configuration."`
	Protocol     string       `json:"protocol" enum:"auto,remote_read,query_range" doc:"How it is read; auto until the first read has shown it."`
	Up           bool         `json:"up" doc:"Whether the newest read was good."`
	DownSince    Time         `json:"down_since,omitzero" doc:"When its reads began to fail; absent while it is up."`
	Circuit      string       `json:"circuit" enum:"closed,open,half_open" doc:"State of its circuit breaker: open is not asked, half_open is tried by one request."`
	RetryAt      Time         `json:"retry_at,omitzero" doc:"When an open circuit is tried again."`
	LastError    string       `json:"last_error,omitempty" doc:"Newest failure of a request; absent after a success."`
	NewestSample Time         `json:"newest_sample,omitzero" doc:"Time of the newest sample read; absent before the first."`
	Reads        int          `json:"reads,omitempty" doc:"Reads that may be in progress at a time: concurrency, or the server's limit where that is lower. Absent where query_range is asked."`
	Limits       SourceLimits `json:"server_limits,omitzero" doc:"The server's limits of remote-read, where it tells them."`
}

// SourceLimits are a server's limits of remote-read.
type SourceLimits struct {
	Samples int `json:"samples,omitempty" doc:"Samples of an answer without streaming: --storage.remote.read-sample-limit."`
	Reads   int `json:"reads,omitempty" doc:"Reads at a time, of all clients: --storage.remote.read-concurrent-limit."`
	Frame   int `json:"frame_bytes,omitempty" doc:"Bytes of a frame of a streamed answer: --storage.remote.read-max-bytes-in-frame."`
}

// BuildInfo is Prometheus's answer of the same name.
type BuildInfo struct {
	Version   string `json:"version" doc:"Version of Tidewatch."`
	Revision  string `json:"revision" doc:"Commit."`
	Branch    string `json:"branch" doc:"Branch."`
	BuildUser string `json:"buildUser" doc:"Who built it."`
	BuildDate string `json:"buildDate" doc:"When."`
	GoVersion string `json:"goVersion" doc:"Go's version."`
}
