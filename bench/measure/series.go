package measure

import (
	"fmt"
	"math"
)

// Series is one labelled series as one detector judged it; all slices have one entry per point of the grid.
type Series struct {
	Name    string
	Start   int64     // Unix milliseconds of the first point
	Step    int64     // milliseconds
	From    int       // first point that is measured: those before are training
	Missing []bool    // points of the grid without a value; nil: none. They carry no label and no score.
	Label   []bool    // nil: unlabelled, no quality figures
	Score   []float64 // anomaly_score: >= 0, finite; higher is more anomalous
	Alarm   []bool    // true where the detector's own fixed threshold was passed: the production alarm is in state ALARM
	Page    []float64 // the score where the production alarm began, else 0
	P       []float64 // calibrated probability of the point, in (0, 1]; nil: the detector does not claim one
}

// Check says what is wrong with a series, if anything is: a step that is not positive, a From outside the grid, a slice of another length than
// Score, or, at a measured point, a score that is negative or not finite or a P outside (0, 1]. Missing, Label, Alarm, Page and P may be nil;
// without Alarm the detector has no threshold of its own.
func (s *Series) Check() error {
	n := len(s.Score)
	if s.Step <= 0 {
		return fmt.Errorf("series %q: step is %d ms; it must be positive", s.Name, s.Step)
	}
	if s.From < 0 || s.From > n {
		return fmt.Errorf("series %q: measured from point %d; it must be within 0 and %d, the number of scores", s.Name, s.From, n)
	}
	for _, f := range []struct {
		name string
		len  int
		nil  bool
	}{
		{"Missing", len(s.Missing), s.Missing == nil},
		{"Label", len(s.Label), s.Label == nil},
		{"Alarm", len(s.Alarm), s.Alarm == nil},
		{"Page", len(s.Page), s.Page == nil},
		{"P", len(s.P), s.P == nil},
	} {
		if !f.nil && f.len != n {
			return fmt.Errorf("series %q: %s has %d entries; it must have %d, as many as Score", s.Name, f.name, f.len, n)
		}
	}
	for i := s.From; i < n; i++ {
		if !s.measured(i) {
			continue
		}
		if v := s.Score[i]; !(v >= 0) || math.IsInf(v, 1) {
			return fmt.Errorf("series %q: score of point %d is %g; it must be finite and not negative", s.Name, i, v)
		}
		if len(s.P) > 0 && !(s.P[i] > 0 && s.P[i] <= 1) {
			return fmt.Errorf("series %q: P of point %d is %g; it must be above 0 and at most 1", s.Name, i, s.P[i])
		}
	}
	return nil
}

// measured is whether point i counts.
func (s *Series) measured(i int) bool {
	return i >= s.From && (len(s.Missing) == 0 || !s.Missing[i])
}

// labelled is whether point i counts and is labelled anomalous.
func (s *Series) labelled(i int) bool { return len(s.Label) > 0 && s.Label[i] && s.measured(i) }

// points is the number of measured points.
func (s *Series) points() int {
	n := 0
	for i := s.From; i < len(s.Score); i++ {
		if s.measured(i) {
			n++
		}
	}
	return n
}

// weekMillis is a week in milliseconds.
const weekMillis = 7 * 24 * 3600 * 1000

// weeks is the measured time in weeks: measured points × Step.
func (s *Series) weeks() float64 { return float64(s.points()) * float64(s.Step) / weekMillis }
