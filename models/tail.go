package models

import "math"

// tailBins is the number of bins of a tail: the first holds [0, 0.9), the others are a fifth of an octave wide.
const tailBins = 28

// Constants of the calibration. They were chosen on seeded null families (white, autoregressive, seasonal, Student t,
// Poisson), never on labelled data.
const (
	tailEvery    = 64    // learnt points between two fits
	priorWeight  = 20    // pseudo-observations of the prior, which never fade
	priorShape   = 0.0   // ξ of the exponential tail
	priorShapeN  = 60    // exceedances that the prior shape is worth
	maxSurprise  = 12    // decades; nothing is claimed beyond
	minShape     = -0.15 // of the band's tails; a normal one shows about -0.1 at its 98 % level
	maxShape     = 0.5
	priorExceed  = 15 // exceedances that the prior scale is worth
	ignoredCount = 2  // observations beyond a value that do not bound its probability from below
)

// tailEdges[i] is the lower edge of bin i.
var tailEdges = func() (e [tailBins]float64) {
	for i := 1; i < tailBins; i++ {
		e[i] = 0.9 * math.Exp2(float64(i-1)/5)
	}
	return e
}()

// tail is what was learnt of one non-negative statistic besides how often its bins were hit.
type tail struct {
	sigma float32
	shape float32
	cut   uint8 // the bin where the Pareto tail begins
	calm  uint8 // up to the beginning of this bin a value is usual
	held  uint8 // the first bin that was never hit, nor any after it: as many are kept
	from  uint8 // where they lie among those of other tails
}

// calibration calibrates one non-negative statistic on its own past: a decayed histogram for the body and, above the level that
// few points exceed, a generalised Pareto tail fitted by probability-weighted moments (Hosking & Wallis 1987, Technometrics
// 29(3), eq. 9) with its shape shrunk towards the exponential. The statistic should have a mean near 1.
type calibration struct {
	*tail
	bins  []float32 // hits, decayed, at or above each bin up to the last that was ever hit: what is asked for are such sums
	prior *prior
}

// prior is what is believed of a statistic before any was seen: above[i] is the pseudo-count at or above bin i.
type prior struct {
	above  [tailBins + 1]float64
	cut    float64 // share of points above the Pareto tail's beginning
	run    float64 // exceedances that come together: so many are worth one
	weight float64 // pseudo-observations, which never fade
	least  float64 // the lightest tail that is believed in: a shape
}

func newPrior(weight, cut, run, least float64, survival func(float64) float64) *prior {
	p := &prior{weight: weight, cut: cut, run: run, least: least}
	for i := range tailBins {
		p.above[i] = weight * survival(tailEdges[i])
	}
	p.above[0] = weight
	return p
}

// The bins by the first bits of a value: a cell is a sixteenth of an octave at its widest, in which no two bins begin.
const (
	cellBits  = 4
	firstCell = 1022<<cellBits + 12 // of 0.875, the last before the second bin
)

// binAt[i] is the bin of the least value of cell firstCell+i.
var binAt = func() (b [96]uint8) {
	for i := range b {
		least := math.Float64frombits(uint64(firstCell+i) << (52 - cellBits))
		for int(b[i]) < tailBins-1 && least >= tailEdges[b[i]+1] {
			b[i]++
		}
	}
	return b
}()

// binOf is the bin that holds s.
func binOf(s float64) int {
	if !(s >= tailEdges[1]) {
		return 0
	}
	if s >= tailEdges[tailBins-1] {
		return tailBins - 1
	}
	k := int(binAt[int(math.Float64bits(s)>>(52-cellBits))-firstCell])
	if s >= tailEdges[k+1] {
		k++
	}
	return k
}

// learn counts s once. Its bin must be held.
func (a calibration) learn(s float64) { a.learnShare(s, 1) }

// learnShare counts one value, of which s is so large a share and the rest is 0.
func (a calibration) learnShare(s float64, share float32) {
	a.bins[0]++
	for i := range a.bins[1 : binOf(s)+1] {
		a.bins[i+1] += share
	}
}

// add counts what was counted elsewhere. The bins that were hit must be held.
func (a calibration) add(hits *[tailBins]uint16) {
	sum := float32(0)
	for k := len(a.bins) - 1; k >= 0; k-- {
		sum += float32(hits[k])
		a.bins[k] += sum
	}
}

// forget multiplies all counts by keep.
func (a calibration) forget(keep float32) {
	for i := range a.bins {
		a.bins[i] *= keep
	}
}

// beyond is the count at or above bin k, prior included.
func (a calibration) beyond(k int) float64 {
	if k >= len(a.bins) {
		return a.prior.above[k]
	}
	return a.prior.above[k] + float64(a.bins[k])
}

// total is the count of all, without the prior.
func (a calibration) total() float32 {
	if len(a.bins) == 0 {
		return 0
	}
	return a.bins[0]
}

func (a calibration) all() float64 { return float64(a.total()) + a.prior.weight }

// probability is that of a value of s or more.
func (a calibration) probability(s float64) float64 {
	if s <= 0 {
		return 1
	}
	k := binOf(s)
	if k < int(a.cut) {
		from, above := a.beyond(k), a.beyond(k+1)
		rest := (tailEdges[k+1] - s) / (tailEdges[k+1] - tailEdges[k])
		return min(1, (above+float64((from-above)*rest))/a.all())
	}
	body := a.beyond(int(a.cut)) / a.all()
	q := float64(body * paretoSurvival((s-tailEdges[a.cut])/float64(a.sigma), float64(a.shape)))
	return max(q, a.counted(k, s))
}

