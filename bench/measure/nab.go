package measure

import (
	"fmt"
	"math"
)

// NABFile is one file of the Numenta Anomaly Benchmark as a detector judged it.
type NABFile struct {
	Name    string     // "folder/file.csv"; the folder is its stratum
	Time    []int64    // Unix milliseconds of each row, in the file's order
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
		{Name: "standard", TP: 1, FN: 1, FP: 0.11},
		{Name: "reward_low_FP_rate", TP: 1, FN: 1, FP: 0.22},
		{Name: "reward_low_FN_rate", TP: 1, FN: 2, FP: 0.11},
	}
}

// NABResult holds NAB's figures by the name of the profile; its JSON keys are stable and it is meant to be embedded in a table's row.
type NABResult struct {
	Files      int                 `json:"nab_files"`
	Windows    int                 `json:"nab_windows"`    // windows with a row after probation
	Score      map[string]Number   `json:"nab"`            // 0 for no alarm at all, 100 for every window alarmed at its first row and nothing else
	Intervals  map[string]Interval `json:"nab_intervals"`  // 95 %, over the files, at the threshold chosen on all
	Thresholds map[string]Number   `json:"nab_thresholds"` // the best on all files; null where no alarm at all is best
	Fixed      map[string]Number   `json:"nab_fixed"`      // the same score with every score above 0 an alarm: no threshold chosen
	CV         map[string]Number   `json:"nab_cv"`         // the same score, each half at the threshold chosen on the other: mean of the splits
	CVRange    map[string]Interval `json:"nab_cv_range"`   // the lowest and the highest of the splits
}

// NABSplits is the number of splits behind NABResult.CV.
const NABSplits = 10

// NAB scores the files with every profile as NAB's own scorer and optimiser do (numenta/NAB, version 1.1; Lavin & Ahmad 2015), but sweeps all
// thresholds that differ instead of climbing a hill. With n the rows of a file, those before min(floor(0.15·n), 750) are probation and do not
// count. Let σ(y) = 2/(1 + exp(5y)) - 1. Row i of a window of width W that ends at row r is worth TP·σ(-(r - i + 1)/W)/σ(-1); a row outside is
// worth FP·σ((i - r)/(W - 1)) with r and W of the window before it, and -FP where there is none or σ's argument is 3 or more. A window is
// worth its best alarmed row, and -FN without one; the sum over windows and over alarmed rows outside is the raw score of a threshold, and
//
//	score = 100 · (raw - null) / (perfect - null),  null = -FN·windows,  perfect = TP·windows
//
// with the one threshold over all files that is best for the profile (of equals the highest). Windows without a row after probation do not exist.
//
// The cross-validated score does the same with each half of the files at the threshold that is best on the other half, the raw scores of both
// halves added; it is the mean over NABSplits splits. A split deals the files of each folder, shuffled, in turn to the two halves.
//
// The error names the file and the row or window that is not as NABFile says.
func NAB(files []NABFile, profiles []NABProfile) (NABResult, error) {
	b, err := newBoard(files)
	if err != nil {
		return NABResult{}, err
	}
	r := NABResult{
		Files: len(files), Windows: b.windows(b.all()),
		Score: map[string]Number{}, Intervals: map[string]Interval{}, Thresholds: map[string]Number{},
		Fixed: map[string]Number{}, CV: map[string]Number{}, CVRange: map[string]Interval{},
	}
	for _, p := range profiles {
		threshold, raw := b.best(p, b.all())
		r.Score[p.Name] = p.normalised(raw, r.Windows)
		r.Thresholds[p.Name] = Number(threshold)
		r.Fixed[p.Name] = p.normalised(total(b.raw(p, math.SmallestNonzeroFloat64)), r.Windows)
		if v, ok := b.interval(p, threshold); ok {
			r.Intervals[p.Name] = v
		}
		if len(files) > 1 && r.Windows > 0 {
			r.CV[p.Name], r.CVRange[p.Name] = b.crossValidated(p)
		}
	}
	return r, nil
}

// normalised is 100·(raw - null)/(perfect - null); none without windows.
func (p NABProfile) normalised(raw float64, windows int) Number {
	null, perfect := -p.FN*float64(windows), p.TP*float64(windows)
	return ratio(100*(raw-null), perfect-null)
}

// sigma is NAB's scaled sigmoid.
func sigma(y float64) float64 {
	if y >= 3 {
		return -1
	}
	return 2/(1+math.Exp(5*y)) - 1
}

func total(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum
}

// check says what is wrong with the file's times and scores, if anything is.
func (f *NABFile) check() error {
	if len(f.Time) != len(f.Score) {
		return fmt.Errorf("NAB file %q: %d times and %d scores; there must be one score per row", f.Name, len(f.Time), len(f.Score))
	}
	for i, v := range f.Score {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("NAB file %q: score of row %d is %g; it must be finite", f.Name, i, v)
		}
	}
	return nil
}
