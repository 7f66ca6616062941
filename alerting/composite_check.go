package alerting

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MaxParents is how many composite alarms may name the same alarm: CloudWatch's limit.
const MaxParents = 150

// CompositeError says which composite alarm cannot be, and why.
type CompositeError struct {
	Index   int    // in the list that was given
	Field   string // rule or actions_suppressor
	Column  int    // of the rule, from 1; 0 where it is not about one place
	Problem string
}

// Error is the problem.
func (e *CompositeError) Error() string {
	if e.Column > 0 {
		return fmt.Sprintf("column %d: %s", e.Column, e.Problem)
	}
	return e.Problem
}

// NewComposites checks the specs against each other and the names of the detectors that there are. Its error joins a
// *CompositeError for each mistake.
func NewComposites(specs []CompositeSpec, detectors []string) (*Composites, error) {
	c := &Composites{index: map[string]*Composite{}}
	place := map[string]int{}
	var errs []error
	for i, s := range specs {
		if _, twice := place[s.Name]; twice || slices.Contains(detectors, s.Name) {
			errs = append(errs, &CompositeError{Index: i, Field: "rule", Problem: fmt.Sprintf("there are two alarms with the name %q", s.Name)})
			continue
		}
		place[s.Name] = i
		c.index[s.Name] = &Composite{CompositeSpec: s}
	}
	errs = append(errs, checkOperands(specs, place, detectors)...)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return c, c.sort(specs, place)
}

// checkOperands: each alarm that a rule names exists, and not too many rules name it.
func checkOperands(specs []CompositeSpec, place map[string]int, detectors []string) (errs []error) {
	parents := map[string]int{}
	for i, s := range specs {
		named := map[string]bool{}
		for k, o := range s.operands() {
			field := "rule"
			if k == len(s.Rule.operands) {
				field = "actions_suppressor"
			}
			_, composite := place[o.Name]
			switch {
			case composite && len(o.Matchers) > 0:
				errs = append(errs, &CompositeError{i, field, o.Column, fmt.Sprintf("%s is one alarm: matchers choose among the series of a detector", o.Name)})
			case !composite && !slices.Contains(detectors, o.Name):
				errs = append(errs, &CompositeError{i, field, o.Column, fmt.Sprintf("there is no detector or composite alarm %q", o.Name)})
			case !named[o.Name]:
				named[o.Name] = true
				if parents[o.Name]++; parents[o.Name] == MaxParents+1 {
					errs = append(errs, &CompositeError{i, field, o.Column, fmt.Sprintf("more than %d composite alarms name %s", MaxParents, o.Name)})
				}
			}
		}
	}
	return errs
}

// sort puts each composite after those that it names, in order of name where that leaves a choice.
func (c *Composites) sort(specs []CompositeSpec, place map[string]int) error {
	names := make([]string, 0, len(specs))
	for _, s := range specs {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	const onPath, done = 1, 2
	mark := map[string]int{}
	var path []string
	var visit func(name string) error
	visit = func(name string) error {
		x := c.index[name]
		if x == nil || mark[name] == done {
			return nil
		}
		path = append(path, name)
		if mark[name] == onPath {
			cycle := path[slices.Index(path, name):]
			return &CompositeError{Index: place[cycle[0]], Field: "rule", Problem: "the alarm depends on itself: " + strings.Join(cycle, " → ")}
		}
		mark[name] = onPath
		for _, o := range x.operands() {
			if err := visit(o.Name); err != nil {
				return err
			}
		}
		path, mark[name] = path[:len(path)-1], done
		c.all = append(c.all, x)
		return nil
	}
	for _, name := range names {
		if err := visit(name); err != nil {
			return err
		}
	}
	return nil
}
