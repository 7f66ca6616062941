package engine

import (
	"math"
	"slices"
)

// False-discovery control: of all alarms that a detector raises in the long run, at most a share q is false. It is LORD++ (Ramdas, Yang, Wainwright &
// Jordan 2017, "Online control of the false discovery rate with decaying memory", NeurIPS) with the levels of a batch fixed before it
// begins, from rejections made before it, which Zrnic, Ramdas & Jordan 2021 ("Asynchronous online testing of multiple hypotheses", JMLR 22, LORD*)
// show to keep the marginal FDR. The level of test t is
//
//	γ(t) q/2 + (q/2) γ(t−τ₁) + q Σ γ(t−τⱼ), j ≥ 2
//
// τⱼ being the tests that were rejected and γ a sequence whose sum is at most 1. While nothing is found the level falls, faster than 1/t: a quiet year makes alarms
// rarer, where a budget of false alarms per month would allow for twelve.
//
// A test is one series over N points, N being the alarm's `of`: the hypothesis is that nothing begins in them, a rejection is an alarm's onset. An
// M-of-N alarm whose window ends among them needs M of at most 2N−1 points above θ, which has a probability of at most (2N−1)/M · 10^−θ whatever the
// points' dependence (Markov's inequality). A batch is the time between two epochs.
type discoveries struct {
	tests float64 // so far, a fraction where a series has not completed its N points
	first float64 // τ₁ where any is true; 0 before
	found []found // ascending; the latest maxFound
	fresh int     // rejections since the last epoch
	steps int     // and series-steps
}

// found are rejections of one batch but for the first ever.
type found struct {
	at float64 // τ: tests when its batch began
	n  int
}

// maxFound batches with rejections are remembered. To forget one makes levels lower only.
const maxFound = 64

// gammaScale makes the sequence γ (Javanmard & Montanari 2018, Annals of Statistics 46(2)) sum to at most 1.
const gammaScale = 0.07720838

// gamma is γ(j) for j >= 1.
func gamma(j float64) float64 {
	if j < 1 {
		return 0
	}
	l := math.Log(max(j, 2))
	return gammaScale * l / (j * math.Exp(math.Sqrt(l)))
}

// level is that of the test with index t.
func (d *discoveries) level(q, t float64) float64 {
	a := gamma(t) * q / 2
	if d.first > 0 {
		a += gamma(t-d.first) * q / 2
	}
	for _, f := range d.found {
		a += q * float64(f.n) * gamma(t-f.at)
	}
	return a
}

// turn ends a batch of points of a policy's N each.
func (d *discoveries) turn(of int) {
	n, at := d.fresh, max(d.tests, 1)
	d.tests += float64(d.steps) / float64(of)
	d.fresh, d.steps = 0, 0
	if n > 0 && d.first == 0 {
		d.first, n = at, n-1
	}
	if n > 0 {
		d.found = append(d.found, found{at, n})
	}
	if extra := len(d.found) - maxFound; extra > 0 {
		d.found = slices.Delete(d.found, 0, extra)
	}
}

// solveFDR is the limit of the batch that begins now, with so many live series. Its tests have the level of its last one, so that it does not
// matter in which order they come. Where a single point may decide each way has half of the level.
func (d *detector) solveFDR(series int) Limit {
	m, n := float64(d.Alarm.Datapoints), float64(d.Alarm.Of)
	batch := float64(max(series, 1)) * float64(epochEvery) / float64(d.Model.Step) / n
	level := d.found.level(d.Promise.FDR, d.found.tests+max(batch, 1))
	l := Limit{FDR: d.Promise.FDR}
	if d.lone() {
		level /= 2
		l.Lone = min(max(-math.Log10(level/n), minLimit), maxFDRLimit)
	}
	l.Surprise = min(max(-math.Log10(level*m/(2*n-1)), minLimit), maxFDRLimit)
	if l.Lone > 0 {
		l.Lone = max(l.Lone, l.Surprise)
	}
	return l
}

// maxFDRLimit is the largest limit: a calibrated surprise ends at 12 decades, and one that could not be exceeded would switch alarms off.
const maxFDRLimit = 11
