package bench

import (
	"fmt"

	"github.com/tidewatch/tidewatch/bench/marks"
)

// The generated part of a page lies between these lines.
const (
	pageBegin = "<!-- bench: what follows is written by `make bench` -->\n"
	pageEnd   = "<!-- bench: end of what is written -->\n"
)

// RewritePage puts the report as Markdown between the marks in a page.
func (r *Report) RewritePage(path string) error {
	if err := marks.Rewrite(path, pageBegin, pageEnd, r.Markdown); err != nil {
		return fmt.Errorf("rewriting the figures: %w", err)
	}
	return nil
}
