package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/tidewatch/tidewatch/internal/preflight"
)

// printCheck writes what was found: sources, what each detector reads and watches, then what is wrong.
func printCheck(w io.Writer, r *preflight.Report, offline bool) error {
	for _, s := range r.Sources {
		what := "cannot be asked"
		if s.Reached {
			what = s.Server.String()
		}
		fmt.Fprintf(w, "source %s at %s: %s\n", s.Name, s.URL, what)
	}
	if offline {
		fmt.Fprintf(w, "%s; offline, so no source was asked\n", plural(len(r.Detectors), "detector"))
	} else if err := printDetectors(w, r); err != nil {
		return err
	}
	if len(r.Problems) > 0 {
		fmt.Fprintln(w)
	}
	for _, p := range r.Problems {
		fmt.Fprintln(w, p)
	}
	return nil
}

func printDetectors(w io.Writer, r *preflight.Report) error {
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "DETECTOR\tSERIES\tSTARTS WITH\tREADS\tTAKES")
	for _, d := range r.Detectors {
		series, starts := "?", ""
		if d.Matched || d.Match.TooMany != nil {
			series, starts = fmt.Sprintf("%d of %d", d.Match.Count(), d.Detector.MaxSeries), d.Ready.String()
		}
		reads, takes := d.Reads.Text()
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", d.Detector.Name, series, orDash(starts), reads, takes)
	}
	series, sum := r.Total()
	reads, takes := sum.Text()
	fmt.Fprintf(t, "in all\t%d\t\t%s\t%s\n", series, reads, takes)
	return t.Flush()
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
