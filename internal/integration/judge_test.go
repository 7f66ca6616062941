//go:build integration

package integration

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"text/tabwriter"
)

// verdict is what became of the labelled windows in one run. It is what the README's figures come from.
type verdict struct {
	Server     string  `json:"server"`     // Prometheus's version
	Detectors  string  `json:"detectors"`  // how the series are spread over detectors
	Series     int     `json:"series"`     // files
	TrainDays  string  `json:"train_days"` // of history when the decided part began, least to most
	SeriesDays float64 `json:"series_days"`
	Windows    int     `json:"windows"` // labelled, in the decided part
	Found      int     `json:"found"`   // with an alarm raised inside
	// Standing windows had an alarm that was raised before them and still held; they do not count as found.
	Standing    int `json:"standing"`
	Alarms      int `json:"alarms"`
	FalseAlarms int `json:"false_alarms"` // raised outside every window
	Messages    int `json:"messages"`
	// FalsePerSeriesWeek is FalseAlarms over the decided time of all series.
	FalsePerSeriesWeek float64 `json:"false_alarms_per_series_week"`
	// DelayMinutes is from the start of the window to the alarm. Windows are about ten times as long as what they mark, and begin
	// well before it.
	DelayMinutes quartiles `json:"delay_minutes"`
	// DelayShare is the same as a share of the window.
	DelayShare quartiles     `json:"delay_share_of_window"`
	Files      []fileVerdict `json:"files"`
}

type fileVerdict struct {
	File        string `json:"file"`
	Windows     int    `json:"windows"`
	Found       int    `json:"found"`
	Standing    int    `json:"standing"`
	FalseAlarms int    `json:"false_alarms"`
}

type quartiles struct {
	Least  float64 `json:"least"`
	Median float64 `json:"median"`
	Most   float64 `json:"most"`
}

// judge compares alarms with the labelled windows. A window is found by an alarm that is raised inside it; any more alarms
// inside are neither found again nor false.
func judge(c *corpus, from int64, onsets []onset) verdict {
	v := verdict{Series: len(c.Files)}
	var minutes, shares []float64
	least, most := math.Inf(1), 0.0
	for _, f := range c.Files {
		begin := max(from, f.start())
		v.SeriesDays += float64(c.End-begin) / dayMs
		history := float64(begin-f.start()) / dayMs
		least, most = min(least, history), max(most, history)
		fv := fileVerdict{File: f.Name}
		used := map[onset]bool{}
		for _, w := range f.Windows {
			if w[1] <= from {
				continue
			}
			fv.Windows++
			first := int64(0)
			standing := false
			for _, o := range onsets {
				switch {
				case o.File != f.Name:
				case o.Raised >= w[0] && o.Raised <= w[1]:
					used[o] = true
					if first == 0 {
						first = o.Raised
					}
				case o.Raised < w[0] && (o.Ended == 0 || o.Ended > w[0]):
					standing = true
				}
			}
			switch {
			case first != 0:
				fv.Found++
				minutes = append(minutes, float64(first-w[0])/60_000)
				shares = append(shares, float64(first-w[0])/float64(w[1]-w[0]))
			case standing:
				fv.Standing++
			}
		}
		for _, o := range onsets {
			if o.File == f.Name {
				v.Alarms++
				if !used[o] {
					fv.FalseAlarms++
				}
			}
		}
		v.Files = append(v.Files, fv)
		v.Windows, v.Found, v.Standing, v.FalseAlarms = v.Windows+fv.Windows, v.Found+fv.Found, v.Standing+fv.Standing, v.FalseAlarms+fv.FalseAlarms
	}
	v.TrainDays = fmt.Sprintf("%.1f-%.1f", least, most)
	v.FalsePerSeriesWeek = float64(v.FalseAlarms) / (v.SeriesDays / 7)
	v.DelayMinutes, v.DelayShare = summarise(minutes), summarise(shares)
	return v
}

func summarise(x []float64) quartiles {
	if len(x) == 0 {
		return quartiles{}
	}
	slices.Sort(x)
	return quartiles{x[0], (x[(len(x)-1)/2] + x[len(x)/2]) / 2, x[len(x)-1]}
}

// printVerdicts writes the runs as a table, and the files of the last run as another.
func printVerdicts(w io.Writer, vs []verdict) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SERVER\tDETECTORS\tFOUND\tSTANDING\tFALSE\tPER SERIES-WEEK\tMEDIAN DELAY\tOF WINDOW\tMESSAGES")
	for _, v := range vs {
		fmt.Fprintf(t, "%s\t%s\t%d of %d\t%d\t%d\t%.3f\t%.0f min\t%.2f\t%d\n", v.Server, v.Detectors, v.Found, v.Windows, v.Standing, v.FalseAlarms,
			v.FalsePerSeriesWeek, v.DelayMinutes.Median, v.DelayShare.Median, v.Messages)
	}
	last := vs[len(vs)-1]
	fmt.Fprintf(t, "\t\t\t\t\t\t\t\t\n%s, %s\tWINDOWS\tFOUND\tSTANDING\tFALSE\t\t\t\t\n", last.Server, last.Detectors)
	for _, f := range last.Files {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t\t\t\t\n", f.File, f.Windows, f.Found, f.Standing, f.FalseAlarms)
	}
	return t.Flush()
}

// writeReport writes verdicts as JSON to the file that TIDEWATCH_REPORT names, if it does.
func writeReport(vs []verdict) error {
	path := os.Getenv("TIDEWATCH_REPORT")
	if path == "" {
		return nil
	}
	b, err := json.MarshalIndent(vs, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}
