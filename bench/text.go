package bench

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// summary is what a corpus consists of, in one line.
func (c *CorpusReport) summary() string {
	s := fmt.Sprintf("%d series, %d points, %d events", c.Series, c.Points, c.Events)
	if c.Channels > 1 {
		s = fmt.Sprintf("%d series of up to %d channels, %d points, %d events", c.Series, c.Channels, c.Points, c.Events)
	}
	for _, n := range []struct {
		count int
		what  string
	}{{c.BadRows, "bad rows left out"}, {c.OutOfOrder, "rows out of order"}, {c.Duplicates, "rows with the time of another"}, {c.Merged, "rows whose point has a later one"}} {
		if n.count > 0 {
			s += fmt.Sprintf(", %d %s", n.count, n.what)
		}
	}
	return s
}

// Text writes the report as tables for a terminal.
func (r *Report) Text(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "commit %s, configuration %s, data %s\n%s\n", r.Commit, r.ConfigHash, r.DataHash, r.Machine)
	for i := range r.Corpora {
		c := &r.Corpora[i]
		fmt.Fprintf(&b, "\n%s: %s\n", c.Name, c.summary())
		for _, p := range c.Problems {
			fmt.Fprintf(&b, "  %s\n", p)
		}
		for _, t := range c.tables() {
			t.text(&b)
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (t table) text(b *strings.Builder) {
	fmt.Fprintf(b, "\n%s\n", t.title)
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, strings.Join(t.head, "\t")+"\t")
	for _, row := range t.rows {
		fmt.Fprintln(w, strings.Join(row, "\t")+"\t")
	}
	_ = w.Flush() // a strings.Builder takes everything
}

// Markdown writes the report as Markdown.
func (r *Report) Markdown(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Commit `%.12s`, configuration `%s`, data `%s`; %s.\n", r.Commit, r.ConfigHash, r.DataHash, r.Machine)
	for i := range r.Corpora {
		c := &r.Corpora[i]
		fmt.Fprintf(&b, "\n### %s\n\n%s.\n", c.Name, c.summary())
		for _, p := range c.Problems {
			fmt.Fprintf(&b, "\n- %s", p)
		}
		for _, t := range c.tables() {
			t.markdown(&b)
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (t table) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n%s:\n\n| %s |\n|%s\n", strings.ToUpper(t.title[:1])+t.title[1:], strings.Join(t.head, " | "), strings.Repeat(" --- |", len(t.head)))
	for _, row := range t.rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
	}
}
