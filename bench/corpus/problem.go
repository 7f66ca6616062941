package corpus

import "fmt"

// Problem is a row, or a file, that could not be used.
type Problem struct {
	File   string
	Line   int    // 0: the file as a whole
	Column string // "": the row as a whole
	Err    error  // what is wrong, and what would be right
}

// Error names the place and what is wrong.
func (p Problem) Error() string {
	s := p.File
	if p.Line > 0 {
		s = fmt.Sprintf("%s:%d", s, p.Line)
	}
	if p.Column != "" {
		s += ": column " + p.Column
	}
	return fmt.Sprintf("%s: %v", s, p.Err)
}

// Unwrap gives the cause.
func (p Problem) Unwrap() error { return p.Err }

// keptProblems is how many problems of one file are kept; all are counted.
const keptProblems = 20
