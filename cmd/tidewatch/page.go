package main

import (
	"fmt"
	"io"
)

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
