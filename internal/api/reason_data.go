package api

// ReasonData is what a decision was taken on: CloudWatch's StateReasonData with its names, and what this table and these models add.
type ReasonData struct {
	Version           string  `json:"version" doc:"Of this layout."`
	QueryDate         Time    `json:"queryDate" doc:"When it was decided."`
	StartDate         Time    `json:"startDate,omitzero" doc:"Oldest point that was evaluated; absent if none was."`
	PeriodSeconds     float64 `json:"period" doc:"Seconds between points; 0 of a composite alarm."`
	EvaluationPeriods int     `json:"evaluationPeriods" minimum:"0" doc:"N; 0 of a composite alarm."`
	DatapointsToAlarm int     `json:"datapointsToAlarm" minimum:"0" doc:"M."`
	EvaluationRange   int     `json:"evaluationRange" minimum:"0" doc:"Points that were looked at, missing ones included."`
	TreatMissingData  string  `json:"treatMissingData,omitempty" doc:"CloudWatch's word."`
	FilledDatapoints  int     `json:"filledDatapoints" minimum:"0" doc:"Missing points that this stood in for."`
	Rule              string  `json:"rule" doc:"Rule that decided."`
	Row               string  `json:"row" doc:"The same in a sentence."`
	Threshold         float64 `json:"threshold" doc:"Anomaly score above which a point breaches: 1."`
	RecoveryThreshold float64 `json:"recoveryThreshold,omitempty" doc:"Anomaly score above which a point has not recovered; absent of a composite alarm."`
	ModelConfig       string  `json:"model,omitempty" doc:"Hash of the configuration of the models that judged."`

	RecentDatapoints      []Value `json:"recentDatapoints" doc:"Values that were evaluated, oldest first, in single precision."`
	RecentLowerThresholds []Value `json:"recentLowerThresholds" doc:"Lower edge of the band at each."`
	RecentUpperThresholds []Value `json:"recentUpperThresholds" doc:"Upper edge of the band at each."`

	EvaluatedDatapoints []EvaluatedDatapoint `json:"evaluatedDatapoints" doc:"The same points, newest first."`
	TriggeringAlarms    []TriggeringAlarm    `json:"triggeringAlarms" doc:"Of a composite alarm, the alarms that its rule names, in its order; else empty."`
}

// EvaluatedDatapoint is one point that a decision was taken on.
type EvaluatedDatapoint struct {
	Timestamp Time  `json:"timestamp" doc:"Grid time."`
	Value     Value `json:"value" doc:"Observed value."`
	Lower     Value `json:"lowerThreshold" doc:"Lower edge of the band."`
	Upper     Value `json:"upperThreshold" doc:"Upper edge of the band."`
	Score     Value `json:"anomalyScore" doc:"Above 1 breaches; in hundredths."`
	Breaching bool  `json:"breaching" doc:"Whether it counted as breaching."`
}

// TriggeringAlarm is an alarm of a composite alarm's rule.
type TriggeringAlarm struct {
	Name   string `json:"name" doc:"As the rule writes it."`
	State  string `json:"state" enum:"OK,ALARM,INSUFFICIENT_DATA" doc:"That of its alarms together."`
	Series int    `json:"series" minimum:"0" doc:"How many of them are in that state."`
	Of     int    `json:"of" minimum:"0" doc:"How many there are."`
}
