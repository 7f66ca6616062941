package measure

import "slices"

// budgets are the false stretches per series-week at which recall is given.
var budgets = [3]float64{0.1, 0.5, 1}

// curve gathers the figures that come of lowering the threshold. Its zero value, with of set, has seen no alarm yet.
type curve struct {
	of       truth
	ap       float64
	hits     int // labelled points at the last step
	best     step
	delayF1  float64
	recallAt [len(budgets)]int // events found
}

// step is one threshold and what it comes to.
type step struct {
	threshold float64
	total     tally
	f1        float64
}

// lower takes the next lower threshold. All points of one score come in one step, so that ties have no order.
//
//   - Average precision: Σ (R_k - R_k-1)·P_k over the thresholds, with R the share of labelled points that are alarmed and P the share of alarmed
//     points that are labelled.
//   - The best F1 and the best delay-limited F1, each at the highest threshold that has it.
//   - Recall at a budget: the most events found at a threshold whose false stretches per series-week stay within it. As lowering the threshold
//     can also join stretches, a lower one may be within the budget again; it counts.
func (c *curve) lower(threshold float64, total tally) {
	if c.of.positives == 0 {
		return
	}
	if total.hits > c.hits {
		gain := float64(total.hits-c.hits) / float64(c.of.positives)
		c.ap += float64(gain * (float64(total.hits) / float64(total.points)))
		c.hits = total.hits
	}
	if f1 := float64(total.f1(c.of)); f1 > c.best.f1 {
		c.best = step{threshold, total, f1}
	}
	c.delayF1 = max(c.delayF1, float64(total.delayF1(c.of)))
	for k, b := range budgets {
		if float64(total.strays) <= float64(b*c.of.weeks) {
			c.recallAt[k] = max(c.recallAt[k], total.found)
		}
	}
}

// figures gives them in the order of curveKeys; NaN without events.
func (c *curve) figures() []Number {
	if c.of.positives == 0 {
		return slices.Repeat([]Number{None()}, len(curveKeys))
	}
	all := []Number{Number(c.ap), Number(c.best.f1), Number(c.delayF1)}
	for _, found := range c.recallAt {
		all = append(all, ratio(float64(found), float64(c.of.events)))
	}
	return all
}

// curveKeys are the JSON keys of curve.figures.
var curveKeys = []string{"ap", "f1_oracle", "delay_f1_oracle", "recall_at.0.1", "recall_at.0.5", "recall_at.1"}
