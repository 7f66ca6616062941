package null

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tidewatch/tidewatch/bench/measure"
)

// table is figures as text.
type table struct {
	title string
	head  []string
	rows  [][]string
}

// tables are all of the report's.
func (r *Report) tables() []table {
	var out []table
	for i := range r.Settings {
		out = append(out, r.Settings[i].tables()...)
	}
	if len(r.Delays) == 0 {
		return out
	}
	t := table{title: fmt.Sprintf("Points until an injected step is found, of %d", within), head: []string{"step", "promise", "noise", "size", "found", "median", "p95", "steps"}}
	for _, d := range r.Delays {
		t.rows = append(t.rows, []string{
			stepText(d.StepSeconds), d.Promise, d.Noise, fmt.Sprintf("%gσ", d.Size), percent(d.Found), points(d.Median), points(d.P95), strconv.Itoa(d.Steps),
		})
	}
	return append(out, t)
}

// tables are that of single points and that of alarms.
func (s *SettingReport) tables() []table {
	title := fmt.Sprintf("step %s, %s, %s", stepText(s.StepSeconds), s.Promise, s.Alarm)
	p := table{title: "Single points, observed/nominal (expected): " + title, head: []string{"family", "1e-2", "1e-3", "95 %", "1e-4", "95 %", "channels at 1e-3", ""}}
	a := table{
		title: "False alarms, observed/promised: " + title,
		head:  []string{"family", "promised", "observed", "ratio", "95 %", "at once", "channels", "limit", ""},
	}
	for i := range s.Families {
		f := &s.Families[i]
		p.rows = append(p.rows, []string{
			f.Name, f.P[0].text(), f.P[1].text(), f.P[1].interval(), f.P[2].text(), f.P[2].interval(), channels(f.OverBy),
			strings.Join(f.verdicts(1, 2), ", "),
		})
		limit := figure(f.Limits[0])
		if f.Limits[1] > 0 {
			limit += " / " + figure(f.Limits[1])
		}
		a.rows = append(a.rows, []string{
			f.Name, fmt.Sprintf("%.1f", f.Alarms.Expected), strconv.Itoa(f.Alarms.Observed), figure(f.Alarms.Ratio), f.Alarms.interval(),
			strconv.Itoa(f.Once), channels(f.AlarmBy), limit, f.Alarms.Verdict(),
		})
	}
	return []table{p, a}
}

// verdicts name the nominal rates, by place, that are not kept.
func (f *FamilyReport) verdicts(places ...int) []string {
	var out []string
	for _, i := range places {
		if v := f.P[i].Verdict(); v != "" {
			out = append(out, fmt.Sprintf("%s at 1e-%d", v, nominals[i]))
		}
	}
	return out
}

func stepText(seconds float64) string {
	return strings.TrimSuffix((time.Duration(seconds) * time.Second).String(), "0s")
}

func figure(n measure.Number) string {
	if !n.Exists() {
		return "–"
	}
	return fmt.Sprintf("%.2f", float64(n))
}

func points(n measure.Number) string {
	if !n.Exists() {
		return fmt.Sprintf("> %d", within)
	}
	return fmt.Sprintf("%.0f", float64(n))
}

func percent(n measure.Number) string {
	if !n.Exists() {
		return "–"
	}
	return fmt.Sprintf("%.0f %%", 100*float64(n))
}

func (r Rate) interval() string { return figure(r.Low) + "–" + figure(r.High) }

func (r Rate) text() string { return fmt.Sprintf("%s (%.0f)", figure(r.Ratio), r.Expected) }

// channels are the three that decided most, in percent.
func channels(counts []ChannelCount) string {
	total := 0
	for _, c := range counts {
		total += c.Count
	}
	var out []string
	for _, c := range counts[:min(3, len(counts))] {
		out = append(out, fmt.Sprintf("%s %.0f", c.Channel, 100*float64(c.Count)/float64(total)))
	}
	if len(out) == 0 {
		return "–"
	}
	return strings.Join(out, ", ")
}

func (r *Report) summary() string {
	return fmt.Sprintf("Commit %.12s, seed %d: %d points measured, %d days of every series after %d of history, %d series a detector.",
		r.Commit, r.Seed, r.Points, r.Days, r.History, r.Series)
}

// Text writes the report as tables for a terminal.
func (r *Report) Text(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintln(&b, r.summary())
	for _, t := range r.tables() {
		fmt.Fprintf(&b, "\n%s\n", t.title)
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(w, strings.Join(t.head, "\t")+"\t")
		for _, row := range t.rows {
			fmt.Fprintln(w, strings.Join(row, "\t")+"\t")
		}
		_ = w.Flush() // a strings.Builder takes everything
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// Markdown writes the report as Markdown.
func (r *Report) Markdown(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintln(&b, r.summary())
	for _, t := range r.tables() {
		fmt.Fprintf(&b, "\n%s:\n\n| %s |\n|%s\n", t.title, strings.Join(t.head, " | "), strings.Repeat(" --- |", len(t.head)))
		for _, row := range t.rows {
			fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}
