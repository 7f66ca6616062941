package models

import "math"

// features is the length of an isolation sample.
const features = 10

// featureNames are the features in the words of a message.
var featureNames = [features]string{
	"this point", "mean of 4 points", "mean of 16 points", "mean of 64 points", "noise against usual",
	"place in the range", "movement with the profile", "noise of 4 points", "step", "standing still",
}

// shape fills the features of a judgement: signed means of the residual over 1, 4, 16 and 64 points, the log ratio of short
// to long noise, the level's place, co-movement with the profile, local energy, the step, and repetition. All are free of
// units, so that the series of a family share one forest.
func (w *row) shape(j *judgement, z float64) {
	v := &j.evidence
	j.features = [features]float32{
		bend(z),
		bend(v.mean[0] / v.size[0]), bend(v.mean[1] / v.size[1]), bend(v.mean[2] / v.size[2]),
		float32(v.logSpread()),
		float32(math.Tanh((j.x - w.level) / (3*j.dev + math.Abs(j.day) + math.Abs(j.week)))),
		float32(v.correlation()),
		float32(math.Log(max(v.energy, 0.02))),
		bend(min(max(j.e/j.dev, -devClip), devClip) - w.evidence.lastDev),
		float32(math.Log1p(float64(v.run))),
	}
}

// bend is asinh: linear for ordinary values, logarithmic for large ones.
func bend(v float64) float32 { return float32(math.Asinh(min(max(v, -1e6), 1e6))) }

// isolationStatistic makes a positive statistic with a mean near 1 of a forest's shortfall in splits.
func isolationStatistic(shortfall float64) float64 { return max(0, 0.75*(shortfall+2)) }
