package measure

// NABFile is one file of the Numenta Anomaly Benchmark as a detector judged it.
type NABFile struct {
	Name    string     // "folder/file.csv"; the folder is its stratum
	Time    []int64    // Unix milliseconds of each row, ascending
	Score   []float64  // one per row, finite; an alarm is a score at or above the threshold
	Windows [][2]int64 // first and last time of each labelled window, ascending and apart
}

// NABProfile weighs found windows, missed windows and false alarms.
type NABProfile struct {
	Name       string
	TP, FN, FP float64
}

// NABProfiles are the three of NAB's config/profiles.json: standard, reward_low_FP_rate, reward_low_FN_rate.
func NABProfiles() []NABProfile {
	return []NABProfile{
		{"standard", 1, 1, 0.11},
		{"reward_low_FP_rate", 1, 1, 0.22},
		{"reward_low_FN_rate", 1, 2, 0.11},
	}
}

// NABResult holds NAB's figures by the name of the profile; its JSON keys are stable and it is meant to be embedded in a table's row.
type NABResult struct {
	Files      int                 `json:"nab_files"`
	Windows    int                 `json:"nab_windows"`    // windows with a row after probation
	Score      map[string]Number   `json:"nab"`            // normalised: 0 for no alarm at all, 100 for every window at its first row
	Intervals  map[string]Interval `json:"nab_intervals"`  // 95 %, over the files, at the threshold chosen on all
	Thresholds map[string]Number   `json:"nab_thresholds"` // the best of all; null where no alarm at all is best
	CV         map[string]Number   `json:"nab_cv"`         // the same score with each half at the threshold chosen on the other: mean of 10 splits
	CVRange    map[string]Interval `json:"nab_cv_range"`   // the lowest and the highest of the 10 splits
}
