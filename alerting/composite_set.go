package alerting

// Set gives the alarm a state until its rule is evaluated next, at decision time now, Unix milliseconds; false if it has it already. Its
// action is that of any change of state.
func (x *Composite) Set(now int64, s StateSet) (Transition, bool) {
	to, err := ParseState(s.State)
	if err != nil || to == x.State {
		return Transition{}, false
	}
	tr := Transition{T: max(now, x.Last.T+1), From: x.State, To: to, Rule: RuleStateSet}
	x.become(tr)
	x.Reason = s.String()
	x.suppress(now, true, x.suppressed)
	return tr, true
}
