package null

import (
	"fmt"

	"github.com/tidewatch/tidewatch/bench/marks"
)

// The generated part of a page lies between these lines.
const (
	pageBegin = "<!-- bench null: what follows is written by `tidewatch bench null --page` -->\n"
	pageEnd   = "<!-- bench null: end of what is written -->\n"
)

// RewritePage puts the report as Markdown between the marks in a page.
func (r *Report) RewritePage(path string) error {
	if err := marks.Rewrite(path, pageBegin, pageEnd, r.Markdown); err != nil {
		return fmt.Errorf("rewriting the tables: %w", err)
	}
	return nil
}
