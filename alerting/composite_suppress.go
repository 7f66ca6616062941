package alerting

import (
	"slices"
	"time"
)

// Suppressor keeps a composite alarm's actions back while another alarm is in ALARM: CloudWatch's ActionsSuppressor.
type Suppressor struct {
	Alarm     Operand
	Wait      time.Duration // after a change of state, for the suppressor to go into ALARM
	Extension time.Duration // after the suppressor has left ALARM
}

// The reasons for which actions are kept back: CloudWatch's ActionsSuppressedBy.
const (
	SuppressedByAlarm     = "Alarm"
	SuppressedByWait      = "WaitPeriod"
	SuppressedByExtension = "ExtensionPeriod"
)

// actions is what has been told of a composite alarm and what keeps it back. Times are decision times, Unix milliseconds.
type actions struct {
	told       State // the state of the newest action
	changed    int64 // when the state changed last
	wait       int64 // the end of the wait period
	extension  int64 // the end of the extension period
	suppressed bool  // the suppressor is in ALARM
}

// operands are those of the rule and, behind them, the suppressor.
func (s *CompositeSpec) operands() []Operand {
	if s.Suppressor == nil {
		return s.Rule.operands
	}
	return append(slices.Clip(s.Rule.operands), s.Suppressor.Alarm)
}

// suppress takes in what an evaluation at decision time now has found.
func (x *Composite) suppress(now int64, changed, suppressor bool) {
	a := &x.actions
	if changed {
		a.changed, a.wait = now, now
		if x.Suppressor != nil {
			a.wait += x.Suppressor.Wait.Milliseconds()
		}
	}
	if a.suppressed && !suppressor && x.Suppressor != nil {
		a.extension = now + x.Suppressor.Extension.Milliseconds()
	}
	a.suppressed = suppressor
}

// due is when the action of the present state is taken, false while there is none to take.
func (x *Composite) due() (at int64, ok bool) {
	a := &x.actions
	return max(a.changed, a.wait, a.extension), a.told != x.State && !a.suppressed
}

// SuppressedBy says what keeps an action back at decision time now, "" if nothing does or there is none to take.
func (x *Composite) SuppressedBy(now int64) string {
	at, ok := x.due()
	switch {
	case x.told == x.State:
		return ""
	case !ok:
		return SuppressedByAlarm
	case at <= now:
		return ""
	case x.extension > now:
		return SuppressedByExtension
	}
	return SuppressedByWait
}

// CompositeAction is one that a composite alarm takes at decision time At, Unix milliseconds. Its transition leads from the state of
// the action before to the present one: what came and went while actions were kept back is in the history alone.
type CompositeAction struct {
	*Composite
	At         int64
	Transition Transition
}

// Actions are those that are due by now, in the order of All; each is returned once.
func (c *Composites) Actions(now int64) (out []CompositeAction) {
	for _, x := range c.All() {
		at, ok := x.due()
		if !ok || at > now {
			continue
		}
		tr := x.Last
		tr.From, x.told = x.told, x.State
		out = append(out, CompositeAction{x, at, tr})
	}
	return out
}

// NextAction is when Actions has something to return, false while nothing waits.
func (c *Composites) NextAction() (next int64, ok bool) {
	for _, x := range c.All() {
		if at, waits := x.due(); waits && (!ok || at < next) {
			next, ok = at, true
		}
	}
	return next, ok
}

// ParseOperand reads the name of an alarm as rules write it, with matchers where it has some. An error is a *RuleError.
func ParseOperand(text string) (Operand, error) {
	p := &ruleParser{text: text, rule: &CompositeRule{}, index: map[string]int{}}
	p.operand()
	if p.err == nil && p.token != "" {
		p.want("the end: one alarm suppresses")
	}
	if p.err != nil {
		return Operand{}, p.err
	}
	return p.rule.operands[0], nil
}
