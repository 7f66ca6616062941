package null

import (
	"github.com/tidewatch/tidewatch/bench/measure"
	"gonum.org/v1/gonum/stat/distuv"
)

// Rate is a count beside what was promised. Ratio is observed over expected; Low and High bound it at 95 %. They are Garwood's exact limits of
// a Poisson count (Biometrika 28, 1936) where what is counted comes independently. It does not: a spread between series that is
// larger than Poisson's, by the factor Dispersion, is as if so many came together (quasi-Poisson; McCullagh & Nelder 1989, §6.2.3).
type Rate struct {
	Expected   float64        `json:"expected"`
	Observed   int            `json:"observed"`
	Ratio      measure.Number `json:"ratio"`
	Low        measure.Number `json:"low"`
	High       measure.Number `json:"high"`
	Dispersion float64        `json:"dispersion"`
}

// tolerance is the factor within which a rate must be of the promised one.
const tolerance = 2

// newRate is the rate of the counts of equally long units, series or detectors, in strata of units that are alike.
func newRate(expected float64, strata [][]int) Rate {
	r := Rate{Expected: expected, Dispersion: dispersion(strata)}
	for _, units := range strata {
		for _, x := range units {
			r.Observed += x
		}
	}
	if expected <= 0 {
		r.Ratio, r.Low, r.High = measure.None(), measure.None(), measure.None()
		return r
	}
	low, high := poissonInterval(float64(r.Observed) / r.Dispersion)
	r.Ratio = measure.Number(float64(r.Observed) / expected)
	r.Low, r.High = measure.Number(r.Dispersion*low/expected), measure.Number(r.Dispersion*high/expected)
	return r
}

// dispersion is the variance of the units over their mean, pooled over the strata, at least 1.
func dispersion(strata [][]int) float64 {
	squares, total := 0.0, 0.0
	for _, units := range strata {
		n, sum := float64(len(units)), 0.0
		for _, x := range units {
			sum += float64(x)
		}
		if n < 2 {
			continue
		}
		total += sum
		for _, x := range units {
			d := float64(x) - sum/n
			squares += d * d * n / (n - 1)
		}
	}
	if total == 0 {
		return 1
	}
	return max(squares/total, 1)
}

// poissonInterval are the 95 % limits of the mean of a Poisson variable that was n; n need not be whole.
func poissonInterval(n float64) (low, high float64) {
	if n > 0 {
		low = distuv.Gamma{Alpha: n, Beta: 1}.Quantile(0.025)
	}
	return low, distuv.Gamma{Alpha: n + 1, Beta: 1}.Quantile(0.975)
}

// Verdict says how the rate lies to the tolerance: "over" or "under" where all of the interval is outside, "" where it is inside or
// chance may be why it is not.
func (r Rate) Verdict() string {
	switch {
	case !r.Ratio.Exists():
		return ""
	case r.Low > tolerance:
		return "over"
	case r.High < 1.0/tolerance:
		return "under"
	}
	return ""
}
