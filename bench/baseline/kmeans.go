package baseline

import (
	"math"
	"slices"

	"github.com/tidewatch/tidewatch/models"
)

// Netdata's settings (src/ml/ml-configuration.md). Its window is 6 h of one-second samples, a new model every half window.
// 6 h of five-minute samples are too few for it (it asks for 900), so a window has at least kmeansLeast points.
const (
	kmeansModels = 18
	kmeansLeast  = 900
	kmeansRounds = 1000 // maximum number of k-means iterations
	kmeansSmooth = 3
	kmeansLag    = 5
	kmeansNeeds  = 1 + kmeansSmooth + kmeansLag // values of one feature vector
)

var kmeansSpec = univariate("netdata-kmeans", "Netdata's detector: the least over 18 k-means models of the normalised distance; its anomaly bit is 0.99 and above.",
	func(c models.Config, _ int) (judge, int) {
		n := max(kmeansLeast, points(c, 6*hour))
		return &kmeans{size: n, history: make([]feature, 0, n)}, n + kmeansNeeds - 1
	})

// feature is six neighbouring means of three differences.
type feature [kmeansLag + 1]float64

func (f *feature) distance(o *feature) float64 {
	sum := 0.0
	for i := range f {
		d := f[i] - o[i]
		sum += float64(d * d)
	}
	return math.Sqrt(sum)
}

// clusters is one trained model.
type clusters struct {
	centres     [2]feature
	least, span float64 // the least mean distance to both centres in training, and from there to the largest
}

func (c *clusters) distance(f *feature) float64 {
	return (f.distance(&c.centres[0]) + f.distance(&c.centres[1])) / 2
}

// score is Netdata's divided by 100 and not cut at 1; 0 where the training saw one distance only.
func (c *clusters) score(f *feature) float64 {
	if c.span == 0 {
		return 0
	}
	return math.Abs(c.distance(f)-c.least) / c.span
}

type kmeans struct {
	size    int                    // feature vectors of a training window
	values  [kmeansNeeds]float64   // the last values, oldest first; a gap is closed
	seen    int                    // values
	history []feature              // a ring once it is full
	at      int                    // the oldest of history
	since   int                    // feature vectors since the last training
	models  [kmeansModels]clusters // a ring
	trained int                    // how many were ever trained
	order   []float64              // scratch
}

// next is the feature vector of x after the last values.
func (k *kmeans) next(x float64) (f feature) {
	v := k.values
	copy(v[:], v[1:])
	v[len(v)-1] = x
	for i := range f { // a sum of neighbouring differences is the difference of its ends
		f[i] = (v[i+kmeansSmooth] - v[i]) / kmeansSmooth
	}
	return f
}

// score is the least of the models': a vote of all of them at a threshold is this score at the threshold.
func (k *kmeans) score(_ int64, x float64) float64 {
	f, least := k.next(x), most
	for i := range min(k.trained, kmeansModels) {
		least = min(least, k.models[i].score(&f))
	}
	return least
}

func (k *kmeans) learn(_ int64, x float64) {
	if math.IsNaN(x) {
		return
	}
	f := k.next(x)
	copy(k.values[:], k.values[1:])
	k.values[len(k.values)-1] = x
	if k.seen++; k.seen < kmeansNeeds {
		return
	}
	if len(k.history) < k.size {
		k.history = append(k.history, f)
	} else {
		k.history[k.at] = f
		k.at = (k.at + 1) % k.size
	}
	if k.since++; k.since >= k.size || k.trained > 0 && k.since >= k.size/2 {
		k.since = 0
		k.models[k.trained%kmeansModels] = k.train()
		k.trained++
	}
}

// train fits two clusters to the window (Lloyd 1982). One begins at the first vector, the other at the one whose distance
// from it is the 99th percentile.
func (k *kmeans) train() clusters {
	first := &k.history[k.at%len(k.history)]
	k.order = k.order[:0]
	for i := range k.history {
		k.order = append(k.order, first.distance(&k.history[i]))
	}
	slices.Sort(k.order)
	far := k.order[len(k.order)*99/100]
	second := slices.IndexFunc(k.history, func(f feature) bool { return first.distance(&f) == far })
	c := clusters{centres: [2]feature{*first, k.history[second]}}
	for range kmeansRounds {
		before := c.centres
		c.centres = k.means(before)
		if c.centres == before {
			break
		}
	}
	c.least = math.Inf(1)
	largest := 0.0
	for i := range k.history {
		d := c.distance(&k.history[i])
		c.least, largest = min(c.least, d), max(largest, d)
	}
	c.span = largest - c.least
	return c
}

// means moves each centre to the mean of the vectors that are nearest to it.
func (k *kmeans) means(centres [2]feature) [2]feature {
	var sum [2]feature
	var n [2]float64
	for i := range k.history {
		f, c := &k.history[i], 0
		if f.distance(&centres[1]) < f.distance(&centres[0]) {
			c = 1
		}
		n[c]++
		for j := range f {
			sum[c][j] += f[j]
		}
	}
	for c := range sum {
		if n[c] == 0 {
			sum[c] = centres[c]
			continue
		}
		for j := range sum[c] {
			sum[c][j] /= n[c]
		}
	}
	return sum
}
