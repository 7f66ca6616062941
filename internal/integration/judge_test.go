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
	// Promised is how many false alarms the configuration allows in that time: one in 30 days of each detector.
	Promised float64 `json:"promised_false_alarms"`
	Messages int     `json:"messages"`
	// FalsePerSeriesWeek is FalseAlarms over the decided time of all series.
	FalsePerSeriesWeek float64 `json:"false_alarms_per_series_week"`
	// DelayMinutes is from the start of the window to the alarm, AfterLabelMinutes from the marked moment inside the window, which
	// is less than 0 for an early alarm. Windows begin hours before what they mark.
	DelayMinutes      spread        `json:"delay_minutes"`
	AfterLabelMinutes spread        `json:"after_label_minutes"`
	Files             []fileVerdict `json:"files"`
}

type fileVerdict struct {
	File        string `json:"file"`
	Windows     int    `json:"windows"`
	Found       int    `json:"found"`
	Standing    int    `json:"standing"`
	FalseAlarms int    `json:"false_alarms"`
}

type spread struct {
	Least  float64 `json:"least"`
	Median float64 `json:"median"`
	Most   float64 `json:"most"`
}

// judge compares alarms with the labelled windows. A window is found by an alarm that is raised inside it; any more alarms
// inside are neither found again nor false.
func judge(c *corpus, from int64, onsets []onset) verdict {
	v := verdict{Series: len(c.Files)}
	var minutes, after []float64
	least, most := math.Inf(1), 0.0
	for _, f := range c.Files {
		begin := max(from, f.start())
		v.SeriesDays += float64(c.End-begin) / dayMs
		history := float64(begin-f.start()) / dayMs
		least, most = min(least, history), max(most, history)
		fv := fileVerdict{File: f.Name}
		used := map[onset]bool{}
		for _, w := range f.Windows {
			if w.To <= from {
				continue
			}
			fv.Windows++
			first := int64(0)
			standing := false
			for _, o := range onsets {
				switch {
				case o.File != f.Name:
				case o.Raised >= w.From && o.Raised <= w.To:
					used[o] = true
					if first == 0 {
						first = o.Raised
					}
				case o.Raised < w.From && (o.Ended == 0 || o.Ended > w.From):
					standing = true
				}
			}
			switch {
			case first != 0:
				fv.Found++
				minutes = append(minutes, float64(first-w.From)/60_000)
				if w.Label != 0 {
					after = append(after, float64(first-w.Label)/60_000)
				}
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
	v.DelayMinutes, v.AfterLabelMinutes = summarise(minutes), summarise(after)
	return v
}

func summarise(x []float64) spread {
	if len(x) == 0 {
		return spread{}
	}
	slices.Sort(x)
	return spread{x[0], (x[(len(x)-1)/2] + x[len(x)/2]) / 2, x[len(x)-1]}
}

// printVerdicts writes the runs as a table, and the files of the last run as another.
func printVerdicts(w io.Writer, vs []verdict) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SERVER\tDETECTORS\tFOUND\tSTANDING\tFALSE\tPROMISED\tPER SERIES-WEEK\tMEDIAN DELAY\tAFTER LABEL\tMESSAGES")
	for _, v := range vs {
		fmt.Fprintf(t, "%s\t%s\t%d of %d\t%d\t%d\t%.1f\t%.3f\t%.0f min\t%.0f min\t%d\n", v.Server, v.Detectors, v.Found, v.Windows, v.Standing, v.FalseAlarms, v.Promised,
			v.FalsePerSeriesWeek, v.DelayMinutes.Median, v.AfterLabelMinutes.Median, v.Messages)
	}
	last := vs[len(vs)-1]
	fmt.Fprintf(t, "\t\t\t\t\t\t\t\t\t\n%s, %s\tWINDOWS\tFOUND\tSTANDING\tFALSE\t\t\t\t\n", last.Server, last.Detectors)
	for _, f := range last.Files {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t\t\t\t\t\n", f.File, f.Windows, f.Found, f.Standing, f.FalseAlarms)
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