// counted bounds the probability of s, which lies in bin k, from below by what was really seen above that bin. Inside the last
// bin, which has no end, it falls with the square of s.
func (a calibration) counted(k int, s float64) float64 {
	from := min(k+1, tailBins-1)
	if from >= len(a.bins) {
		return 0
	}
	seen := max(0, float64(a.bins[from])-ignoredCount) / a.all()
	if k == tailBins-1 {
		r := tailEdges[k] / s
		seen *= float64(r * r)
	}
	return seen
}

// surprise is -log10 of the probability, at most maxSurprise.
func (a calibration) surprise(s, sides float64) float64 {
	q := min(1, sides*a.probability(s))
	return min(decades(max(q, 1e-300)), maxSurprise)
}

// usualShare is the share of values that a usual one is at least exceeded by: its surprise is below 0.7 decades.
const usualShare = 0.2

// usual is the last bin that a usual share of values lies in or beyond.
func (a calibration) usual() uint8 {
	k := 0
	for least := usualShare * a.all(); a.beyond(k+1) >= least; {
		k++
	}
	return uint8(k)
}

// value is the inverse of probability: the least s whose probability is at most q.
func (a calibration) value(q float64) float64 {
	if q >= 1 {
		return 0
	}
	all, cut := a.all(), int(a.cut)
	if body := a.beyond(cut) / all; q <= body {
		s := tailEdges[cut] + float64(a.sigma)*paretoQuantile(q/body, float64(a.shape))
		k := cut
		for k < tailBins-1 && a.counted(k, tailEdges[k]) > q {
			k++
		}
		far := tailEdges[k]
		if seen := a.counted(k, far); seen > q { // only in the last bin
			far *= math.Sqrt(seen / q)
		}
		return max(s, far)
	}
	want := q * all
	for k := cut - 1; k >= 0; k-- {
		from, above := a.beyond(k), a.beyond(k+1)
		if in := from - above; in > 0 && from >= want {
			rest := (want - above) / in
			return tailEdges[k+1] - float64(rest*(tailEdges[k+1]-tailEdges[k]))
		}
	}
	return 0
}

// fit finds where the Pareto tail begins and its two parameters.
func (a calibration) fit() {
	var count [tailBins]float64
	above := 0.0
	cut := tailBins - 1
	for k := tailBins - 1; k >= 1; k-- {
		count[k] = a.beyond(k) - a.beyond(k+1)
		if above+count[k] > a.prior.cut*a.all() {
			break
		}
		above += count[k]
		cut = k
	}
	t := a.tail
	t.cut, t.calm = uint8(cut), a.usual()
	rough, _ := excess(&count, cut, above, 0)
	mean, weighted := excess(&count, cut, above, rough) // with the slope inside the bins
	shape := priorShape
	if d := mean - 2*weighted; d > 0 && above > 0 {
		shape = min(max(2-mean/d, a.prior.least), maxShape)
	}
	shape = (float64(shape*above) + priorShape*priorShapeN) / (above + priorShapeN)
	t.sigma = float32(max(float64(mean*(1-shape)), 0.02*tailEdges[cut]))
	// What is not known of the scale makes the tail heavier: the posterior predictive of an exponential seen n times is a
	// generalised Pareto of shape 1/n (Aitchison & Dunsmore 1975, table 2.1).
	t.shape = float32(min(shape+a.prior.run/(above+priorExceed), maxShape))
}

// excess are the mean excess over the cut and its first probability-weighted moment E[X(1-F(X))], from binned counts. slope
// is the mean of an exponential by which the mass inside a bin is spread; 0 spreads it evenly.
func excess(count *[tailBins]float64, cut int, total, slope float64) (mean, weighted float64) {
	if total <= 0 {
		return 0.2 * tailEdges[cut], 0.05 * tailEdges[cut]
	}
	above := total
	for k := cut; k < tailBins; k++ {
		if count[k] == 0 {
			continue
		}
		width := 0.15 * tailEdges[k]
		if k+1 < tailBins {
			width = tailEdges[k+1] - tailEdges[k]
		}
		x := tailEdges[k] - tailEdges[cut] + insideBin(width, slope)
		above -= count[k]
		mean += count[k] * x
		weighted += float64(count[k]*x) * (above + 0.5*count[k])
	}
	return mean / total, weighted / (total * total)
}

// insideBin is the mean position inside a bin of an exponential density of the given mean.
func insideBin(width, slope float64) float64 {
	if slope <= 0 || width/slope < 1e-3 {
		return width / 2
	}
	return slope - width/(exp(width/slope)-1)
}

// lightEnd is the survival below which a tail with an end (negative shape) goes on as an exponential of the same slope: an end
// estimated from a sample is not to be trusted.
const lightEnd = 0.005

var lnLightEnd = math.Log(lightEnd)

// paretoSurvival is the generalised Pareto survival function of unit scale, without an end.
func paretoSurvival(y, shape float64) float64 {
	if y <= 0 {
		return 1
	}
	if math.Abs(shape) < 1e-4 {
		return exp(-y)
	}
	if shape < 0 {
		if far := paretoQuantile(lightEnd, shape); y > far {
			return lightEnd * exp(-(y-far)/(1+float64(shape*far)))
		}
	}
	return exp(-ln(1+float64(shape*y)) / shape)
}

// paretoQuantile is the inverse of paretoSurvival.
func paretoQuantile(q, shape float64) float64 {
	if math.Abs(shape) < 1e-4 {
		return -ln(q)
	}
	if shape < 0 && q < lightEnd {
		far := (exp(-shape*lnLightEnd) - 1) / shape
		return far - float64((1+float64(shape*far))*ln(q/lightEnd))
	}
	return (exp(-shape*ln(q)) - 1) / shape
}
