package measure

// DelayLimit is k of the delay-limited F1: an event counts as detected if one of its first k + 1 points is alarmed.
const DelayLimit = 7

// truth is what there is to find in a series, or in a corpus.
type truth struct {
	events    int
	positives int // labelled points
	points    int // measured points
	weeks     float64
}

func (t *truth) add(u truth, weight int) {
	t.events += weight * u.events
	t.positives += weight * u.positives
	t.points += weight * u.points
	t.weeks += float64(float64(weight) * u.weeks)
}

func (s *Series) truth() truth {
	l := s.layout()
	return truth{events: len(l.events), positives: l.positives(), points: s.points(), weeks: s.weeks()}
}

// precision is found / (found + false stretches).
func (t tally) precision() Number { return ratio(float64(t.found), float64(t.found+t.strays)) }

// recall is found / events.
func (t tally) recall(of truth) Number { return ratio(float64(t.found), float64(of.events)) }

// f1 is the harmonic mean of precision and recall, 2·found / (events + found + false stretches); none without events.
func (t tally) f1(of truth) Number {
	if of.events == 0 {
		return None()
	}
	return Number(float64(2*t.found) / float64(of.events+t.found+t.strays))
}

// strayRate is false stretches per series-week.
func (t tally) strayRate(of truth) Number { return ratio(float64(t.strays), of.weeks) }

// delayF1 is the delay-limited point F1 of FluxEV (WSDM 2021) and of the AIOps challenge of 2018. Of an event with an alarm in its first
// DelayLimit + 1 points all labelled points count as detected, of any other none; alarmed points without a label are false positives as they
// stand. With TP, FN and FP summed over the corpus it is 2·TP / (2·TP + FN + FP); none without events.
func (t tally) delayF1(of truth) Number {
	if of.positives == 0 {
		return None()
	}
	return Number(float64(2*t.delayed) / float64(of.positives+t.delayed+t.points-t.hits))
}
