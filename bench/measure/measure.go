package measure

import "fmt"

// Measure gives every figure of one detector's judgement of a corpus. Quality is of the labelled series only; the figures at the detector's own
// alarms are none unless every labelled series has Alarm. The error is that of the first series that does not pass Check.
func Measure(series []Series) (Result, error) {
	var labelled []*Series
	for i := range series {
		if err := series[i].Check(); err != nil {
			return Result{}, fmt.Errorf("measuring series %d of %d: %w", i+1, len(series), err)
		}
		if series[i].Label != nil {
			labelled = append(labelled, &series[i])
		}
	}
	truths := make([]truth, len(labelled))
	var of truth
	for k, s := range labelled {
		truths[k] = s.truth()
		of.add(truths[k], 1)
	}
	r := Result{
		Series: len(series), Labelled: len(labelled), Points: of.points, Events: of.events, Weeks: of.weeks,
		Calibration: Calibrate(series), Intervals: map[string]Interval{},
	}
	r.own(labelled, truths, of)
	r.swept(labelled, truths, of)
	r.volume(labelled)
	return r, nil
}

// ownKeys are the JSON keys of ownFigures.
var ownKeys = []string{"precision", "recall", "f1", "false_per_series_week", "delay_f1"}

// ownFigures are the figures of a tally at one threshold, in the order of ownKeys.
func ownFigures(t tally, of truth) []Number {
	return []Number{t.precision(), t.recall(of), t.f1(of), t.strayRate(of), t.delayF1(of)}
}

// own sets the figures at the detector's own alarms.
func (r *Result) own(labelled []*Series, truths []truth, of truth) {
	r.Precision, r.Recall, r.F1, r.FalsePerSeriesWeek, r.DelayF1 = None(), None(), None(), None(), None()
	r.Delay = delay(nil)
	tallies := make([]tally, len(labelled))
	var total tally
	for k, s := range labelled {
		if s.Alarm == nil {
			return
		}
		tallies[k] = ownTally(s)
		total.add(tallies[k], 1)
	}
	f := ownFigures(total, of)
	r.Precision, r.Recall, r.F1, r.FalsePerSeriesWeek, r.DelayF1 = f[0], f[1], f[2], f[3], f[4]
	r.Delay = delay(labelled)
	r.add(bootstrap(len(labelled), ownKeys, func(weights []int) []Number {
		return ownFigures(weighted(tallies, truths, weights))
	}))
}

// gridShare is the spacing of the thresholds at which the figures of a resample are taken: from one to the next the number of alarmed points
// grows by a fiftieth, or by one.
const gridShare = 50

// swept sets the figures over all thresholds: exact ones for the corpus, at the thresholds of a grid for the intervals.
func (r *Result) swept(labelled []*Series, truths []truth, of truth) {
	type stop struct {
		threshold float64
		series    []tally
	}
	var stops []stop
	c, next := curve{of: of}, 1
	sweep(labelled, func(threshold float64, total tally, judges []*judge) {
		c.lower(threshold, total)
		if total.points < next {
			return
		}
		next = total.points + max(1, total.points/gridShare)
		s := stop{threshold, make([]tally, len(judges))}
		for k, j := range judges {
			s.series[k] = j.tally
		}
		stops = append(stops, s)
	})
	f := c.figures()
	r.AP, r.F1Oracle, r.DelayF1Oracle = f[0], f[1], f[2]
	r.RecallAt = RecallAt{f[3], f[4], f[5]}
	r.PrecisionOracle, r.RecallOracle, r.ThresholdOracle = None(), None(), None()
	if c.best.f1 > 0 {
		r.PrecisionOracle, r.RecallOracle = c.best.total.precision(), c.best.total.recall(of)
		r.ThresholdOracle = Number(c.best.threshold)
	}
	r.add(bootstrap(len(labelled), curveKeys, func(weights []int) []Number {
		var again curve
		_, again.of = weighted(nil, truths, weights)
		for _, s := range stops {
			total, _ := weighted(s.series, nil, weights)
			again.lower(s.threshold, total)
		}
		return again.figures()
	}))
}

// volume sets VUS-PR.
func (r *Result) volume(labelled []*Series) {
	var plain, held []Number
	for _, s := range labelled {
		if v := VUSPR(s, VUSWindow, 1); v.Exists() {
			plain, held = append(plain, v), append(held, VUSPR(s, VUSWindow, VUSHold))
		}
	}
	once := make([]int, len(plain))
	for k := range once {
		once[k] = 1
	}
	r.VUSSeries = len(plain)
	r.VUSPR, r.VUSPRHold = mean(plain, once), mean(held, once)
	r.add(bootstrap(len(plain), []string{"vus_pr", "vus_pr_hold"}, func(weights []int) []Number {
		return []Number{mean(plain, weights), mean(held, weights)}
	}))
}

func (r *Result) add(intervals map[string]Interval) {
	for key, v := range intervals {
		r.Intervals[key] = v
	}
}

// weighted sums the tallies and the truths of the series, each as often as its weight says; either may be left out.
func weighted(tallies []tally, truths []truth, weights []int) (total tally, of truth) {
	for k, w := range weights {
		if w == 0 {
			continue
		}
		if tallies != nil {
			total.add(tallies[k], w)
		}
		if truths != nil {
			of.add(truths[k], w)
		}
	}
	return total, of
}

// mean is the weighted mean of values that exist; none of none.
func mean(values []Number, weights []int) Number {
	sum, n := 0.0, 0
	for k, v := range values {
		sum += float64(float64(weights[k]) * float64(v))
		n += weights[k]
	}
	return ratio(sum, float64(n))
}
