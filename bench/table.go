package bench

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/tidewatch/tidewatch/bench/measure"
)

// table is one corpus's figures as text: a row for each detector.
type table struct {
	head []string
	rows [][]string
}

// quality holds the figures of detection.
func (c *CorpusReport) quality() table {
	t := table{head: []string{
		"detector", "AP", "F1", "precision", "recall", "false/week", "F1 oracle", "delay F1", "recall@0.1", "@0.5", "@1", "VUS-PR", "hold", "within 2× 1e-2", "1e-3", "1e-4", "digest",
	}}
	for i := range c.Detectors {
		d := &c.Detectors[i]
		row := []string{d.Name}
		for _, v := range []measure.Number{
			d.AP, d.F1, d.Precision, d.Recall, d.FalsePerSeriesWeek, d.F1Oracle, d.DelayF1,
			d.RecallAt.Tenth, d.RecallAt.Half, d.RecallAt.One, d.VUSPR, d.VUSPRHold,
		} {
			row = append(row, figure(v))
		}
		t.rows = append(t.rows, append(row, append(calibration(d.Calibration), d.Digest[:8])...))
	}
	return t
}

// figure is a number in three digits, – where there is none.
func figure(v measure.Number) string {
	if !v.Exists() {
		return "–"
	}
	return fmt.Sprintf("%.3f", float64(v))
}

// calibration is the share of series within a factor two at 1e-2, 1e-3 and 1e-4.
func calibration(list []measure.Calibration) []string {
	out := []string{"–", "–", "–"}
	for _, c := range list {
		for i, p := range []float64{1e-2, 1e-3, 1e-4} {
			if c.Nominal == p {
				out[i] = figure(c.Share)
			}
		}
	}
	return out
}

// Text writes the report as tables for a terminal.
func (r *Report) Text(out io.Writer) error {
	fmt.Fprintf(out, "commit %s, configuration %s, data %s\n%s\n", r.Commit, r.ConfigHash, r.DataHash, r.Machine)
	for i := range r.Corpora {
		c := &r.Corpora[i]
		fmt.Fprintf(out, "\n%s: %d series, %d points, %d events\n", c.Name, c.Series, c.Points, c.Events)
		for _, p := range c.Problems {
			fmt.Fprintf(out, "  %s\n", p)
		}
		if err := c.quality().text(out); err != nil {
			return err
		}
	}
	return nil
}

func (t table) text(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, strings.Join(t.head, "\t")+"\t")
	for _, row := range t.rows {
		fmt.Fprintln(w, strings.Join(row, "\t")+"\t")
	}
	return w.Flush()
}

// Markdown writes the report as Markdown tables.
func (r *Report) Markdown(out io.Writer) error {
	for i := range r.Corpora {
		c := &r.Corpora[i]
		fmt.Fprintf(out, "\n### %s\n\n%d series, %d points, %d events.\n\n", c.Name, c.Series, c.Points, c.Events)
		t := c.quality()
		if _, err := fmt.Fprintf(out, "| %s |\n|%s\n", strings.Join(t.head, " | "), strings.Repeat(" --- |", len(t.head))); err != nil {
			return err
		}
		for _, row := range t.rows {
			if _, err := fmt.Fprintf(out, "| %s |\n", strings.Join(row, " | ")); err != nil {
				return err
			}
		}
	}
	return nil
}
