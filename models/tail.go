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
	total float32 // sum of the bins
	sigma float32
	shape float32
	cut   uint8 // the bin where the Pareto tail begins
	held  uint8 // the first bin that was never hit, nor any after it: as many are kept
	from  uint8 // where they lie among those of other tails
}

// calibration calibrates one non-negative statistic on its own past: a decayed histogram for the body and, above the level that
// few points exceed, a generalised Pareto tail fitted by probability-weighted moments (Hosking & Wallis 1987, Technometrics
// 29(3), eq. 9) with its shape shrunk towards the exponential. The statistic should have a mean near 1.
type calibration struct {
	*tail
	bins  []float32 // hits, decayed, of the bins up to the last that was ever hit
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

// binOf is the bin that holds s: a guess by exponent and mantissa, corrected by the edges.
func binOf(s float64) int {
	if !(s >= tailEdges[1]) {
		return 0
	}
	if s >= tailEdges[tailBins-1] {
		return tailBins - 1
	}
	bits := math.Float64bits(s / tailEdges[1])
	k := int(bits>>52-1023)*5 + int(fifths[bits>>46&63]) + 1
	for s < tailEdges[k] {
		k--
	}
	for s >= tailEdges[k+1] {
		k++
	}
	return k
}

// fifths[i] is how many fifths of an octave 1 + i/64 is above 1.
var fifths = func() (f [64]uint8) {
	for i := range f {
		f[i] = uint8(5 * math.Log2(1+float64(i)/64))
	}
	return f
}()

// learn counts s once. Its bin must be held.
func (a calibration) learn(s float64) {
	t := a.tail
	a.bins[binOf(s)]++
	t.total++
}

// hits is the count of bin k.
func (a calibration) hits(k int) float64 {
	if k >= len(a.bins) {
		return 0
	}
	return float64(a.bins[k])
}

// forget multiplies all counts by keep.
func (a calibration) forget(keep float32) {
	t := a.tail
	t.total = 0
	for i := range a.bins {
		a.bins[i] *= keep
		t.total += a.bins[i]
	}
}

// beyond is the count at or above bin k, prior included.
func (a calibration) beyond(k int) float64 {
	sum := a.prior.above[k]
	if k >= len(a.bins) {
		return sum
	}
	for _, n := range a.bins[k:] {
		sum += float64(n)
	}
	return sum
}

func (a calibration) all() float64 { return float64(a.total) + a.prior.weight }

// probability is that of a value of s or more.
func (a calibration) probability(s float64) float64 {
	if s <= 0 {
		return 1
	}
	k := binOf(s)
	if k < int(a.cut) {
		above := a.beyond(k + 1)
		in := a.hits(k) + a.prior.above[k] - a.prior.above[k+1]
		rest := (tailEdges[k+1] - s) / (tailEdges[k+1] - tailEdges[k])
		return min(1, (above+float64(in*rest))/a.all())
	}
	body := a.beyond(int(a.cut)) / a.all()
	q := float64(body * paretoSurvival((s-tailEdges[a.cut])/float64(a.sigma), float64(a.shape)))
	return max(q, a.counted(k, s))
}

// counted bounds the probability of s, which lies in bin k, from below by what was really seen above that bin. Inside the last
// bin, which has no end, it falls with the square of s.
func (a calibration) counted(k int, s float64) float64 {
	from := min(k+1, tailBins-1)
	seen := max(0, a.beyond(from)-ignoredCount-a.prior.above[from]) / a.all()
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

// less reports, cheaply, that the surprise of s is at most limit. It may be where it is not reported.
func (a calibration) less(s, limit float64) bool {
	k := binOf(s)
	if k >= int(a.cut) {
		return false
	}
	const sure = 1e-5 // more than the sums of single precision are off by
	upTo := 0.0
	for _, n := range a.bins[:min(k+1, len(a.bins))] {
		upTo += float64(n)
	}
	above := max(float64(a.total)*(1-sure)-upTo, 0) + a.prior.above[k+1]
	return decadesAtMost(above/a.all()) <= limit
}

// decadesAtMost is a little more than -log10 q, for 0 < q <= 1.
func decadesAtMost(q float64) float64 {
	bits := math.Float64bits(q)
	return mantissaDecades[bits>>46&63] - decadesPerOctave*float64(int(bits>>52)-1023)
}

const decadesPerOctave = math.Ln2 / math.Ln10

// mantissaDecades[i] is a little more than -log10(1 + i/64).
var mantissaDecades = func() (d [64]float64) {
	for i := range d {
		d[i] = 1e-9 - math.Log10(1+float64(i)/64)
	}
	return d
}()

// value is the inverse of probability: the least s whose probability is at most q.
func (a calibration) value(q float64) float64 {
	if q >= 1 {
		return 0
	}
	if body := a.beyond(int(a.cut)) / a.all(); q <= body {
		s := tailEdges[a.cut] + float64(a.sigma)*paretoQuantile(q/body, float64(a.shape))
		k := int(a.cut)
		for k < tailBins-1 && a.counted(k, tailEdges[k]) > q {
			k++
		}
		far := tailEdges[k]
		if seen := a.counted(k, far); seen > q { // only in the last bin
			far *= math.Sqrt(seen / q)
		}
		return max(s, far)
	}
	want := q * a.all()
	for k := int(a.cut) - 1; k >= 0; k-- {
		above := a.beyond(k + 1)
		in := a.hits(k) + a.prior.above[k] - a.prior.above[k+1]
		if in > 0 && above+in >= want {
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
		count[k] = a.hits(k) + a.prior.above[k] - a.prior.above[k+1]
		if above+count[k] > a.prior.cut*a.all() {
			break
		}
		above += count[k]
		cut = k
	}
	t := a.tail
	t.cut = uint8(cut)
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
	return slope - width/math.Expm1(width/slope)
}

// lightEnd is the survival below which a tail with an end (negative shape) goes on as an exponential of the same slope: an end
// estimated from a sample is not to be trusted.
const lightEnd = 0.005

// paretoSurvival is the generalised Pareto survival function of unit scale, without an end.
func paretoSurvival(y, shape float64) float64 {
	if y <= 0 {
		return 1
	}
	if math.Abs(shape) < 1e-4 {
		return math.Exp(-y)
	}
	if shape < 0 {
		if far := paretoQuantile(lightEnd, shape); y > far {
			return lightEnd * math.Exp(-(y-far)/(1+float64(shape*far)))
		}
	}
	return math.Exp(-math.Log(1+float64(shape*y)) / shape)
}

// paretoQuantile is the inverse of paretoSurvival.
func paretoQuantile(q, shape float64) float64 {
	if math.Abs(shape) < 1e-4 {
		return -math.Log(q)
	}
	if shape < 0 && q < lightEnd {
		far := math.Expm1(-shape*math.Log(lightEnd)) / shape
		return far - float64((1+float64(shape*far))*math.Log(q/lightEnd))
	}
	return math.Expm1(-shape*math.Log(q)) / shape
}
