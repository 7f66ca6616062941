package alerting

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// CompositeSpec is a composite alarm as configured.
type CompositeSpec struct {
	Name        string
	Rule        *CompositeRule
	Labels      map[string]string
	Annotations map[string]string
	Suppressor  *Suppressor // nil: nothing suppresses its actions
	Disabled    bool        // its actions are: it is followed, and nobody is told
	Hash        string      // of its configuration, for ids of decisions
}

// AlertLabels are what routes, groups and matchers see: the configured labels and alertname.
func (s *CompositeSpec) AlertLabels() labels.Labels {
	b := labels.NewBuilder(labels.FromMap(s.Labels))
	b.Set(labels.AlertName, s.Name)
	return b.Labels()
}

// Composite is a composite alarm and its state.
type Composite struct {
	CompositeSpec
	State    State
	Since    int64      // when it entered ALARM, Unix milliseconds; 0 otherwise
	Last     Transition // the newest; zero before the first
	Reason   string     // why it is in its state
	Children []Child    // what the newest transition by the rule was taken on, in the order of the rule; not kept over a restart
	actions
}

// Composites are the composite alarms of a configuration. They are evaluated together, each after those that its rule names.
type Composites struct {
	all   []*Composite // in topological order, by name where free
	index map[string]*Composite
}

// All are the composite alarms, each after those that its rule names.
func (c *Composites) All() []*Composite {
	if c == nil {
		return nil
	}
	return c.all
}

// Find returns the composite alarm of a name, nil if there is none.
func (c *Composites) Find(name string) *Composite {
	if c == nil {
		return nil
	}
	return c.index[name]
}

// Counts are how many of an operand's alarms are in each State.
type Counts [3]int

// State is that of the alarms together: ALARM if any is in ALARM, else OK if any is, else INSUFFICIENT_DATA.
func (n Counts) State() State {
	switch {
	case n[Alarming] > 0:
		return Alarming
	case n[OK] > 0:
		return OK
	}
	return InsufficientData
}

// CompositeTransition is a change of a composite alarm's state.
type CompositeTransition struct {
	*Composite
	Transition Transition
}

// Evaluate judges every rule once at grid time t and decision time now (both Unix milliseconds) and returns the transitions, in the order of All. count
// tells of a detector; known is false while that is still being trained, and a composite alarm that names it keeps its state.
func (c *Composites) Evaluate(t, now int64, count func(Operand) (n Counts, known bool)) []CompositeTransition {
	return c.evaluate(c.All(), t, now, count)
}

// EvaluateAbove is Evaluate for the alarms that depend on the alarm or detector of that name, directly or through others.
func (c *Composites) EvaluateAbove(name string, t, now int64, count func(Operand) (n Counts, known bool)) []CompositeTransition {
	above := map[string]bool{name: true}
	var some []*Composite
	for _, x := range c.All() {
		if slices.ContainsFunc(x.operands(), func(o Operand) bool { return above[o.Name] }) {
			above[x.Name], some = true, append(some, x)
		}
	}
	return c.evaluate(some, t, now, count)
}

func (c *Composites) evaluate(some []*Composite, t, now int64, count func(Operand) (n Counts, known bool)) (out []CompositeTransition) {
	for _, x := range some {
		operands := x.operands()
		counts, known := make([]Counts, len(operands)), true
		for i, o := range operands {
			if child := c.index[o.Name]; child != nil {
				counts[i][child.State] = 1
				continue
			}
			n, ok := count(o)
			counts[i], known = n, known && ok
		}
		if !known {
			continue
		}
		tr, changed := x.evaluate(t, counts[:len(x.Rule.operands)])
		if changed {
			out = append(out, CompositeTransition{x, tr})
		}
		x.suppress(now, changed, x.Suppressor != nil && counts[len(counts)-1].State() == Alarming)
	}
	return out
}

func (x *Composite) evaluate(t int64, counts []Counts) (Transition, bool) {
	to, rule := OK, RuleCompositeFalse
	if x.Rule.True(func(i int) State { return counts[i].State() }) {
		to, rule = Alarming, RuleCompositeTrue
	}
	if to == x.State && x.Last.Rule != RuleStateSet {
		return Transition{}, false
	}
	tr := Transition{T: max(t, x.Last.T+1), From: x.State, To: to, Rule: rule}
	for i := range counts {
		if tr.Of++; counts[i].State() == Alarming {
			tr.Breaches++
		}
	}
	x.become(tr)
	x.Reason, x.Children = x.reason(counts), x.childrenOf(counts)
	return tr, true
}

// childrenOf are the alarms of the rule with their states.
func (x *Composite) childrenOf(counts []Counts) []Child {
	out := make([]Child, len(counts))
	for i, n := range counts {
		s := n.State()
		out[i] = Child{Name: x.Rule.operands[i].String(), State: s, Series: n[s], Of: n[0] + n[1] + n[2]}
	}
	return out
}

func (x *Composite) become(tr Transition) {
	x.State, x.Last, x.Since = tr.To, tr, 0
	if tr.To == Alarming {
		x.Since = tr.T
	}
}

// maxReasonOperands is how many operands a reason names; it says how many it left out.
const maxReasonOperands = 6

// reason is "The rule is true: ErrorRatio is ALARM (2 of 40 series), Latency is OK."
func (x *Composite) reason(counts []Counts) string {
	verdict := map[bool]string{true: "The rule is true", false: "The rule is false"}[x.State == Alarming]
	order := make([]int, len(counts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { // what is in ALARM first
		return cmp.Compare(b2i(counts[b].State() == Alarming), b2i(counts[a].State() == Alarming))
	})
	var parts []string
	for k, i := range order {
		if k == maxReasonOperands {
			parts = append(parts, fmt.Sprintf("and %d more", len(order)-k))
			break
		}
		n, s := counts[i], counts[i].State()
		part := fmt.Sprintf("%s is %s", x.Rule.operands[i], s)
		if all := n[0] + n[1] + n[2]; all > 1 {
			part += fmt.Sprintf(" (%d of %d series)", n[s], all)
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return verdict + "."
	}
	return verdict + ": " + strings.Join(parts, ", ") + "."
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
