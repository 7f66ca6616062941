package corpus

import "fmt"

// label marks the points whose rows are labelled, or lie in the file's windows.
func (s *Series) label(f *File, t *table, order []int) {
	if !t.labelled && !f.labelled {
		return
	}
	s.Label = make([]bool, len(s.Missing))
	for _, k := range order {
		r := &t.records[k]
		if p := s.Rows[k].Point; r.label || f.inWindow(r.t) {
			s.Label[p] = !s.Missing[p]
		}
	}
}

// NAB's probation: the share of a file, and the most rows, that are not measured where nothing is said of training.
const (
	probation     = 15 // percent
	mostProbation = 750
)

// train finds the first measured point: the one after the last training row in order of time, duplicates counted once.
func (s *Series) train(f *File, t *table, order []int) {
	rows := len(order) - s.Duplicates
	n := f.train
	if n < 0 {
		n = min(rows*probation/100, mostProbation)
	}
	if n > rows {
		s.Problems = append(s.Problems, Problem{File: f.Name, Err: fmt.Errorf("%d rows, but %s says train_points %d: nothing is measured", rows, manifestName, n)})
	}
	seen := 0
	for i, k := range order {
		if seen == n {
			return
		}
		s.From = s.Rows[k].Point + 1
		if i+1 == len(order) || t.records[order[i+1]].t != t.records[k].t {
			seen++
		}
	}
}
