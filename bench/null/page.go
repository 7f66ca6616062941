package null

import (
	"bytes"
	"fmt"
	"os"
)

// The generated part of a page lies between these lines.
const (
	pageBegin = "<!-- bench null: what follows is written by `tidewatch bench null --page` -->\n"
	pageEnd   = "<!-- bench null: end of what is written -->\n"
)

// RewritePage puts the report as Markdown between the marks in a page.
func (r *Report) RewritePage(path string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("rewriting the tables: %w", err)
	}
	head, rest, ok := bytes.Cut(old, []byte(pageBegin))
	_, tail, ok2 := bytes.Cut(rest, []byte(pageEnd))
	if !ok || !ok2 {
		return fmt.Errorf("rewriting the tables: %s lacks the lines %q and %q", path, pageBegin, pageEnd)
	}
	var b bytes.Buffer
	b.Write(head)
	b.WriteString(pageBegin)
	if err := r.Markdown(&b); err != nil {
		return err
	}
	b.WriteString("\n" + pageEnd)
	b.Write(tail)
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("rewriting the tables: %w", err)
	}
	return nil
}
