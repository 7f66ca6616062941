package measure

// Result is every figure of one detector on one corpus. Its JSON keys are stable; a figure that cannot be given is null. Precision, recall and
// false alarms are of events, see Events; "own" means at the detector's own alarms, "oracle" at the threshold of Score that a reader of the labels
// would have chosen, one for the corpus.
type Result struct {
	Series   int     `json:"series"`   // series given
	Labelled int     `json:"labelled"` // of these, with labels: all that the figures of quality are about
	Points   int     `json:"points"`   // measured points of the labelled series
	Events   int     `json:"events"`   // labelled events in them
	Weeks    float64 `json:"weeks"`    // measured series-weeks of the labelled series

	AP Number `json:"ap"` // point average precision of Score

	Precision          Number `json:"precision"`             // own
	Recall             Number `json:"recall"`                // own
	F1                 Number `json:"f1"`                    // own
	FalsePerSeriesWeek Number `json:"false_per_series_week"` // own
	Delay              Delay  `json:"delay"`                 // own

	F1Oracle        Number `json:"f1_oracle"`
	PrecisionOracle Number `json:"precision_oracle"` // at the threshold of the best F1
	RecallOracle    Number `json:"recall_oracle"`
	ThresholdOracle Number `json:"threshold_oracle"`

	RecallAt RecallAt `json:"recall_at"`

	DelayF1       Number `json:"delay_f1"`        // own; delay-limited, see DelayLimit
	DelayF1Oracle Number `json:"delay_f1_oracle"` // at the threshold that is best for it

	Calibration []Calibration `json:"calibration"` // per nominal probability; empty where the detector claims none

	VUSPR     Number `json:"vus_pr"`      // mean over the series that have events
	VUSPRHold Number `json:"vus_pr_hold"` // the same of the running maximum of Score over VUSHold points
	VUSSeries int    `json:"vus_series"`  // series in these means

	// Intervals holds the 95 % interval of the figure under the same key: ap, precision, recall, f1, false_per_series_week, f1_oracle,
	// recall_at.0.1, recall_at.0.5, recall_at.1, delay_f1, delay_f1_oracle, vus_pr, vus_pr_hold. A figure without one is left out.
	Intervals map[string]Interval `json:"intervals"`
}

// Interval is the lower and the upper end of a range of a figure, of 95 % unless another is said.
type Interval [2]float64

// RecallAt is the greatest event recall at a threshold that allows at most so many false stretches per series-week.
type RecallAt struct {
	Tenth Number `json:"0.1"`
	Half  Number `json:"0.5"`
	One   Number `json:"1"`
}

// Delay is how long after its start a found event was first alarmed.
type Delay struct {
	Found         int    `json:"found"` // events that it is about
	MedianPoints  Number `json:"median_points"`
	P95Points     Number `json:"p95_points"`
	MedianSeconds Number `json:"median_seconds"`
	P95Seconds    Number `json:"p95_seconds"`
}

// Calibration compares the share of unlabelled points with P <= Nominal with Nominal itself.
type Calibration struct {
	Nominal     float64 `json:"p"`
	Units       int     `json:"units"`       // series, and blocks of series, with at least 10 expected exceedances
	Blocks      int     `json:"blocks"`      // of these, blocks of several series
	Within      int     `json:"within"`      // units whose observed rate lies within a factor 2
	Share       Number  `json:"share"`       // Within / Units
	Points      int     `json:"points"`      // unlabelled points in all series
	Exceedances int     `json:"exceedances"` // of these, with P <= Nominal
	Rate        Number  `json:"rate"`        // Exceedances / Points
	LeftOut     int     `json:"left_out"`    // series that are in no unit, because all of them together expect fewer than 10
}
