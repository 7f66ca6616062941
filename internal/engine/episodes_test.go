package engine

import (
	"math"
	"slices"
	"testing"
	"time"
)

// TestOneSeriesEpisodes: what a series rises to again within an hour is counted once, what is higher, later, or another series' is counted.
func TestOneSeriesEpisodes(t *testing.T) {
	const minute = 60_000
	rises := []rise{
		{0, 1, 80, 100},
		{30 * minute, 1, 80, 90},  // the same episode
		{40 * minute, 2, 80, 100}, // another series
		{50 * minute, 1, 80, 120}, // higher: from 100 on
		{61 * minute, 1, 80, 110}, // the first is over, the third is not
		{90 * minute, 1, 85, 100}, // nor now
		{115 * minute, 1, 80, 125},
		{300 * minute, 1, 80, 81},
	}
	var a account
	a.count(slices.Clone(rises), 1, true)
	// Bin 80: the first, series 2, the last. Bin 99: the first and series 2. Bins 100 to 119: at 50 and, when that was over, at 115 min,
	// but below 110 the rise at 61 min was as high.
	want := map[int]float64{80: 3, 99: 2, 100: 1, 109: 1, 110: 2, 119: 2, 120: 1, 124: 1, 125: 0}
	for bin, n := range want {
		if got := a.fresh.counts[bin]; got != n {
			t.Errorf("%g onsets at bin %d, want %g", got, bin, n)
		}
	}

	var e encoder
	e.account(&a)
	b := func() account { d := decoder{b: e.b}; return d.account() }()
	for _, x := range []*account{&a, &b} {
		x.count([]rise{{350 * minute, 1, 80, 90}}, 1, true)
	}
	if a.fresh != b.fresh || a.fresh.counts[80] != 3 || a.fresh.counts[85] != 3 {
		t.Errorf("after a restart %g and %g onsets at two limits, without one %g and %g", b.fresh.counts[80], b.fresh.counts[85], a.fresh.counts[80], a.fresh.counts[85])
	}
	if a.turn(409 * minute); len(a.lately) != 1 {
		t.Errorf("%d series have risen within the last hour, want 1", len(a.lately))
	}
	if a.turn(410 * minute); len(a.lately) != 0 {
		t.Errorf("%d series have risen within the last hour, want none", len(a.lately))
	}
}

// TestSinglePointLimitHalvesIncidents: a dozen huge onsets in history, of a hundred in all, raise the limit of single points by half of what they
// raise a fitted one; a tail as flat as that of heavy noise still raises it above the line that a calibrated surprise claims.
func TestSinglePointLimitHalvesIncidents(t *testing.T) {
	limits := func(slope float64, incidents int) (one, fit, claim float64) {
		var counts [limitBins]float64
		for b := range counts {
			counts[b] = 100*math.Pow(10, float64(slope*(minLimit-float64(b)*limitWidth))) + float64(incidents)
		}
		return ofOne(1, false)(&counts, lowestBin, 0.5), fitted(&counts, lowestBin, 0.5, steepest, maxLimit), claimed(&counts, lowestBin, 0.5)
	}
	calm, _, _ := limits(1, 0)
	one, fit, _ := limits(1, 12)
	if fit < calm+1 || math.Abs(one-calm-(fit-calm)/2) > 0.05 {
		t.Errorf("incidents raise the limit from %.2f to %.2f, a fitted one to %.2f", calm, one, fit)
	}
	var counts [limitBins]float64
	for b := range counts {
		counts[b] = 100
	}
	if own, want := ofOne(1, true)(&counts, lowestBin, 0.5), ownClaim*claimed(&counts, lowestBin, 0.5)+(1-ownClaim)*2*maxLimit*(1-ownClaim); math.Abs(own-want) > 1e-9 {
		t.Errorf("a limit of one series' own is %.2f where onsets never end, want %.2f", own, want)
	}
	if one, fit, claim := limits(0.6, 0); one < claim+0.5 || one > fit-0.5 {
		t.Errorf("limit %.2f on a flat tail, want between the %.2f of the line and the %.2f of history", one, claim, fit)
	}
}

// TestLimitOfManySeries: a limit shared by so many series that their onsets run together where it is low is that of as many onsets without
// it, however many the series are; the onsets' surprises are exponential, a decade for a decade.
func TestLimitOfManySeries(t *testing.T) {
	const perHour, hours, wanted = 0.004, 360.0, 0.2 // onsets of a series at the lowest limit
	for _, series := range []float64{5, 500, 20_000} {
		var o onsets
		o.steps = 1
		for b := lowestBin; b < limitBins; b++ {
			rate := series * perHour * math.Pow(10, minLimit-float64(b)*limitWidth)
			o.counts[b] = rate * hours * math.Exp(-rate) // those without another in the hour before
		}
		want := minLimit + math.Log10(series*perHour*hours/wanted)
		for name, rule := range map[string]tailRule{"many": ofMany, "one": ofOne(1, false), "group": ofGroup} {
			if got := o.solveRate(wanted, false, rule); math.Abs(got-want) > 0.5 {
				t.Errorf("%g series, %s: limit %.2f, want %.2f", series, name, got, want)
			}
		}
	}
}

// TestGroupLimitIgnoresIncidents: huge onsets in a group's history leave the limit where the common ones put it.
func TestGroupLimitIgnoresIncidents(t *testing.T) {
	counted := func(incidents int) *onsets {
		o := &onsets{steps: 4000, seen: 4000}
		for b := range o.counts {
			o.counts[b] = 40 * math.Pow(10, minLimit-float64(b)*limitWidth)
		}
		for range incidents {
			o.count(0, limitBins)
		}
		return o
	}
	const day = 24 * time.Hour
	p := Promise{Count: 1, Per: 14 * day, PerSeries: true}
	limit := func(o *onsets, rule tailRule) float64 { return o.solve(p, 1, 1, 5*time.Minute, rule).Surprise }
	if l := limit(counted(0), ofGroup); math.Abs(l-(minLimit+math.Log10(40/(4000./288/14)))) > 0.01 {
		t.Errorf("the limit is %.2f without incidents", l)
	}
	calm, hit := limit(counted(0), ofGroup), limit(counted(10), ofGroup)
	if hit-calm > 0.1 {
		t.Errorf("ten incidents raise the limit from %.2f to %.2f", calm, hit)
	}
	if fitted := limit(counted(10), ofMany); fitted < hit+1 {
		t.Errorf("the limit is %.2f with a tail that is fitted, %.2f with the line", fitted, hit)
	}
	p.Count = 20 // what is seen often needs no line
	if l := limit(counted(0), ofGroup); math.Abs(l-2.3) > 0.05 {
		t.Errorf("twenty as many are promised at limit %.2f", l)
	}
}
