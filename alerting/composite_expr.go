package alerting

import (
	"fmt"
	"slices"
	"strings"
)

// CompositeRule is the rule of a composite alarm: CloudWatch's AlarmRule. ParseCompositeRule makes one.
type CompositeRule struct {
	text     string
	root     ruleNode
	operands []Operand
}

// String is the rule as it was written.
func (r *CompositeRule) String() string { return r.text }

// Operands are the alarms that the rule names, each once, in the order in which they first stand in it.
func (r *CompositeRule) Operands() []Operand { return slices.Clone(r.operands) }

// True reports whether the rule holds where state gives the state of each operand, by its place in Operands.
func (r *CompositeRule) True(state func(operand int) State) bool { return r.root.holds(state) }

// Operand is what a rule says ALARM, OK or INSUFFICIENT_DATA of: a detector, of which matchers may choose some series, or
// another composite alarm.
type Operand struct {
	Name     string
	Matchers Matchers // of a detector's alarms; empty: all of them
	Column   int      // where it first stands in the rule, from 1, in bytes
}

// String is the operand as a rule writes it, without quotes.
func (o Operand) String() string {
	if len(o.Matchers) == 0 {
		return o.Name
	}
	return o.Name + o.Matchers.String()
}

// ruleNode is a part of a rule that is true or false.
type ruleNode interface {
	holds(state func(operand int) State) bool
}

type (
	constNode bool
	notNode   struct{ of ruleNode }
	andNode   struct{ all []ruleNode }
	orNode    struct{ any []ruleNode }
	stateNode struct {
		operand int
		is      State
	}
	// atLeastNode is AT_LEAST: so many of the operands, or so many per cent of them, are in the state, or are not.
	atLeastNode struct {
		count   int
		percent bool
		is      State
		not     bool
		of      []int
	}
)

func (n constNode) holds(func(int) State) bool         { return bool(n) }
func (n notNode) holds(state func(int) State) bool     { return !n.of.holds(state) }
func (n stateNode) holds(state func(int) State) bool   { return state(n.operand) == n.is }
func (n andNode) holds(state func(int) State) bool     { return !slices.ContainsFunc(n.all, fails(state)) }
func (n atLeastNode) holds(state func(int) State) bool { return n.enough(n.matching(state)) }

func (n orNode) holds(state func(int) State) bool {
	return slices.ContainsFunc(n.any, func(x ruleNode) bool { return x.holds(state) })
}

func fails(state func(int) State) func(ruleNode) bool {
	return func(x ruleNode) bool { return !x.holds(state) }
}

func (n atLeastNode) matching(state func(int) State) (matching int) {
	for _, o := range n.of {
		if (state(o) == n.is) != n.not {
			matching++
		}
	}
	return matching
}

func (n atLeastNode) enough(matching int) bool {
	if n.percent {
		return 100*matching >= n.count*len(n.of)
	}
	return matching >= n.count
}

// RuleError is a mistake in a composite alarm's rule.
type RuleError struct {
	Column  int    // of the first byte that is wrong, from 1
	Found   string // what stands there; "" is the end
	Want    string // what was expected
	Problem string // instead of Found and Want, where nothing else could stand there
}

// Error is "column 7: found OR, want ALARM(…), OK(…) …".
func (e *RuleError) Error() string {
	if e.Problem != "" {
		return fmt.Sprintf("column %d: %s", e.Column, e.Problem)
	}
	found := "the end"
	if e.Found != "" {
		found = fmt.Sprintf("%q", e.Found)
	}
	return fmt.Sprintf("column %d: found %s, want %s", e.Column, found, strings.TrimSpace(e.Want))
}
