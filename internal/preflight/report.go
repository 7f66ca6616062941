package preflight

import (
	"fmt"
	"slices"
	"time"

	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/internal/app"
)

// Problem is one thing that is wrong, or probably is.
type Problem struct {
	Level configs.Level
	Place string // file:line:column; "" where there is none
	About string // the detector or source
	Text  string
}

// String is "tidewatch.yml:12:11: warning: RequestDrop: …".
func (p Problem) String() string {
	s := fmt.Sprintf("%s: %s", p.Level, p.Text)
	if p.About != "" {
		s = fmt.Sprintf("%s: %s: %s", p.Level, p.About, p.Text)
	}
	if p.Place != "" {
		s = p.Place + ": " + s
	}
	return s
}

// SourceReport is what a source answered.
type SourceReport struct {
	Name, URL string
	Server    Server
	Reached   bool
	Horizon   time.Duration // age of the oldest data asked about; 0 unknown
}

// DetectorReport is what a detector would read and watch.
type DetectorReport struct {
	Detector configs.Detector
	Matched  bool // Match, and where it has series Ready, could be found out
	Match    Match
	Reads    Reads
	Ready    Ready
	Contract *app.Contract // what its data are held to; nil where that is not known, or they are not checked
}

// Report is what Check found.
type Report struct {
	Sources   []SourceReport
	Detectors []DetectorReport // in the order of the configuration
	Problems  []Problem        // in the order of detectors, those of sources first
}

// Count is how many problems of a level there are.
func (r *Report) Count(level configs.Level) int {
	n := 0
	for _, p := range r.Problems {
		if p.Level == level {
			n++
		}
	}
	return n
}

// add takes a problem unless it is there already: places in a preset's expression are all the same one in the file.
func (r *Report) add(p Problem) {
	if !slices.Contains(r.Problems, p) {
		r.Problems = append(r.Problems, p)
	}
}

// Total sums what all detectors read.
func (r *Report) Total() (series int, sum Reads) {
	sum.Known = true
	for _, d := range r.Detectors {
		series += len(d.Match.Series)
		sum.Known = sum.Known && d.Reads.Known
		sum.RawSeries += d.Reads.RawSeries
		sum.Samples += d.Reads.Samples
		sum.Bytes += d.Reads.Bytes
		sum.Time += d.Reads.Time
		sum.Memory += d.Reads.Memory
	}
	return series, sum
}

// Age is how far back the data of a detector reach: the oldest metric of its source that was asked about. 0 is unknown.
func (r *Report) Age(d configs.Detector) time.Duration {
	for _, s := range r.Sources {
		if s.Name == d.Source {
			return s.Horizon
		}
	}
	return 0
}

// Failed reports whether a detector has an error already.
func (r *Report) Failed(detector string) bool {
	return slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Level == configs.LevelError && p.About == detector })
}
