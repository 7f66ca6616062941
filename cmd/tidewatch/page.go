package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// table writes lines whose columns, parted by tabs, are aligned.
func table(w io.Writer, write func(*page)) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := &page{w: t}
	write(p)
	p.fail(t.Flush())
	return p.err
}

// printJSON writes a value for people and programs to read.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// page prints to a writer until that fails; what follows is dropped, and err says why.
type page struct {
	w   io.Writer
	err error
}

// Write implements io.Writer.
func (p *page) Write(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	var n int
	n, p.err = p.w.Write(b)
	return n, p.err
}

func (p *page) printf(format string, v ...any) {
	_, _ = fmt.Fprintf(p, format, v...) // kept in err
}

// fail keeps an error of something that prints through the page.
func (p *page) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}
