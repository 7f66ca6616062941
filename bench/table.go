package bench

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/tidewatch/tidewatch/bench/measure"
)

// table is figures as text: a row for each detector, the first cell its name.
type table struct {
	title string
	head  []string
	rows  [][]string
}

// tables are a corpus's figures; those that say nothing of it are left out.
func (c *CorpusReport) tables() []table {
	var out []table
	add := func(t table, when func(d *DetectorReport) bool, row func(d *DetectorReport) []string) {
		for i := range c.Detectors {
			if d := &c.Detectors[i]; when(d) {
				t.rows = append(t.rows, append([]string{d.Name}, row(d)...))
			}
		}
		if len(t.rows) > 0 {
			out = append(out, t)
		}
	}
	labelled := func(d *DetectorReport) bool { return d.Labelled > 0 }
	add(table{title: "at the production alarms", head: []string{
		"detector", "F1", "precision", "recall", "false/week", "delay F1", "delay, points", "p95",
	}}, labelled, ownRow)
	add(table{title: "by score", head: []string{
		"detector", "AP", "F1 oracle", "delay F1 oracle", "recall@0.1", "recall@0.5", "recall@1", "VUS-PR", "with hold",
	}}, labelled, scoreRow)
	add(table{title: "95 % intervals", head: []string{"detector", "AP", "F1", "F1 oracle", "recall@0.5", "VUS-PR"}}, labelled, intervalRow)
	add(table{title: "NAB", head: []string{
		"detector", "standard", "low FP", "low FN", "validated", "low FP", "low FN", "every page", "low FP", "low FN",
	}}, func(d *DetectorReport) bool { return d.NABResult != nil }, nabRow)
	add(table{title: "calibration: units within 2×, observed rate", head: []string{"detector", "1e-2", "rate", "1e-3", "rate", "1e-4", "rate"}},
		func(d *DetectorReport) bool { return len(d.Calibration) > 0 }, calibrationRow)
	add(table{title: "cost", head: []string{"detector", "ns/point", "allocations/point", "bytes/series", "shared bytes", "digest"}},
		func(d *DetectorReport) bool { return d.Cost != nil }, costRow)
	add(table{title: "scores", head: []string{"detector", "digest"}},
		func(d *DetectorReport) bool { return d.Cost == nil }, func(d *DetectorReport) []string { return []string{d.Digest[:8]} })
	return append(out, c.files()...)
}

// files is a table of the first detector's files, the ones with the most false alarms and missed events first.
func (c *CorpusReport) files() []table {
	if len(c.Detectors) == 0 || len(c.Detectors[0].Files) == 0 {
		return nil
	}
	t := table{title: "files, by missed events and false stretches", head: []string{
		"file", "events", "recall", "false/week", "weeks", "AP", "F1 oracle", "recall@0.5",
	}}
	files := slices.Clone(c.Detectors[0].Files)
	wrong := func(f FileReport) float64 {
		v := 0.0
		if f.Recall.Exists() {
			v += float64(f.Events) * (1 - float64(f.Recall))
		}
		if f.FalsePerSeriesWeek.Exists() {
			v += f.Weeks * float64(f.FalsePerSeriesWeek)
		}
		return v
	}
	slices.SortStableFunc(files, func(a, b FileReport) int { return cmp.Compare(wrong(b), wrong(a)) })
	for _, f := range files {
		row := append([]string{f.Name, strconv.Itoa(f.Events)}, figures(2, f.Recall, f.FalsePerSeriesWeek, measure.Number(f.Weeks))...)
		t.rows = append(t.rows, append(row, figures(3, f.AP, f.F1Oracle, f.RecallAt.Half)...))
	}
	return []table{t}
}

func ownRow(d *DetectorReport) []string {
	return figures(3, d.F1, d.Precision, d.Recall, d.FalsePerSeriesWeek, d.DelayF1, d.Delay.MedianPoints, d.Delay.P95Points)
}

func scoreRow(d *DetectorReport) []string {
	return figures(3, d.AP, d.F1Oracle, d.DelayF1Oracle, d.RecallAt.Tenth, d.RecallAt.Half, d.RecallAt.One, d.VUSPR, d.VUSPRHold)
}

func intervalRow(d *DetectorReport) []string {
	var out []string
	for _, key := range []string{"ap", "f1", "f1_oracle", "recall_at.0.5", "vus_pr"} {
		text := "–"
		if v, ok := d.Result.Intervals[key]; ok {
			text = fmt.Sprintf("%.3f to %.3f", v[0], v[1])
		}
		out = append(out, text)
	}
	return out
}

func nabRow(d *DetectorReport) []string {
	var out []string
	for _, by := range []map[string]measure.Number{d.Score, d.CV, d.Fixed} {
		for _, p := range measure.NABProfiles() {
			out = append(out, figures(2, by[p.Name])...)
		}
	}
	return out
}

func calibrationRow(d *DetectorReport) []string {
	out := []string{"–", "–", "–", "–", "–", "–"}
	for _, c := range d.Calibration {
		for i, p := range []float64{1e-2, 1e-3, 1e-4} {
			if c.Nominal == p && c.Share.Exists() {
				out[2*i] = fmt.Sprintf("%d of %d", c.Within, c.Units)
			}
			if c.Nominal == p && c.Rate.Exists() {
				out[2*i+1] = fmt.Sprintf("%.2g", float64(c.Rate))
			}
		}
	}
	return out
}

func costRow(d *DetectorReport) []string {
	return []string{
		strconv.FormatFloat(d.NsPerPoint, 'f', 0, 64), strconv.FormatFloat(d.AllocsPerPoint, 'f', 3, 64),
		strconv.FormatFloat(d.BytesPerSeries, 'f', 0, 64), strconv.FormatFloat(d.BytesShared, 'f', 0, 64), d.Digest[:8],
	}
}

// figures are numbers with so many digits behind the point, – where there is none.
func figures(digits int, list ...measure.Number) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = "–"
		if v.Exists() {
			out[i] = strconv.FormatFloat(float64(v), 'f', digits, 64)
		}
	}
	return out
}
