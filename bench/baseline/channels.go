package baseline

import (
	"math"

	"github.com/tidewatch/tidewatch/models"
)

var channelMaxSpec = multivariate("channel-max", "Largest channel's distance from its mean in standard deviations, both forgetting over a week.",
	func(c models.Config) (jointJudge, int) {
		return &channelMax{newDrifting(c)}, warmUp(c)
	})

var channelSumSpec = multivariate("channel-sum", "Mean over the channels of the distance from their mean in standard deviations, each at most 5, both forgetting over a week.",
	func(c models.Config) (jointJudge, int) {
		return &channelSum{newDrifting(c)}, warmUp(c)
	})

// zCap is the most that one channel adds to channel-sum.
const zCap = 5

type channelMax struct{ drifting }

func (m *channelMax) score(x []float64) float64 {
	top := 0.0
	for i, v := range x {
		if z := m.channels[i].z(v); z > top { // not where z is NaN
			top = z
		}
	}
	return top
}

type channelSum struct{ drifting }

func (m *channelSum) score(x []float64) float64 {
	sum, n := 0.0, 0.0
	for i, v := range x {
		if z := m.channels[i].z(v); !math.IsNaN(z) {
			sum += min(z, zCap)
			n++
		}
	}
	return sum / max(n, 1)
}

// drifting is the forgetting mean and variance of every channel.
type drifting struct {
	channels []drift
	least    float64 // weight of the newest value once the span is full
}

func newDrifting(c models.Config) drifting {
	return drifting{channels: make([]drift, c.Rows), least: weight(points(c, week))}
}

func (d *drifting) learn(x []float64) {
	for i, v := range x {
		d.channels[i].learn(v, d.least)
	}
}

// drift is a mean and a variance that are plain averages at first and forget exponentially once the newest value's share has
// fallen to its least.
type drift struct {
	n, mean, variance float64
	floor             floor
}

func (d *drift) learn(x, least float64) {
	if math.IsNaN(x) {
		return
	}
	d.n++
	w, r := max(1/d.n, least), x-d.mean
	d.mean += float64(w * r)
	d.variance = float64((1 - w) * (d.variance + float64(w*float64(r*r))))
	d.floor.learn(math.Sqrt(d.variance))
}

// z is NaN of a missing value and of a channel that never had one.
func (d *drift) z(x float64) float64 {
	if math.IsNaN(x) || d.n == 0 {
		return math.NaN()
	}
	return ratio(math.Abs(x-d.mean), d.floor.under(math.Sqrt(d.variance)))
}
