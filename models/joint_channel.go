package models

import (
	"math"

	"github.com/tidewatch/tidewatch"
)

// jointChannel is the learnt state of one series of a joint group: the expectation of the univariate kinds (level, trend, seasons,
// short memory, noise) and, instead of their calibrated channels, two sizes and two means.
type jointChannel struct {
	course
	heavy      [2]float64 // mean fourth powers of r and e over their usual size: a series that often jumps counts less
	fast, slow float64    // means of its parts of the group's statistic
	episode    episode
}

const (
	heavyStart  = 1.0  // of a fourth power, for as many points as heavyPoints
	heavyPoints = 50   // …
	heavyClip   = 1100 // times the mean fourth power that one value may count for: 6 usual sizes
	perMean     = 1.25 // the fourth root that counts as 1, in mean absolute values: the standard deviation of normal noise
	evidenceNu  = 3    // degrees of freedom of the Student t whose log likelihood the evidence is
)

// heavyMost ends the fourth powers of r and e: residuals at 100 sizes, so that a series with rare huge jumps still has a say; deviations,
// which last, at 1000.
var heavyMost = [2]float64{1e8, 1e12}

// channelJudgement is what is known of one value before it is learnt.
type channelJudgement struct {
	expectation
	x          float64
	missing    bool
	judged     bool // the series is ready and the value is there
	warm       bool
	e, r       float64
	z          [2]float64 // r and e over their usual size
	bent       float64    // signed root of the residual's evidence
	apart      float64    // evidence of the deviation
	fast, slow float64    // the means with this point
}

func (w *jointChannel) init() {
	*w = jointChannel{course: newCourse(), heavy: [2]float64{heavyStart, heavyStart}}
}

// judge fills j for the value x. While the group is quarantined a residual that leads back to what the hour of the week lets expect is no
// evidence: the end of a fault is no fault.
func (w *jointChannel) judge(s *settings, ph phase, x float64, quarantined bool, j *channelJudgement) {
	*j = channelJudgement{x: x, missing: math.IsNaN(x), warm: w.warm(s)}
	if !j.warm {
		return
	}
	w.expectInto(s, ph, &j.expectation)
	if j.missing {
		return
	}
	j.e = x - w.level - w.trend - j.season()
	j.r = x - j.mid
	j.z = [2]float64{j.r / j.residual, j.e / j.dev}
	if quarantined && math.Abs(j.e) < math.Abs(j.r) {
		j.z[0] = j.e / j.residual
	}
	if int(w.points) < s.levelPoints {
		return
	}
	j.judged = true
	j.bent = math.Copysign(math.Sqrt(evidence3(j.z[0], w.heavy[0])), j.r)
	j.apart = evidence3(j.z[1], w.heavy[1])
}

// evidence3 is the log likelihood ratio, up to a factor, of a Student t of evidenceNu degrees of freedom: log(1 + z²/ν), of a value z
// usual sizes from its expectation where the mean fourth power of z is heavy.
func evidence3(z, heavy float64) float64 {
	size := max(1, math.Sqrt(math.Sqrt(heavy))/perMean)
	z = min(math.Abs(z)/size, hugeValue)
	return math.Log1p(float64(z*z) / evidenceNu)
}

// advance moves the series past what was judged.
func (w *jointChannel) advance(s *settings, t int64, v tidewatch.Verdict, j *channelJudgement) {
	if v != tidewatch.Excluded {
		w.fast, w.slow = j.fast, j.slow
	}
	if j.missing {
		if w.first() == nil && w.points > 0 {
			w.miss()
		}
		return
	}
	if !j.warm {
		w.gather(s, t, j.x, v)
		return
	}
	w.points = min(w.points+1, math.MaxInt32-1)
	w.short.since = min(w.short.since+1, arOrder)
	switch v {
	case tidewatch.Excluded:
		w.short.push(clip(j.recent, j.dev))
		w.noise.last = j.x
		return
	case tidewatch.Calm:
		w.learn(s, t, j)
		w.short.push(j.e)
	default: // the short memory goes on following, so that a lasting shift shows in the deviation and not in every residual
		w.short.push(j.e)
	}
	w.noise.step(j.x)
}

// learn takes a calm point into every estimate, before the lags move past it.
func (w *jointChannel) learn(s *settings, t int64, j *channelJudgement) {
	w.learnt = min(w.learnt+1, math.MaxInt32-1)
	w.age = min(w.age+1, math.MaxInt32-1)
	weight := 1.0
	if a := math.Abs(j.r); a > 2.5*j.residual {
		weight = 2.5 * j.residual / a
	}
	w.short.learn(j.e, j.guess, j.dev, weight)
	w.noise.learn(s, int(w.age), w.level, j.e, j.r/j.hour)
	rate := max(1/float64(w.age+heavyPoints), 1/usualMemory)
	for i, z := range j.z {
		q := float64(z * z)
		w.heavy[i] += float64(rate * (min(float64(q*q), heavyClip*w.heavy[i], heavyMost[i]) - w.heavy[i]))
	}
	w.learnLevel(s, j.e, j.dev)
	j.e += w.learnProfile(s, t, &j.expectation, j.e, j.r).moved
	w.tidy()
}
