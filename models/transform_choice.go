package models

import "math"

// Constants of the choice of a scale.
const (
	choiceBlocks = 7   // days of evidence, at least, for a change of scale
	choiceZ      = 3.0 // of Vuong's statistic: a change of scale is as sure as three standard deviations
	choiceGain   = 0.2 // in log likelihood a point, at least: what is smaller found nothing more on any corpus, and relearning costs
	choiceMemory = 28  // days after which a day's evidence has faded to 1/e
	choiceNu     = 3   // degrees of freedom of the Student t whose likelihoods are compared, so that outliers do not decide
)

// choice weighs the scale in force against the other one by the likelihood that each gave to the points, before they were learnt, densities taken in
// the metric's own unit: the logarithm of the transform's derivative (the Jacobian) is part of that of a scale. The mean difference over days is
// compared with its own standard error (Vuong 1989, "Likelihood ratio tests for model selection and non-nested hypotheses", Econometrica 57),
// days being far enough apart to count as independent. Only a sure gain changes the scale, in either direction, so that
// it does not go to and fro.
type choice struct {
	other      scale      // the logarithmic scale on trial or, where that is in force, the one it would be given up from
	size       [2]float32 // mean |residual| on the scale in force, over the hour's noise, and on the other
	points     int32      // in size
	sum        float64    // of the differences of the day under way
	n          int32      // points of the day under way
	days       float32    // days seen, decayed
	mean, vary float64    // decayed sums of the days' means and their squares
	count      int32      // whole days since the last change
}

// weigh takes the residuals of a calm point: own on the scale in force, over the hour's noise hour, and other on the other one; jacobian is by how much
// the other's density is larger in logarithms.
func (c *choice) weigh(s *settings, own, hour, other, jacobian float64) {
	c.points = min(c.points+1, 1<<30)
	rate := max(1/float64(c.points), 1/s.scaleMemory)
	if int(c.points) > s.levelPoints && c.size[0] > 0 && c.size[1] > 0 {
		c.sum += studentLog(other, float64(c.size[1])) + jacobian - studentLog(own, float64(c.size[0])*hour)
		c.n++
	}
	blend(&c.size[0], min(math.Abs(own)/hour, float64(5*c.size[0])+tinyNoise+startOf(c.points, math.Abs(own))), rate)
	blend(&c.size[1], min(math.Abs(other), float64(5*c.size[1])+tinyNoise+startOf(c.points, math.Abs(other))), rate)
}

// startOf lets the first points pass unclipped.
func startOf(points int32, v float64) float64 {
	if points <= 20 {
		return v
	}
	return 0
}

// studentLog is the log density, up to a constant, of a Student t of choiceNu degrees of freedom and mean absolute value size, at r.
func studentLog(r, size float64) float64 {
	z := r / (0.907 * size) // 2√3/π is the mean absolute value of t₃; its scale is size/1.103
	return -math.Log(size) - float64((choiceNu+1)/2*math.Log1p(float64(z*z)/choiceNu))
}

// day closes a day, and reports whether the other scale is surely better.
func (c *choice) day(points int) bool {
	if int(c.n) < points/2 {
		return false
	}
	d := c.sum / float64(c.n)
	c.sum, c.n = 0, 0
	keep := math.Exp(-1.0 / choiceMemory)
	c.days = float32(float64(float64(c.days)*keep) + 1)
	c.mean, c.vary = float64(c.mean*keep)+d, float64(c.vary*keep)+float64(d*d)
	c.count = min(c.count+1, 1<<20)
	n := float64(c.days)
	mean := c.mean / n
	variance := max(c.vary/n-float64(mean*mean), 1e-12) * n / max(n-1, 1)
	return c.count >= choiceBlocks && mean > choiceGain && mean/math.Sqrt(variance/n) > choiceZ
}

func (c *choice) visit(e *codec) {
	other := float64(c.other)
	e.f64(&other)
	e.within("scale on trial", other, 0, hugeValue)
	c.other = scale(other)
	e.f32s(c.size[:])
	e.i32(&c.points, &c.n, &c.count)
	e.f64(&c.sum, &c.mean, &c.vary)
	e.f32(&c.days)
}
