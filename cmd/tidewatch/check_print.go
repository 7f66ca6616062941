package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/tidewatch/tidewatch/internal/preflight"
)

// printCheck writes what was found: sources, what each detector reads and watches, then what is wrong.
func printCheck(w *page, r *preflight.Report, offline bool) {
	for _, s := range r.Sources {
		what := "cannot be asked"
		if s.Reached {
			what = s.Server.String()
		}
		w.printf("source %s at %s: %s\n", s.Name, s.URL, what)
	}
	if offline {
		w.printf("%s; offline, so no source was asked\n", plural(len(r.Detectors), "detector"))
	} else {
		printDetectors(w, r)
	}
	if len(r.Problems) > 0 {
		w.printf("\n")
	}
	for _, p := range r.Problems {
		w.printf("%s\n", p)
	}
}

func printDetectors(w *page, r *preflight.Report) {
	w.printf("\n")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	t := &page{w: table}
	t.printf("DETECTOR\tSERIES\tSTARTS WITH\tREADS\tTAKES\n")
	for _, d := range r.Detectors {
		series, starts := "?", ""
		if d.Matched || d.Match.TooMany != nil {
			series, starts = fmt.Sprintf("%d of %d", d.Match.Count(), d.Detector.MaxSeries), d.Ready.String()
		}
		reads, takes := d.Reads.Text()
		t.printf("%s\t%s\t%s\t%s\t%s\n", d.Detector.Name, series, orDash(starts), reads, takes)
	}
	series, sum := r.Total()
	reads, takes := sum.Text()
	t.printf("in all\t%d\t\t%s\t%s\n", series, reads, takes)
	w.fail(table.Flush())
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
