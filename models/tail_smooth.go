package models

import "math"

// smooth is a calibration's Pareto tail alone, in decades, which grow with the statistic and have a slope.
type smooth struct {
	cut   float64
	first float64 // decades at the cut
	rate  float64 // decades for each unit there
	bend  float64 // shape over scale: each unit beyond the cut makes the rate smaller by this share of it
	over  float64 // 1 over the bend; 0: the rate stays
	light float64 // 1 + bend·(s - cut) where a tail with an end goes on as an exponential; 0: nowhere
}

// smooth is the tail's own, of probabilities times sides.
func (a calibration) smooth(sides float64) smooth {
	scale, shape := 1/float64(a.sigma), float64(a.shape)
	t := smooth{cut: tailEdges[a.cut], rate: scale / math.Ln10}
	t.first = decades(sides * a.beyond(int(a.cut)) / a.all())
	if math.Abs(shape) < 1e-4 {
		return t
	}
	t.bend, t.over = shape*scale, float64(a.sigma)/shape
	if shape < 0 {
		t.light = exp(-shape * lnLightEnd)
	}
	return t
}

// decades is -log10 of what a value of s or more has for its probability, and how fast it grows there. Before the cut it goes on in a line.
func (t *smooth) decades(s float64) (v, slope float64) {
	s -= t.cut
	at := 1 + float64(s*t.bend)
	switch {
	case s <= 0 || t.over == 0:
		return t.first + float64(s*t.rate), t.rate
	case at < t.light:
		slope = t.rate / t.light
		return t.first + float64(float64(ln(t.light)*t.over)*t.rate) + float64((s-float64((t.light-1)*t.over))*slope), slope
	}
	return t.first + float64(float64(ln(at)*t.over)*t.rate), t.rate / at
}

// pareto reports whether it is the Pareto tail that says of s, which has v decades there, and not what was counted beyond.
func (a calibration) pareto(s, v, sides float64) bool {
	k := binOf(s)
	if from := min(k+1, tailBins-1); from >= len(a.bins) || a.bins[from] <= ignoredCount { // as is usual
		return true
	}
	return decades(min(1, sides*a.counted(k, s))) >= v
}
