package models

// A group's own past says how rare its statistic is there, and takes incidents that came often for usual. Its unit makes the statistic of all
// groups comparable, so what it would be worth in any group is the second opinion (docs/decisions/0026). Of replicas, whose unit is their own
// usual distance, there is none.
const (
	commonFrom = 1.5  // statistic up to which nothing is surprising in any group
	commonEach = 1.25 // decades for one more. 0.5 and 1, 1 and 1.1 find as much; with these a surprise of 2 is as common as it should be
)

// commonSurprise is what a statistic is worth in any group, in decades.
func commonSurprise(statistic float64) float64 {
	return min(float64(commonEach*max(0, statistic-commonFrom)), maxSurprise)
}

// surpriseOf is the surprise of what is judged of a statistic: the mean of the group's own and that in any group, which is the geometric mean
// of their probabilities.
func (m *joint) surpriseOf(judged float64) float64 {
	own := m.tail.with(jointPrior).surprise(judged, 1)
	if m.peers != nil {
		return own
	}
	return (own + commonSurprise(judged)) / 2
}

// limit is the least statistic, without what is familiar, that has the surprise.
func (m *joint) limit(surprise float64) float64 {
	tail := m.tail.with(jointPrior)
	if m.peers != nil {
		return tail.value(power10(-surprise))
	}
	above := func(s float64) float64 { return m.surpriseOf(s) - surprise }
	far := max(tail.value(power10(-surprise)), commonFrom+surprise/commonEach) // both say at least as much there
	atFar := above(far)
	if surprise <= 0 || atFar <= 0 {
		return far
	}
	return crossing(above, 0, -surprise, far, atFar)
}
