package models

import "math"

// features is the length of an isolation sample.
const features = 10

// featureNames are the features in the words of a message.
var featureNames = [features]string{
	"this point", "mean of 4 points", "mean of 16 points", "mean of 64 points", "noise against usual",
	"place in the range", "movement with the profile", "noise of 4 points", "step", "standing still",
}

// shape are the features of a judgement: signed means of the residual over 1, 4, 16 and 64 points, the ratio of short to long
// noise, the level's place, co-movement with the profile, local energy, the step, and repetition. All are free of units, so
// that the series of a family share one forest. The row has not advanced yet.
func (w *row) shape(j *judgement) [features]float32 {
	v := &j.evidence
	return [features]float32{
		raw(j.r / j.residual),
		raw(v.relative(0)), raw(v.relative(1)), raw(v.relative(2)),
		v.spread,
		raw((j.x - w.level) / (3*j.dev + math.Abs(j.day) + math.Abs(j.week))),
		float32(v.correlation()),
		v.energy,
		raw(min(max(j.e/j.dev, -devClip), devClip) - float64(min(max(w.evidence.last[0], -devClip), devClip))),
		float32(v.run),
	}
}

// bent are features as the forest knows them: all of the order of 1.
func bent(f [features]float32) [features]float32 {
	return [features]float32{
		bend(f[0]), bend(f[1]), bend(f[2]), bend(f[3]),
		float32(ln(max(float64(f[4]), 0.01))),
		float32(math.Tanh(float64(f[5]))),
		f[6],
		float32(ln(max(float64(f[7]), 0.02))),
		bend(f[8]),
		float32(math.Log1p(float64(f[9]))),
	}
}

func raw(v float64) float32 { return float32(min(max(v, -1e6), 1e6)) }

// bend is asinh: linear for ordinary values, logarithmic for large ones.
func bend(v float32) float32 { return float32(math.Asinh(float64(v))) }

// isolationStatistic makes a positive statistic with a mean near 1 of a forest's shortfall in splits.
func isolationStatistic(shortfall float64) float64 { return max(0, 0.75*(shortfall+2)) }
