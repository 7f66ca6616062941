package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
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
	w.fail(table(w, func(t *page) {
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
	}))
	printContracts(w, r)
}

// printContracts says what the data of each detector are held to.
func printContracts(w *page, r *preflight.Report) {
	var over time.Duration
	w.fail(table(w, func(t *page) {
		for _, d := range r.Detectors {
			k := d.Contract
			if k == nil {
				continue
			}
			if over == 0 {
				t.printf("\nDATA OF\tSAMPLES EVERY\tLONGEST GAP\tVALUES\tLABELS\n")
			}
			over = max(over, k.Over)
			labels := slices.DeleteFunc(slices.Clone(k.Labels), func(n string) bool { return n == model.MetricNameLabel })
			for i, name := range labels {
				if slices.Contains(d.Detector.RequireLabels, name) {
					labels[i] = name + " (declared)"
				}
			}
			t.printf("%s\t%s\t%s\t%s\t%s\n", d.Detector.Name, spanOrDash(k.Interval, d.Detector.ExpectInterval != 0),
				spanOrDash(k.MaxGap, !k.Inferred), rangeText(k.Min, k.Max), orDash(strings.Join(labels, ", ")))
		}
	}))
	if over > 0 {
		w.printf("inferred from up to %s, but for what is declared: expect_interval, max_gap, range, require_labels\n", model.Duration(over))
	}
}

func spanOrDash(d time.Duration, declared bool) string {
	switch {
	case d == 0:
		return "–"
	case declared:
		return model.Duration(d).String() + " (declared)"
	}
	return model.Duration(d).String()
}

// rangeText is the declared range of values.
func rangeText(lo, hi float64) string {
	switch {
	case math.IsInf(lo, 0) && math.IsInf(hi, 0):
		return "any"
	case math.IsInf(hi, 0):
		return fmt.Sprintf("from %g (declared)", lo)
	case math.IsInf(lo, 0):
		return fmt.Sprintf("to %g (declared)", hi)
	}
	return fmt.Sprintf("%g to %g (declared)", lo, hi)
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
